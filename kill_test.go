package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
	"feedbackbot/llm/llmtest"
)

// process starts the program as a process of its own.
func (o *outside) process() *exec.Cmd {
	o.t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(append(os.Environ(), "FEEDBACKBOT_TEST_RUN=1"), o.environ...)
	if err := c.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { c.Process.Kill() }) // if the test ended early
	return c
}

// storm is what members do while the program is killed again and again, and
// what they were told.
type storm struct {
	o       *outside
	target  discordtest.Message // the answer everybody votes on
	members []string

	mu     sync.Mutex
	told   map[string]int64 // by member: snowflake of the newest vote that was confirmed
	rating map[int64]int    // by snowflake
	asked  []string
}

// vote clicks a random button as a random member, and remembers it if the
// member was told that it is saved.
func (s *storm) vote(ctx context.Context) {
	member := s.members[rand.N(len(s.members))]
	n := rand.N(5)
	i := s.o.discord.Click(member, s.target.ID, s.target.Components[1].Components[n].CustomID)
	id, err := strconv.ParseInt(i.ID, 10, 64)
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	s.rating[id] = n + 1
	s.mu.Unlock()
	if a, err := i.Wait(ctx); err == nil && saved(a) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told[member] = max(s.told[member], id)
	}
}

// saved reports whether a member was told that a vote is stored: by the receipt,
// or by a form, which opens only then.
func saved(a discordtest.Answer) bool {
	return a.Modal != nil || a.Message != nil && strings.Contains(a.Message.Content, "Your rating")
}

func (s *storm) ask() {
	words := []string{"what is 2+2?", "write something long", "show me go code", "hello"}
	m := s.o.discord.Say(s.members[rand.N(len(s.members))], s.o.discord.Channel().ID,
		"<@"+s.o.discord.Bot().ID+"> "+words[rand.N(len(words))])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, m.ID)
}

// However often the program is killed in the middle of anything: every vote
// that somebody was told is saved is there, and every question has exactly one
// answer in the end.
func TestKilled(t *testing.T) {
	t.Parallel()
	rounds := 8
	if n, err := strconv.Atoi(os.Getenv("FEEDBACKBOT_KILL_ROUNDS")); err == nil {
		rounds = n
	}
	// Limits are off, so that a round is short; their own tests are elsewhere.
	o := newOutside(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1, SessionStarts: 1 << 20,
		NonceWindow: time.Hour}, llmtest.Options{TokenDelay: 2 * time.Millisecond})
	o.environ = append(o.environ, "DISCORD_GLOBAL_RPS=1000", "FEEDBACK_SETTLE=1h")
	s := &storm{o: o, told: map[string]int64{}, rating: map[int64]int{}}
	for n := range 40 {
		s.members = append(s.members, o.discord.AddUser(fmt.Sprint("member", n)).ID)
	}
	c := o.process()
	if err := o.discord.WaitCommand(o.ctx(), "ask"); err != nil {
		t.Fatal(err)
	}
	s.target = o.answer(o.discord.Say(s.members[0], o.discord.Channel().ID, "<@"+o.discord.Bot().ID+"> hello").ID)

	var waiting sync.WaitGroup
	for range rounds {
		clicks := 5 + rand.N(60)
		moment := s.moment(clicks)
		for range clicks {
			waiting.Go(func() { s.vote(o.ctx()) })
		}
		for range rand.N(3) {
			s.ask()
		}
		<-moment
		kill(t, c)
		c = o.again()
	}
	waiting.Wait()
	for len(s.told) == 0 && o.t.Context().Err() == nil { // on a slow machine all were too late
		s.vote(o.ctx())
	}
	for _, id := range s.asked {
		if _, err := o.discord.WaitMessage(o.ctx(), func(m discordtest.Message) bool { return answers(m, id) }); err != nil {
			t.Errorf("question %s has no answer: %v", id, err)
		}
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("SIGTERM: %v, want exit code 0", err)
	}
	s.judge(t)
	t.Logf("%d rounds, %d members told, %d questions", rounds, len(s.told), len(s.asked))
}

// moment returns a channel that closes when to kill: at any time, or at the very
// instant at which one of so many members is told something, which is when a
// promise that is not kept yet would be found out.
func (s *storm) moment(clicks int) <-chan struct{} {
	ctx, now := context.WithTimeout(s.o.t.Context(), rand.N(120*time.Millisecond))
	if rand.N(4) > 0 {
		ctx, now = context.WithTimeout(s.o.t.Context(), 10*time.Second)
		var answers atomic.Int64
		last := 1 + rand.Int64N(min(20, int64(clicks)))
		unsubscribe := s.o.discord.Subscribe(func(e discordtest.Event) {
			if e.Kind == discordtest.KindAnswer && answers.Add(1) == last {
				now()
			}
		})
		context.AfterFunc(ctx, unsubscribe)
	}
	context.AfterFunc(ctx, now)
	return ctx.Done()
}

func kill(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the program ended by itself: %v", err)
	}
}

// again starts the program once more, and waits until it has a session.
func (o *outside) again() *exec.Cmd {
	o.t.Helper()
	up := make(chan struct{})
	var once sync.Once
	defer o.discord.Subscribe(func(e discordtest.Event) {
		if e.Kind == discordtest.KindIdentify {
			once.Do(func() { close(up) })
		}
	})()
	c := o.process()
	select {
	case <-up:
	case <-o.ctx().Done():
		o.t.Fatal("the program did not connect")
	}
	return c
}

func (s *storm) judge(t *testing.T) {
	t.Helper()
	kept, err := store.Open(t.Context(), "sqlite:"+s.o.database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	response, err := kept.ResponseByMessage(t.Context(), s.target.ID)
	if err != nil {
		t.Fatal(err)
	}
	for member, told := range s.told {
		sub, err := kept.Submission(t.Context(), response.ID, kept.Rater(member), feedback.User)
		switch {
		case err != nil:
			t.Errorf("member %s was told that vote %d is saved: %v", member, told, err)
		case sub.Version < told:
			t.Errorf("member %s has vote %d, was told of %d", member, sub.Version, told)
		case sub.Rating != s.rating[sub.Version]:
			t.Errorf("vote %d has rating %d, want %d", sub.Version, sub.Rating, s.rating[sub.Version])
		}
	}
	replies := map[string][]string{} // by question
	buttons := map[string]int{}      // by the first custom id
	for _, m := range s.o.discord.Messages(s.o.discord.Channel().ID, "") {
		if m.Author.Bot && m.MessageReference != nil {
			replies[m.MessageReference.MessageID] = append(replies[m.MessageReference.MessageID], m.ID)
		}
		if len(m.Components) > 0 {
			buttons[m.Components[0].Components[0].CustomID]++
		}
	}
	for _, id := range s.asked {
		if len(replies[id]) != 1 {
			t.Errorf("question %s has %d answers, want 1", id, len(replies[id]))
			continue
		}
		r, err := kept.ResponseByMessage(t.Context(), replies[id][0])
		if n := buttons["fb1:up:"+r.ID]; err != nil || n != 1 {
			t.Errorf("the answer to question %s has %d rows of buttons, %v, want 1", id, n, err)
		}
	}
	left, err := kept.Unfinished(t.Context())
	if err != nil || len(left) > 0 {
		t.Errorf("Unfinished() = %v, %v, want none", left, err)
	}
	s.o.noProblems()
}
