package discord

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
)

// supervised runs a gateway whose deadlines are as given, until the test ends. It
// returns what was told of each session's IDENTIFY, and when one is ready.
func supervised(t *testing.T, d desk, openIn, firstIn time.Duration) (told chan bool, ready chan struct{}) {
	t.Helper()
	told, ready = make(chan bool, 100), make(chan struct{}, 100)
	ctx, cancel := context.WithCancel(t.Context())
	g := newGateway(d)
	g.openIn, g.firstIn = openIn, firstIn
	g.Identify = func(context.Context) (func(bool), error) { return func(identified bool) { told <- identified }, nil }
	g.OnReady = func(time.Time) { ready <- struct{}{} }
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	return told, ready
}

func newGateway(d desk) *Gateway {
	return &Gateway{Total: 1, Out: d.Client, Log: slog.New(slog.DiscardHandler),
		Identify: func(context.Context) (func(bool), error) { return func(bool) {}, nil },
		OnReady:  func(time.Time) {}, OnEvent: func(Event) {}}
}

// await waits for a session that works, and returns what was told until then.
func await(t *testing.T, told <-chan bool, ready <-chan struct{}, sessions int) (identified []bool) {
	t.Helper()
	hung := time.After(time.Minute) // only so that a failure ends
	for range sessions {
		select {
		case i := <-told:
			identified = append(identified, i)
		case <-hung:
			t.Fatalf("told of %v, want %d sessions", identified, sessions)
		}
	}
	select {
	case <-ready:
	case <-hung:
		t.Fatal("no session works")
	}
	return identified
}

// op 7 in which discordgo hangs is noticed, not waited for: every deadline is an
// hour. Only a session that has sent its IDENTIFY counts against Discord's pace.
func TestReconnectRequestIsNoticed(t *testing.T) {
	t.Parallel()
	reconnect := func(n int) discordtest.GatewayAction { return discordtest.GatewayAction{Reconnect: n == 1} }
	for _, tt := range []struct {
		name       string
		before     func(*discordtest.Server)
		resume     bool
		told       []bool
		identifies int
	}{
		{"in place of HELLO", func(d *discordtest.Server) { d.OnConnect(reconnect) }, false, []bool{false, true}, 1},
		{"as the answer to IDENTIFY", func(d *discordtest.Server) { d.OnIdentify(reconnect) }, false, []bool{true, true}, 2},
		{"as the answer to RESUME", func(d *discordtest.Server) { d.OnResume(reconnect) }, true, []bool{true, true}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDeskWith(t, discordtest.Options{IdentifyWindow: -1}) // the pace is kept by who is told
			tt.before(d.discord)
			told, ready := supervised(t, d, time.Hour, time.Hour)
			want := tt.told
			if tt.resume {
				if got := await(t, told, ready, 1); !got[0] {
					t.Error("the first session was not told of")
				}
				d.discord.DropConnections()
				want = want[1:]
			}
			if got := await(t, told, ready, len(want)); !slices.Equal(got, want) {
				t.Errorf("told of IDENTIFYs %v, want %v", got, want)
			}
			if n := d.discord.Identifies(); n != tt.identifies {
				t.Errorf("%d IDENTIFYs, want %d", n, tt.identifies)
			}
		})
	}
}

// A connection on which nothing comes is given up long before it had to be ready,
// and costs no IDENTIFY.
func TestSilentHandshakeIsGivenUp(t *testing.T) {
	t.Parallel()
	d := newDeskWith(t, discordtest.Options{})
	d.discord.OnConnect(func(n int) discordtest.GatewayAction { return discordtest.GatewayAction{Silent: n == 1} })
	told, ready := supervised(t, d, time.Hour, 0)
	if got := await(t, told, ready, 2); !slices.Equal(got, []bool{false, true}) {
		t.Errorf("told of IDENTIFYs %v, want only the second", got)
	}
	if n := d.discord.Identifies(); n != 1 {
		t.Errorf("%d IDENTIFYs, want 1", n)
	}
}

// A session's token goes to the address READY gives, so only an encrypted one or
// this machine is believed.
func TestResumeURLIsJudged(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"wss://gateway-us-east1-b.discord.gg": "wss://gateway-us-east1-b.discord.gg/",
		"ws://127.0.0.1:1/":                   "ws://127.0.0.1:1/",
		"ws://localhost:1":                    "ws://localhost:1/",
		"ws://[::1]:1":                        "ws://[::1]:1/",
		"ws://discord.invalid":                "",
		"https://discord.invalid":             "",
		"wss://user@discord.invalid":          "",
		"::":                                  "",
		"":                                    "",
	} {
		ready, err := json.Marshal(map[string]string{"resume_gateway_url": url})
		if err != nil {
			t.Fatal(err)
		}
		c := &connection{}
		if c.noteResumeURL(ready); c.resumeURL != want {
			t.Errorf("%q is resumed at %q, want %q", url, c.resumeURL, want)
		}
	}
}
