package discordtest_test

import (
	"fmt"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
)

// Messages and edits of a channel have a bucket each, and its headers count down.
func TestChannelLimit(t *testing.T) {
	s := start(t, discordtest.Options{ChannelLimit: 2, ChannelWindow: time.Hour})
	messages := "/channels/" + s.Channel().ID + "/messages"
	var id string
	for n := range 3 {
		a := call(t, s, "POST", messages, fresh("hi", fmt.Sprint(n)))
		if n < 2 {
			id = a.object(t)["id"].(string)
			if left := a.header.Get("X-RateLimit-Remaining"); a.status != 200 || left != fmt.Sprint(1-n) || a.header.Get("X-RateLimit-Limit") != "2" {
				t.Errorf("message %d = %d, %s left", n, a.status, left)
			}
			continue
		}
		if a.status != 429 || a.header.Get("Via") == "" || a.header.Get("X-RateLimit-Scope") != "user" ||
			a.header.Get("Retry-After") == "" || a.header.Get("X-RateLimit-Reset-After") == "" ||
			a.header.Get("X-RateLimit-Bucket") == "" || a.header.Get("X-RateLimit-Global") != "" {
			t.Errorf("limited = %d %v", a.status, a.header)
		}
		if o := a.object(t); o["global"] != false || o["retry_after"].(float64) < 50 || o["message"] == "" {
			t.Errorf("body = %v", o)
		}
	}
	if a := call(t, s, "PATCH", messages+"/"+id, text("edit")); a.status != 200 || a.header.Get("X-RateLimit-Remaining") != "1" {
		t.Errorf("the messages used up the edits: %d %v", a.status, a.header)
	}
	other := s.AddChannel(s.Guild().ID, "other")
	if a := call(t, s, "POST", "/channels/"+other.ID+"/messages", fresh("hi", "o")); a.status != 200 {
		t.Errorf("one channel used up another: %d", a.status)
	}
	if p := s.Problems(); len(p) > 0 {
		t.Errorf("problems = %q", p)
	}
}

// A window ends, and a negative limit is none.
func TestChannelLimitEnds(t *testing.T) {
	s := start(t, discordtest.Options{ChannelLimit: 1, ChannelWindow: time.Nanosecond})
	off := start(t, discordtest.Options{ChannelLimit: -1})
	for n := range 8 {
		for _, s := range []*discordtest.Server{s, off} {
			a := call(t, s, "POST", "/channels/"+s.Channel().ID+"/messages", fresh("hi", fmt.Sprint(n)))
			if a.status != 200 || a.header.Get("X-RateLimit-Limit") == "" {
				t.Errorf("message %d = %d %v", n, a.status, a.header)
			}
		}
	}
}

// The global limit is told as documented, spares interactions, and ends by itself.
func TestGlobalLimit(t *testing.T) {
	s, ann, message := scene(t, discordtest.Options{GlobalRPS: 3, GlobalWindow: time.Hour})
	i := s.Click(ann, message, "b")
	var a answer
	for range 3 {
		a = call(t, s, "GET", "/users/@me", nil)
	}
	if a.status != 429 || a.header.Get("X-RateLimit-Global") != "true" || a.header.Get("X-RateLimit-Scope") != "global" ||
		a.header.Get("Retry-After") != "3600" || a.header.Get("X-RateLimit-Reset-After") != "" || a.object(t)["global"] != true {
		t.Errorf("limited = %d %v %s", a.status, a.header, a.body)
	}
	if a := call(t, s, "POST", callback(i), sayHi); a.status != 204 {
		t.Errorf("a callback met the global limit: %d", a.status)
	}
	short := start(t, discordtest.Options{GlobalRPS: 1, GlobalWindow: time.Nanosecond})
	for range 3 {
		if a := call(t, short, "GET", "/users/@me", nil); a.status != 200 {
			t.Errorf("a window outlasts its time: %d", a.status)
		}
	}
}

// The same nonce gives the same message, in one channel and one window.
func TestNonce(t *testing.T) {
	s := start(t, discordtest.Options{ChannelLimit: -1, NonceWindow: time.Hour})
	short := start(t, discordtest.Options{NonceWindow: time.Nanosecond})
	other := s.AddChannel(s.Guild().ID, "other").ID
	send := func(s *discordtest.Server, channel, nonce string, enforce bool) string {
		body := text("hi", "nonce", nonce, "enforce_nonce", enforce)
		return call(t, s, "POST", "/channels/"+channel+"/messages", body).object(t)["id"].(string)
	}
	here := s.Channel().ID
	first := send(s, here, "n", true)
	for _, test := range []struct {
		name string
		id   string
		same bool
	}{
		{"repeated", send(s, here, "n", true), true},
		{"not enforced", send(s, here, "n", false), false},
		{"another nonce", send(s, here, "m", true), false},
		{"another channel", send(s, other, "n", true), false},
	} {
		if (test.id == first) != test.same {
			t.Errorf("%s: %s, first %s", test.name, test.id, first)
		}
	}
	if n := len(s.Messages(here, "")); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}
	forgotten := send(short, short.Channel().ID, "n", true)
	if send(short, short.Channel().ID, "n", true) == forgotten {
		t.Error("a nonce outlived its window")
	}
}
