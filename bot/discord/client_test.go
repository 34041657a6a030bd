package discord

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
)

// desk is the one place from which requests leave, before a fake Discord.
type desk struct {
	*Client
	discord *discordtest.Server
	channel string
	logs    *bytes.Buffer
}

func newDesk(t *testing.T) desk {
	t.Helper()
	return newDeskWith(t, discordtest.Options{})
}

func newDeskWith(t *testing.T, options discordtest.Options) desk {
	t.Helper()
	options.Token = "canary-token"
	d, err := discordtest.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	logs := &bytes.Buffer{}
	log := slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	out, err := New(Options{BaseURL: d.URL(), Token: "canary-token", GlobalRPS: 50, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return desk{out, d, d.Channel().ID, logs}
}

func (d desk) post(ctx context.Context, channel, nonce string) error {
	_, err := d.Post(ctx, channel, Urgent, func() Body { return Body{Content: "hello", Nonce: nonce} })
	return err
}

const messagesPath = "/channels/*/messages"

// What comes back from Discord decides how often a request is sent: what may
// pass is repeated with the same nonce, what is refused is not.
func TestHowOftenRequestsAreSent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		fault    discordtest.Fault
		requests int
		shown    int // messages
		status   int // of the error; 0 for none
	}{
		{"server error, done", discordtest.Fault{Status: 502, Times: 2, DoFirst: true}, 3, 1, 0},
		{"server error, not done", discordtest.Fault{Status: 500, Times: 1}, 2, 1, 0},
		{"always a server error", discordtest.Fault{Status: 503}, maxTries, 0, 503},
		{"connection lost, done", discordtest.Fault{Drop: true, Times: 1, DoFirst: true}, 2, 1, 0},
		{"forbidden", discordtest.Fault{Status: 403, Body: `{"message":"Missing Permissions","code":50013}`}, 1, 0, 403},
		{"unknown channel", discordtest.Fault{Status: 404, Body: `{"message":"Unknown Channel","code":10003}`}, 1, 0, 404},
		{"bad form", discordtest.Fault{Status: 400, Body: `{"message":"Invalid Form Body","code":50035}`}, 1, 0, 400},
		{"always limited", discordtest.RateLimited("user", time.Millisecond), max429s + 1, 0, 429},
		{"redirect", discordtest.Fault{Status: 302, Header: http.Header{"Location": {"/api/v10/users/@me"}}}, 1, 0, 302},
		{"garbage", discordtest.Fault{Status: 418, Body: "<html>\x00"}, 1, 0, 418},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			tt.fault.Method, tt.fault.Path = "POST", messagesPath
			d.discord.Inject(tt.fault)
			err := d.post(t.Context(), d.channel, "n")
			if Status(err) != tt.status || (err == nil) != (tt.status == 0) {
				t.Errorf("post() = %v, want status %d", err, tt.status)
			}
			if n := len(d.discord.Requests()); n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
			if n := len(d.discord.Messages(d.channel, "")); n != tt.shown {
				t.Errorf("%d messages, want %d", n, tt.shown)
			}
			for _, p := range d.discord.Problems() {
				t.Error(p)
			}
		})
	}
}

// pausing reports whether a 429 has been heard of.
func (p *pacer) pausing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.buckets {
		if b.known && b.remaining == 0 {
			return true
		}
	}
	return !p.paused.IsZero()
}

// held returns how many requests wait for their turn.
func (p *pacer) held() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting[Urgent]) + len(p.waiting[Spare])
}

// Each kind of 429 holds back what it should, and only that: its route, or all
// that counts against the global limit. Clicks are acknowledged all the while.
// The limit outlasts the test, so what is held back is told from what is slow.
func TestKindsOf429(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		fault      discordtest.Fault
		holdsOther bool // another channel waits too
		counts     bool // towards Discord's ban
	}{
		{"user", discordtest.RateLimited("user", time.Hour), false, true},
		{"shared", discordtest.RateLimited("shared", time.Hour), false, false},
		{"global", discordtest.RateLimited("global", time.Hour), true, true},
		{"cloudflare", discordtest.CloudflareBan(), true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			other := d.discord.AddChannel(d.discord.Guild().ID, "other").ID
			tt.fault.Method, tt.fault.Path, tt.fault.Times = "POST", "/channels/"+d.channel+"/messages", 1
			d.discord.Inject(tt.fault)
			limited, release := context.WithCancel(t.Context())
			first := make(chan error, 1)
			go func() { first <- d.post(limited, d.channel, "a") }()
			for !d.pacer.pausing() && t.Context().Err() == nil {
				runtime.Gosched()
			}

			i := &Interaction{ID: "1", Token: "t"}
			if err := d.Respond(t.Context(), i, Callback{Type: ReplyDeferred}); Code(err) != CodeUnknownInteraction {
				t.Errorf("a click's answer = %v, want it at once", err)
			}
			second := make(chan error, 1)
			go func() { second <- d.post(limited, other, "b") }()
			for d.pacer.held() < 2 && len(second) == 0 { // the limited message and the other, which may have left
				runtime.Gosched()
			}
			if held := len(second) == 0; held != tt.holdsOther {
				t.Errorf("another channel's message is held back: %t, want %t", held, tt.holdsOther)
			}
			release()
			if err := <-second; errors.Is(err, context.Canceled) != tt.holdsOther {
				t.Errorf("another channel's message = %v, want it held back: %t", err, tt.holdsOther)
			}
			if err := <-first; !errors.Is(err, context.Canceled) {
				t.Errorf("the limited message = %v, want it held back", err)
			}
			if got := d.invalid > 0; got != tt.counts {
				t.Errorf("counted towards a ban: %t, want %t", got, tt.counts)
			}
		})
	}
}

// What cannot be told from a repetition is not repeated, unless it surely never
// left.
func TestFollowUpIsNotRepeated(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.discord.Inject(discordtest.Fault{Method: "POST", Path: "/webhooks/**", Status: 500})
	if _, err := d.FollowUp(t.Context(), "1", "t", func() Body { return Body{Content: "x"} }); Status(err) != 500 {
		t.Errorf("followUp() = %v, want the 500", err)
	}
	if n := len(d.discord.Requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// resume ends the pause of a bucket.
func (p *pacer) resume(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bucket(key).until = time.Time{}
	p.grant(time.Now())
}

// An edit shows what is newest when it leaves, not when it was asked for.
func TestEditsCoalesce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	m, err := d.Post(t.Context(), d.channel, Urgent, func() Body { return Body{Content: "first", Nonce: "n"} })
	if err != nil {
		t.Fatal(err)
	}
	var text atomic.Value
	text.Store("old")
	bucket := "PATCH /channels/" + d.channel + "/messages/"
	d.pacer.pause(bucket, false, time.Hour)
	edited := make(chan error, 1)
	go func() {
		edited <- d.Edit(t.Context(), nil, d.channel, m.ID, Spare, func() Body { return Body{Content: text.Load().(string)} })
	}()
	for d.pacer.held() == 0 && len(edited) == 0 {
		runtime.Gosched()
	}
	text.Store("newest")
	d.pacer.resume(bucket)
	if err := <-edited; err != nil {
		t.Fatal(err)
	}
	if got, _ := d.discord.Message(m.ID); got.Content != "newest" {
		t.Errorf("shown %q, want the newest text", got.Content)
	}
	d.discord.Delete(m.ID)
	if err := d.Edit(t.Context(), nil, d.channel, m.ID, Spare, func() Body { return Body{Content: "x"} }); Code(err) != CodeUnknownMessage || !Permanent(err) {
		t.Errorf("an edit of a deleted message = %v, want code %d, for good", err, CodeUnknownMessage)
	}
}

// No error and no log line holds the bot's or an interaction's token, whatever
// goes wrong.
func TestErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	fresh := func() Body { return Body{Content: "x"} }
	for name, fault := range map[string]discordtest.Fault{
		"dropped": {Drop: true}, "slow": {Delay: time.Second}, "refused": {Status: 403}, "limited": {Status: 429, Body: "<html>"}, "broken": {Status: 200, Body: "{"},
	} {
		remove := d.discord.Inject(fault)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_, err1 := d.EditOriginal(ctx, nil, "1", "canary-interaction", Urgent, fresh)
		_, err2 := d.FollowUp(ctx, "1", "canary-interaction", fresh)
		err3 := d.Respond(ctx, &Interaction{ID: "1", Token: "canary-interaction"}, Callback{Type: ReplyDeferred})
		if text := fmt.Sprint(err1, err2, err3, d.post(ctx, d.channel, "n")); strings.Contains(text, "canary") {
			t.Errorf("%s: an error holds a token: %s", name, text)
		}
		cancel()
		remove()
	}
	if strings.Contains(d.logs.String(), "canary") {
		t.Errorf("the log holds a token: %s", d.logs)
	}
}

// After a 401 that one look at our own account confirms, nothing more is sent.
func TestRefusedTokenStopsEverything(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	told := make(chan error, 9)
	d.refused = func(err error) { told <- err }
	d.token = "revoked"
	if err := d.post(t.Context(), d.channel, "n"); Status(err) != 401 {
		t.Errorf("post() = %v, want the 401", err)
	}
	for range 5 {
		if err := d.post(t.Context(), d.channel, "n"); !errors.Is(err, ErrTokenRefused) {
			t.Errorf("post() = %v, want %v", err, ErrTokenRefused)
		}
	}
	if n := len(d.discord.Requests()); n != 2 {
		t.Errorf("%d requests, want the refused one and the look", n)
	}
	if len(told) != 1 {
		t.Errorf("the refusal was told %d times, want once", len(told))
	}
}

// Near Discord's ban, what is optional is held back.
func TestOptionalRequestsStopNearABan(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range invalidStop + 1 {
		d.countInvalid()
	}
	if err := d.Typing(t.Context(), t.Context(), d.channel); err == nil || len(d.discord.Requests()) != 0 {
		t.Errorf("typing() = %v with %d requests, want it held back", err, len(d.discord.Requests()))
	}
	if err := d.post(t.Context(), d.channel, "n"); err != nil {
		t.Errorf("post() = %v, want the answer shown", err)
	}
	if !strings.Contains(d.logs.String(), "1,000 requests") {
		t.Error("the operator was not warned")
	}
}

// Headers and bodies that make no sense lose no message and fill no memory.
func TestOddAnswers(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset-After", "1e999")
		w.Header().Set("Retry-After", "never")
		switch r.URL.Path {
		case "/huge":
			for range 64 {
				w.Write(bytes.Repeat([]byte(" "), 1<<20))
			}
		case "/redirect":
			http.Redirect(w, r, other.URL, http.StatusFound)
		default:
			fmt.Fprint(w, `{"id":"42"}`)
		}
	}))
	defer s.Close()
	o, err := New(Options{BaseURL: s.URL, Token: "t", GlobalRPS: 50})
	if err != nil {
		t.Fatal(err)
	}
	var u User
	for range 2 { // a nonsensical header does not keep the second from leaving
		if err := o.get(t.Context(), "/me", "/me", &u); err != nil || u.ID != "42" {
			t.Errorf("get() = %v, %v, want user 42", u, err)
		}
	}
	if err := o.get(t.Context(), "/huge", "/huge", &u); err == nil {
		t.Error("get(/huge) = nil, want an error")
	}
	if err := o.get(t.Context(), "/redirect", "/redirect", &u); Status(err) != 302 || elsewhere.Load() != 0 {
		t.Errorf("get(/redirect) = %v, followed %d times, want it not followed", err, elsewhere.Load())
	}
	if err := unencodable(o); err == nil {
		t.Error("a body that cannot be encoded was sent")
	}
}

// unencodable sends a body that cannot be encoded.
func unencodable(o *Client) error {
	return o.do(context.Background(), call{method: "POST", path: "/x", route: "x", body: func() any { return make(chan int) }})
}
