package bot_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// child runs the bot as a process of its own, so that its memory is its own.
// The function it returns ends it and reports its peak of resident memory.
func (w *world) child(b *testing.B) (stop func()) {
	b.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "GOGC=40", // as the program sets it
		childDiscord+"="+w.discord.URL(), childModel+"="+w.model.URL(), childDatabase+"=sqlite:"+w.path)
	var out bytes.Buffer
	c.Stdout = &out
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	if err := w.discord.WaitCommand(w.ctx(), "ask"); err != nil {
		b.Fatal(err)
	}
	return func() {
		in.Close()
		if err := c.Wait(); err != nil {
			b.Errorf("the bot ended with %v: %s", err, out.String())
		}
		fields := strings.Fields(out.String())
		if len(fields) > 1 {
			if kB, err := strconv.ParseFloat(fields[1], 64); err == nil {
				b.ReportMetric(kB/1024, "MB-peak")
			}
		}
	}
}

// report gives the quantiles of some durations.
func report(b *testing.B, name string, all []time.Duration) {
	b.Helper()
	if len(all) == 0 {
		b.Fatal("nothing was measured")
	}
	slices.Sort(all)
	for _, q := range []int{50, 95, 99, 100} {
		d := all[min(len(all)-1, len(all)*q/100)]
		b.ReportMetric(float64(d.Microseconds())/1000, fmt.Sprintf("ms-%s-p%d", name, q))
	}
}

// BenchmarkClickStorm is 10,000 people who click on one answer at once. It
// measures from the click to its acknowledgement, both at the fake Discord,
// which shares the machine.
func BenchmarkClickStorm(b *testing.B) {
	const people = 10_000
	w := newWorld(b, discordtest.Options{AckTimeout: time.Minute})
	stop := w.child(b)
	m := w.answered(w.ask(w.discord.AddUser("ada").ID, "hello").ID)
	ids := make([]string, people)
	for n := range ids {
		ids[n] = w.discord.AddUser(fmt.Sprint("member", n)).ID
	}
	b.ResetTimer()
	var all []time.Duration
	for b.Loop() {
		clicks := make([]*discordtest.Interaction, people)
		for n, id := range ids {
			clicks[n] = w.discord.Click(id, m.ID, m.Components[0].Components[n%2].CustomID)
		}
		for _, i := range clicks {
			a, err := i.Wait(w.ctx())
			if err != nil {
				b.Fatal(err)
			}
			all = append(all, a.Latency)
		}
	}
	b.StopTimer()
	report(b, "ack", all)
	stop()
}

// BenchmarkChats is 300 people who ask at once, each in a channel of their own,
// for an answer of 400 tokens at 20 ms, while Discord grants 50 requests a
// second. Each answer needs two requests at least, so the last cannot stand
// before 12 s; the answers end after some 8 s.
func BenchmarkChats(b *testing.B) {
	const chats, tokens = 300, 400
	w := newWorld(b, discordtest.Options{GlobalRPS: 50, KeepRequests: 1 << 20})
	words := make([]string, tokens)
	for n := range words {
		words[n] = "word "
	}
	words[tokens-1] = "done."
	w.model.SetAnswer(func(llmtest.Request) llmtest.Script {
		return llmtest.Script{Tokens: words, TokenDelay: 20 * time.Millisecond}
	})
	stop := w.child(b)
	ada := w.discord.AddUser("ada")
	channels := make([]string, chats)
	for n := range channels {
		channels[n] = w.discord.AddChannel(w.discord.Guild().ID, fmt.Sprint("chat-", n)).ID
	}
	var mu sync.Mutex
	first, final := map[string]time.Time{}, map[string]time.Time{}
	all := make(chan struct{})
	b.Cleanup(w.discord.Subscribe(func(e discordtest.Event) {
		m, ok := e.Data.(discordtest.Message)
		if !ok || !m.Author.Bot {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if _, seen := first[m.ID]; !seen {
			first[m.ID] = e.At
		}
		if _, seen := final[m.ID]; !seen && rateable(m) {
			if final[m.ID] = e.At; len(final) == chats {
				close(all)
			}
		}
	}))
	for b.Loop() {
		began := time.Now()
		for _, id := range channels {
			w.discord.Say(ada.ID, id, w.mention("tell me"))
		}
		select {
		case <-all:
		case <-time.After(2 * time.Minute):
		}
		ended := began.Add((tokens - 1) * 20 * time.Millisecond) // when the model's last token is sent, at the earliest
		var firsts, finals []time.Duration
		mu.Lock()
		for _, at := range first {
			firsts = append(firsts, at.Sub(began))
		}
		for _, at := range final {
			finals = append(finals, at.Sub(ended))
		}
		mu.Unlock()
		report(b, "first", firsts)
		report(b, "final", finals)
		b.ReportMetric(float64(len(finals)), "answered")
		limited := 0
		for _, r := range w.discord.Requests() {
			if r.Status == 429 {
				limited++
			}
		}
		b.ReportMetric(float64(limited), "429s")
	}
	stop()
}
