package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
	"feedbackbot/llm/llmtest"
)

// fleet is two processes with two shards each on one Postgres, and what their
// members do.
type fleet struct {
	o       *outside
	url     string
	http    [2]string // where the processes say that they are ready
	log     *os.File  // of all processes; shown when the test fails
	members []string
	places  []string              // a channel in each server
	targets []discordtest.Message // the answers that are voted on, one in each server

	mu     sync.Mutex
	told   map[string]map[string]int64 // by target and member: snowflake of the newest vote that was confirmed
	votes  int                         // that were confirmed
	rating map[int64]int               // by snowflake
	asked  map[string]string           // channels by question
}

// run starts the process with shards 0 and 1, or that with 2 and 3.
func (f *fleet) run(n int) *exec.Cmd {
	f.o.t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(append(os.Environ(), "FEEDBACKBOT_TEST_RUN=1"), f.o.environ...)
	c.Env = append(c.Env, "DATABASE_URL="+f.url, "HTTP_ADDR="+f.http[n], fmt.Sprintf("DISCORD_SHARDS=%d-%d/4", 2*n, 2*n+1))
	c.Stderr = f.log
	if err := c.Start(); err != nil {
		f.o.t.Fatal(err)
	}
	f.o.t.Cleanup(func() { c.Process.Kill() }) // if the test ended early
	return c
}

// ready waits until a process has its shards.
func (f *fleet) ready(n int) {
	f.o.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; <-tick.C {
		resp, err := http.Get("http://" + f.http[n] + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Since(began) > time.Minute {
			f.o.t.Fatalf("process %d never became ready", n)
		}
	}
}

// showLog prints what the processes logged, less the votes, if the test has
// failed.
func (f *fleet) showLog(t *testing.T) {
	if !t.Failed() {
		return
	}
	text, err := os.ReadFile(f.log.Name())
	if err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, "msg=vote ") {
			t.Log(strings.TrimSpace(line))
		}
	}
}

func (f *fleet) vote(ctx context.Context) {
	member, target, n := f.members[rand.N(len(f.members))], f.targets[rand.N(len(f.targets))], rand.N(5)
	i := f.o.discord.Click(member, target.ID, target.Components[1].Components[n].CustomID)
	id, err := strconv.ParseInt(i.ID, 10, 64)
	if err != nil {
		panic(err)
	}
	f.mu.Lock()
	f.rating[id] = n + 1
	f.mu.Unlock()
	if a, err := i.Wait(ctx); err == nil && saved(a) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.told[target.ID] == nil {
			f.told[target.ID] = map[string]int64{}
		}
		f.told[target.ID][member] = max(f.told[target.ID][member], id)
		f.votes++
	}
}

// confirmed returns how many votes members were told of.
func (f *fleet) confirmed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.votes
}

func (f *fleet) ask(channel string) discordtest.Message {
	m := f.o.discord.Say(f.members[rand.N(len(f.members))], channel, "<@"+f.o.discord.Bot().ID+"> what is 2+2?")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[m.ID] = channel
	return m
}

// Two processes with four shards on one Postgres, of which one is killed and
// started again every few seconds, or Postgres itself crashes: each vote that
// somebody was told of is delivered, once; each question gets one answer.
func TestFleetKilled(t *testing.T) {
	t.Parallel()
	lasts := time.Duration(0) // one kill of each
	if n, err := strconv.Atoi(os.Getenv("FEEDBACKBOT_FLEET_SECONDS")); err == nil {
		lasts = time.Duration(n) * time.Second
	}
	o := newOutside(t, discordtest.Options{Shards: 4, MaxConcurrency: 4, IdentifyWindow: -1, ChannelLimit: -1,
		SessionStarts: 1 << 20, NonceWindow: time.Hour}, llmtest.Options{TokenDelay: 2 * time.Millisecond})
	o.environ = append(o.environ, "DISCORD_GLOBAL_RPS=1000")
	url, crash := feedbacktest.OwnPostgres(t)
	f := &fleet{o: o, url: url, told: map[string]map[string]int64{}, rating: map[int64]int{}, asked: map[string]string{}}
	for n := range 40 {
		f.members = append(f.members, o.discord.AddUser(fmt.Sprint("member", n)).ID)
	}
	for n := range 12 {
		f.places = append(f.places, o.discord.AddChannel(o.discord.AddGuild(fmt.Sprint("server", n)).ID, "general").ID)
	}
	for n := range f.http {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f.http[n] = free.Addr().String()
		free.Close()
	}
	var err error
	if f.log, err = os.Create(filepath.Join(t.TempDir(), "log")); err != nil {
		t.Fatal(err)
	}
	defer f.log.Close()
	defer f.showLog(t)
	processes := []*exec.Cmd{f.run(0), f.run(1)}
	for n := range processes {
		f.ready(n)
	}
	for _, channel := range f.places {
		f.targets = append(f.targets, o.answer(f.ask(channel).ID))
	}

	ctx, stop := context.WithCancel(o.ctx())
	defer stop()
	var load, waiting sync.WaitGroup
	load.Go(func() {
		for tick := time.NewTicker(10 * time.Millisecond); ctx.Err() == nil; <-tick.C {
			waiting.Go(func() { f.vote(o.ctx()) })
			if rand.N(10) == 0 {
				f.ask(f.places[rand.N(len(f.places))])
			}
		}
	})
	kills, began := 0, time.Now()
	for tick, seen := time.NewTicker(2*time.Second), 0; ctx.Err() == nil; <-tick.C {
		told := f.confirmed()
		if told == seen {
			continue // nobody can vote yet
		}
		if kills >= 3 && time.Since(began) > lasts {
			break
		}
		seen = told
		if n := kills % 3; n < 2 {
			kill(t, processes[n])
			processes[n] = f.run(n)
		} else {
			crash()
		}
		kills++
	}
	stop()
	load.Wait()
	waiting.Wait()
	for question := range f.asked {
		if _, err := o.discord.WaitMessage(o.ctx(), func(m discordtest.Message) bool { return answers(m, question) && len(m.Components) > 0 }); err != nil {
			t.Errorf("question %s has no answer: %v", question, err)
		}
	}
	f.judge(t, kills)
	for _, c := range processes {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err != nil {
			t.Errorf("SIGTERM: %v, want exit code 0", err)
		}
	}
	o.noProblems()
	votes := 0
	for _, members := range f.told {
		votes += len(members)
	}
	t.Logf("%d kills and crashes, %d questions answered, %d clicks, %d votes confirmed and delivered", kills, len(f.asked), len(f.rating), votes)
}

// judge waits until everything is delivered, and compares it with what people were
// told. Where a kill has lost the backend's answer to a vote, nobody can tell
// whether it is there: such a vote may be there twice, or be refused with that
// reason. There are at most as many as were under way at the kills.
func (f *fleet) judge(t *testing.T, kills int) {
	t.Helper()
	kept, err := store.Open(t.Context(), f.url, store.Options{Patience: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	missing, twice, unknown := int64(0), 0, int64(0)
	for began := time.Now(); ; <-tick.C {
		list, err := kept.Summaries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 1 && list[0].Pending == 0 {
			for _, r := range list[0].Reasons {
				if unknown += r.Items; !strings.Contains(r.Text, "nobody knows") {
					t.Errorf("refused: %+v", r)
				}
			}
			break
		}
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("not delivered: %+v", list)
		}
	}
	type key struct{ response, rater string }
	delivered := map[key][]int{}
	for _, a := range f.o.confident.Annotations() {
		k := key{a.TraceUUID, a.UserID}
		delivered[k] = append(delivered[k], a.Rating)
	}
	for _, target := range f.targets {
		response, err := kept.ResponseByMessage(t.Context(), target.ID)
		if err != nil {
			t.Fatal(err)
		}
		for member, told := range f.told[target.ID] {
			rater := kept.Rater(member)
			s, err := kept.Submission(t.Context(), response.ID, rater, feedback.User)
			if err != nil || s.Version < told || s.Rating != f.rating[s.Version] {
				t.Errorf("member %s was told of vote %d, stored is %+v, %v", member, told, s, err)
				continue
			}
			switch got := delivered[key{response.ID, string(rater)}]; {
			case len(got) == 0:
				missing++
			case len(got) == 2:
				twice++
			case len(got) > 2:
				t.Errorf("the vote of member %s with rating %d was delivered as %v, want once", member, s.Rating, got)
			case got[0] != s.Rating:
				missing++
			}
		}
	}
	if missing > unknown || twice+int(unknown) > kills*delivery.Parallel {
		t.Errorf("after %d kills %d votes are missing, %d are there twice, and %d are refused because nobody knows", kills, missing, twice, unknown)
	}
	t.Logf("%d votes are there twice, of %d nobody knows, since a kill lost the backend's answer", twice, unknown)
	replies := map[string]int{}
	for _, channel := range f.places {
		for _, m := range f.o.discord.Messages(channel, "") {
			if m.Author.Bot && m.MessageReference != nil {
				replies[m.MessageReference.MessageID]++
			}
		}
	}
	for question := range f.asked {
		if replies[question] != 1 {
			t.Errorf("question %s has %d answers, want 1", question, replies[question])
		}
	}
	if left, err := kept.Unfinished(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("Unfinished() = %v, %v, want none", left, err)
	}
}
