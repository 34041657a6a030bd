package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
)

// alive asks a question and waits for its answer: whatever happened before, the
// bot works again.
func (w *world) alive() discordtest.Message {
	w.t.Helper()
	return w.answered(w.ask(w.discord.AddUser("ada").ID, "what is 2+2?").ID)
}

// A dropped connection is resumed: nothing that was said in between is lost,
// and what Discord replays is answered once.
func TestDropIsResumed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada := w.discord.AddUser("ada")
	w.answered(w.ask(ada.ID, "what is 1+1?").ID)
	resumed := w.watch(discordtest.KindResume)
	w.discord.DropConnections()
	var asked []string
	for n := range 3 {
		asked = append(asked, w.ask(ada.ID, fmt.Sprintf("what is %d+2?", n)).ID)
	}
	for _, id := range asked {
		w.answered(id)
	}
	w.next(resumed, "a RESUME where READY wants it", func(e discordtest.Event) bool {
		c, is := e.Data.(discordtest.Connection)
		return is && "ws://"+c.Host == w.discord.ResumeURL()
	})
	if n := w.discord.Identifies(); n != 1 {
		t.Errorf("%d IDENTIFYs, want 1", n)
	}
	if n := len(w.replies(w.discord.Channel().ID)); n != 4 {
		t.Errorf("%d replies to 4 questions", n)
	}
}

// Where READY wants a session resumed may be out of reach; then it is resumed where
// it began. An address that is not encrypted is not believed.
func TestResumeElsewhereFails(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]string{"nobody listens": "ws://127.0.0.1:1", "not encrypted": "ws://discord.invalid", "nonsense": "::"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{})
			w.discord.ResumeAt(at)
			w.start()
			resumed := w.watch(discordtest.KindResume)
			w.discord.DropConnections()
			w.next(resumed, "a RESUME", nil)
			w.alive()
			if n := w.discord.Identifies(); n != 1 {
				t.Errorf("%d IDENTIFYs, want 1", n)
			}
		})
	}
}

// op 7 at any time is followed by a RESUME, or where discordgo hangs in it by a
// new session; the bot goes on either way.
func TestReconnectRequest(t *testing.T) {
	t.Parallel()
	first := func(a discordtest.GatewayAction) func(int) discordtest.GatewayAction {
		return func(n int) discordtest.GatewayAction {
			if n == 1 {
				return a
			}
			return discordtest.GatewayAction{}
		}
	}
	reconnect := first(discordtest.GatewayAction{Reconnect: true})
	for _, tt := range []struct {
		name       string
		before     func(*discordtest.Server)
		after      func(*discordtest.Server)
		identifies int
	}{
		{"idle", nil, (*discordtest.Server).AskReconnect, 1},
		{"in place of HELLO", func(d *discordtest.Server) { d.OnConnect(reconnect) }, nil, 1},
		{"as the answer to IDENTIFY", func(d *discordtest.Server) { d.OnIdentify(reconnect) }, nil, 2},
		{"as the answer to RESUME", nil, func(d *discordtest.Server) {
			d.OnResume(reconnect)
			d.DropConnections()
		}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{})
			if tt.before != nil {
				tt.before(w.discord)
			}
			w.start()
			if tt.after != nil {
				tt.after(w.discord)
			}
			w.alive()
			if n := w.discord.Identifies(); n != tt.identifies {
				t.Errorf("%d IDENTIFYs, want %d", n, tt.identifies)
			}
		})
	}
}

// A session that breaks off before it is ready is begun again at Discord's pace.
func TestBreakOffAfterIdentify(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.discord.OnIdentify(func(n int) discordtest.GatewayAction {
		if n == 1 {
			return discordtest.GatewayAction{Close: 4000}
		}
		return discordtest.GatewayAction{}
	})
	w.start()
	w.alive()
	if n := w.discord.Identifies(); n != 2 {
		t.Errorf("%d IDENTIFYs, want 2", n)
	}
}

// op 9 in any state ends in a session that works, and what was said meanwhile
// is answered.
func TestInvalidSession(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		before func(*discordtest.Server)
		after  func(*discordtest.Server)
	}{
		{"idle, resumable", nil, func(d *discordtest.Server) { d.InvalidateSession(true) }},
		{"idle, not resumable", nil, func(d *discordtest.Server) { d.InvalidateSession(false) }},
		{"as the answer to IDENTIFY", func(d *discordtest.Server) {
			d.OnIdentify(func(n int) discordtest.GatewayAction { return discordtest.GatewayAction{Invalid: n == 1} })
		}, nil},
		{"as the answer to RESUME", nil, func(d *discordtest.Server) {
			d.ForgetSessions()
			d.DropConnections()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{IdentifyWindow: -1}) // discordgo identifies again at once
			if tt.before != nil {
				tt.before(w.discord)
			}
			w.start()
			if tt.after != nil {
				tt.after(w.discord)
			}
			w.alive()
		})
	}
}

// A connection on which one heartbeat is not acknowledged is closed with a code
// that keeps its session, and resumed.
func TestZombie(t *testing.T) {
	t.Parallel()
	// Discord does not take a busy machine for a dead connection meanwhile.
	w := newWorld(t, discordtest.Options{HeartbeatInterval: 4 * time.Second, HeartbeatGrace: patience})
	w.start()
	w.alive()
	events := w.watch(discordtest.KindDisconnect, discordtest.KindResume)
	w.discord.MuteAcks(true)
	w.next(events, "a disconnect", func(e discordtest.Event) bool { return e.Kind == discordtest.KindDisconnect })
	w.discord.MuteAcks(false)
	w.next(events, "a RESUME", func(e discordtest.Event) bool { return e.Kind == discordtest.KindResume })
	w.alive()
	if codes := w.discord.CloseCodes(); !slices.Contains(codes, 4000) || slices.Contains(codes, 1000) {
		t.Errorf("closed with %v, want 4000", codes)
	}
	if n := w.discord.Identifies(); n != 1 {
		t.Errorf("%d IDENTIFYs, want 1", n)
	}
}

// Every close code that allows it is followed by a new connection.
func TestPassingCloseCodes(t *testing.T) {
	t.Parallel()
	for code, resumes := range map[int]bool{4000: true, 4001: true, 4002: true, 4008: true,
		4003: false, 4005: false, 4007: false, 4009: false} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{})
			w.start()
			w.discord.Disconnect(code)
			w.alive()
			if got := w.discord.Resumes() > 0; got != resumes {
				t.Errorf("RESUME: %t, want %t", got, resumes)
			}
		})
	}
}

// Frames that make no sense do not end the process, and the bot goes on.
func TestOddFrames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	for _, frame := range []string{`{"op":`, `[1,2]`, `"x"`, `{"op":42}`, `{"op":0,"t":7}`, `{"op":0,"t":"MESSAGE_CREATE","s":1,"d":"x"}`,
		`{"op":10,"d":null}`, strings.Repeat(" ", 70_000) + `{"op":11}`} {
		w.discord.SendRaw([]byte(frame))
	}
	w.alive()
}

// A request for a heartbeat is answered at once.
func TestHeartbeatRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	w.alive() // so that the first heartbeat is over
	beats := w.watch(discordtest.KindHeartbeat)
	w.discord.RequestHeartbeat()
	w.next(beats, "a heartbeat", nil)
	w.alive()
}

// While Discord cannot be reached the bot keeps trying, and takes up its work
// as soon as it can.
func TestUnreachableAtStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.discord.Refuse(patience)
	tried := w.logs.await("cannot start yet")
	w.boot()
	<-tried
	if w.bot.Ready() == nil {
		t.Error("Ready() = nil before Discord was reached")
	}
	w.discord.Refuse(0)
	if err := w.discord.WaitCommand(w.ctx(), "ask"); err != nil {
		t.Fatal(err)
	}
	w.alive()
	if err := w.bot.Ready(); err != nil {
		t.Errorf("Ready() = %v, want nil", err)
	}
	if err := w.bot.Healthy(); err != nil {
		t.Errorf("Healthy() = %v, want nil", err)
	}
}
