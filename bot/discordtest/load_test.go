package discordtest_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
)

// A burst of clicks is dispatched, answered and seen by everybody who waits; nothing is lost or doubled.
func TestBurst(t *testing.T) {
	const clicks = 2000
	s, ann, message := scene(t, discordtest.Options{AckTimeout: time.Minute})
	l, _ := identified(t, s, allIntents)
	var waiting sync.WaitGroup
	for range clicks {
		waiting.Go(func() {
			if _, err := s.Click(ann, message, "b").Wait(t.Context()); err != nil {
				t.Errorf("Wait = %v", err)
			}
		})
	}
	events := make(chan object)
	for range 8 {
		waiting.Go(func() {
			for e := range events {
				path := fmt.Sprint("/interactions/", e["id"], "/", e["token"], "/callback")
				if a, err := try(s, "POST", path, whisper); err != nil || a.status != 204 {
					t.Errorf("callback = %d, %v", a.status, err)
				}
			}
		})
	}
	for range clicks {
		var e object
		if err := json.Unmarshal(l.until(0, "INTERACTION_CREATE").D, &e); err != nil {
			t.Fatal(err)
		}
		events <- e
	}
	close(events)
	waiting.Wait()
	if n := len(s.Messages(s.Channel().ID, ann)); n != clicks+1 {
		t.Errorf("%d messages, want %d", n, clicks+1)
	}
	if p := s.Problems(); len(p) > 0 {
		t.Errorf("%d problems, such as %s", len(p), p[0])
	}
}

// BenchmarkCallback is one click with its answer, on real sockets.
func BenchmarkCallback(b *testing.B) {
	s, err := discordtest.New(discordtest.Options{ChannelLimit: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ann := s.AddUser("ann").ID
	a, err := try(s, "POST", "/channels/"+s.Channel().ID+"/messages", fresh("hi", "n", "components", []object{row(button("b"))}))
	if err != nil {
		b.Fatal(err)
	}
	var m discordtest.Message
	if err := json.Unmarshal(a.body, &m); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		i := s.Click(ann, m.ID, "b")
		if a, err := try(s, "POST", callback(i), whisper); err != nil || a.status != 204 {
			b.Fatal(a.status, err)
		}
	}
}
