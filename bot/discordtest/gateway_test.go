package discordtest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"feedbackbot/bot/discordtest"
)

// What a client sends decides the close code, as Discord documents it.
func TestCloseCodes(t *testing.T) {
	with := func(key string, value any) object { o := identity(1); o[key] = value; return o }
	for _, test := range []struct {
		name    string
		op      int
		data    any
		code    int
		problem bool
	}{
		{"wrong token", 2, with("token", "nope"), 4004, false},
		{"token with Bot", 2, with("token", "Bot test-token"), 0, false},
		{"shard beyond the count", 2, identity(1, 2, 2), 4010, false},
		{"no intents", 2, object{"token": "test-token"}, 4013, false},
		{"unknown intents", 2, identity(1 << 30), 4013, false},
		{"enabled intents", 2, identity(allIntents &^ (1 << 1)), 0, false},
		{"disabled intent", 2, identity(1 << 1), 4014, false},
		{"presence before IDENTIFY", 3, object{}, 4003, true},
		{"unknown op", 42, object{}, 4001, true},
		{"unreadable IDENTIFY", 2, []int{}, 4002, true},
		{"oversized payload", 3, make([]int, 3000), 4002, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := bare(t, discordtest.Options{Intents: 1 << 15})
			l := dial(t, s)
			l.until(10, "")
			l.send(test.op, test.data)
			f, code := l.next()
			if code != test.code || code == 0 && f.T != "READY" {
				t.Errorf("got %s, code %d, want %d", f.T, code, test.code)
			}
			if (len(s.Problems()) > 0) != test.problem {
				t.Errorf("problems = %q", s.Problems())
			}
		})
	}
}

// A resumed session gets what it missed, in order, and then RESUMED; a session that ended does not.
func TestResume(t *testing.T) {
	for _, test := range []struct {
		name      string
		leave     func(*discordtest.Server, link)
		seq       int64 // what RESUME asks for, from the last number on
		resumable bool
	}{
		{"dropped", func(s *discordtest.Server, l link) { s.DropConnections() }, 0, true},
		{"closed by the server", func(s *discordtest.Server, l link) { s.Disconnect(4000) }, 0, true},
		{"closed with 4009", func(s *discordtest.Server, l link) { s.Disconnect(4009) }, 0, false},
		{"client closed with 4000", func(s *discordtest.Server, l link) { leave(s, l, 4000) }, 0, true},
		{"client closed with 1000", func(s *discordtest.Server, l link) { leave(s, l, 1000) }, 0, false},
		{"client closed with 1001", func(s *discordtest.Server, l link) { leave(s, l, 1001) }, 0, false},
		{"asked to reconnect", func(s *discordtest.Server, l link) { s.AskReconnect() }, 0, true},
		{"invalid but resumable", func(s *discordtest.Server, l link) { s.InvalidateSession(true) }, 0, true},
		{"invalid", func(s *discordtest.Server, l link) { s.InvalidateSession(false) }, 0, false},
		{"forgotten", func(s *discordtest.Server, l link) { s.DropConnections(); s.ForgetSessions() }, 0, false},
		{"forgotten while connected", func(s *discordtest.Server, l link) { s.ForgetSessions() }, 0, false},
		{"number from the future", func(s *discordtest.Server, l link) { s.DropConnections() }, 100, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := bare(t, discordtest.Options{})
			l, id := identified(t, s, allIntents)
			ann := s.AddUser("ann")
			s.Say(ann.ID, s.Channel().ID, "before")
			seq := l.until(0, "MESSAGE_CREATE").S
			test.leave(s, l)
			s.Say(ann.ID, s.Channel().ID, "one")
			s.Say(ann.ID, s.Channel().ID, "two")

			l = dial(t, s)
			l.until(10, "")
			l.send(6, object{"token": "test-token", "session_id": id, "seq": seq + test.seq})
			var got []string
			for {
				f, code := l.next()
				if code != 0 {
					t.Fatalf("closed with %d", code)
				}
				if got = append(got, fmt.Sprint(f.Op, f.T)); f.Op == 9 || f.T == "RESUMED" {
					break
				}
			}
			want := []string{"9"}
			if test.resumable {
				want = []string{"0MESSAGE_CREATE", "0MESSAGE_CREATE", "0RESUMED"}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if s.Resumes() != 1 {
				t.Errorf("%d resumes", s.Resumes())
			}
		})
	}
}

// leave closes a connection and waits until the server has noticed.
func leave(s *discordtest.Server, l link, code int) {
	gone := make(chan struct{}, 1)
	stop := s.Subscribe(func(e discordtest.Event) {
		if e.Kind == discordtest.KindDisconnect {
			gone <- struct{}{}
		}
	})
	defer stop()
	l.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(patience))
	<-gone
	if got := s.CloseCodes(); !slices.Equal(got, []int{code}) {
		l.t.Errorf("close codes = %v, want %d", got, code)
	}
}

// A test may answer a connection, IDENTIFY or RESUME with anything in place of the usual.
func TestGatewayActions(t *testing.T) {
	for name, test := range map[string]struct {
		action discordtest.GatewayAction
		want   string
	}{
		"op 7":             {discordtest.GatewayAction{Reconnect: true}, "op 7 null"},
		"op 9":             {discordtest.GatewayAction{Invalid: true}, "op 9 false"},
		"op 9 resumable":   {discordtest.GatewayAction{Invalid: true, Resumable: true}, "op 9 true"},
		"close":            {discordtest.GatewayAction{Close: 4011}, "closed 4011"},
		"the usual answer": {discordtest.GatewayAction{}, ""},
	} {
		for _, moment := range []string{"connect", "identify", "resume"} {
			s := bare(t, discordtest.Options{})
			act := func(n int) discordtest.GatewayAction {
				if n != 1 {
					t.Errorf("n = %d, want 1", n)
				}
				return test.action
			}
			want, usual := test.want, map[string]string{"connect": "op 10", "identify": "op 0 READY", "resume": "op 9 false"}
			if want == "" {
				want = usual[moment]
			}
			switch moment {
			case "connect":
				s.OnConnect(act)
			case "identify":
				s.OnIdentify(act)
			case "resume":
				s.OnResume(act)
			}
			l := dial(t, s)
			if moment != "connect" {
				l.until(10, "")
			}
			if moment == "identify" {
				l.send(2, identity(1))
			}
			if moment == "resume" {
				l.send(6, object{"token": "test-token", "session_id": "x", "seq": 1})
			}
			f, code := l.next()
			got := fmt.Sprint("op ", f.Op, " ", string(f.D))
			if f.Op == 10 || f.T != "" {
				got = fmt.Sprint("op ", f.Op)
			}
			if f.T != "" {
				got += " " + f.T
			}
			if code != 0 {
				got = fmt.Sprint("closed ", code)
			}
			if got != want {
				t.Errorf("%s at %s: %s, want %s", name, moment, got, want)
			}
		}
	}
}

// After op 9 the same connection may identify again, and HELLO may be followed by silence.
func TestIdentifyAgain(t *testing.T) {
	s := bare(t, discordtest.Options{IdentifyWindow: -1})
	s.OnIdentify(func(n int) discordtest.GatewayAction {
		return discordtest.GatewayAction{Silent: n == 1, Invalid: n == 2}
	})
	l := dial(t, s)
	for range 3 {
		l.send(2, identity(1))
	}
	l.until(9, "")
	l.until(0, "READY")
	if l.send(2, identity(1)); s.Identifies() < 3 {
		t.Errorf("%d identifies", s.Identifies())
	}
	for code := 0; code != 4005; {
		if _, code = l.next(); code != 0 && code != 4005 {
			t.Fatalf("a second IDENTIFY was closed with %d", code)
		}
	}
}

// Shards that identify in the same moment get a session each.
func TestIdentifyTogether(t *testing.T) {
	s := bare(t, discordtest.Options{MaxConcurrency: 2})
	var both sync.WaitGroup
	both.Add(2)
	s.OnIdentify(func(int) discordtest.GatewayAction {
		both.Done()
		both.Wait()
		return discordtest.GatewayAction{}
	})
	ids := make([]string, 2)
	var all sync.WaitGroup
	for shard := range ids {
		all.Go(func() { _, ids[shard] = identified(t, s, 1, shard, 2) })
	}
	all.Wait()
	if ids[0] == ids[1] {
		t.Errorf("both have session %s", ids[0])
	}
}

// Events go to the shard of their guild, and direct messages to shard 0.
func TestSharding(t *testing.T) {
	s := bare(t, discordtest.Options{MaxConcurrency: 2})
	second := s.AddGuild("second")
	there := s.AddChannel(second.ID, "there")
	ann := s.AddUser("ann").ID
	for shard := range 2 {
		l, _ := identified(t, s, allIntents, shard, 2)
		var g struct{ ID string }
		if err := json.Unmarshal(l.until(0, "GUILD_CREATE").D, &g); err != nil {
			t.Fatal(err)
		}
		mine, direct := s.Channel().ID, shard == 0
		if g.ID == second.ID {
			mine = there.ID
		}
		for _, channel := range []string{s.Channel().ID, there.ID, s.DM(ann).ID} {
			s.Say(ann, channel, "hi")
		}
		if err := s.Emit("END", object{}); err != nil {
			t.Fatal(err)
		}
		var want, got []string
		if want = []string{mine}; direct {
			want = append(want, s.DM(ann).ID)
		}
		for {
			f, _ := l.next()
			if f.T == "END" {
				break
			}
			var m discordtest.Message
			json.Unmarshal(f.D, &m)
			got = append(got, m.ChannelID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("shard %d got messages of %v, want %v", shard, got, want)
		}
	}
	if p := s.Problems(); len(p) > 0 {
		t.Errorf("problems = %q", p)
	}
}

// The enemy's other means: duplicates, raw frames, requests for heartbeats, silence after heartbeats.
func TestEnemy(t *testing.T) {
	s := bare(t, discordtest.Options{})
	l, _ := identified(t, s, allIntents)
	l.until(0, "GUILD_CREATE")
	ann := s.AddUser("ann").ID
	s.Duplicate(3)
	m := s.Say(ann, s.Channel().ID, "hi")
	s.Duplicate(1)
	s.RequestHeartbeat()
	s.SendRaw([]byte(`{"op":77}`))
	for range 3 {
		var got discordtest.Message
		if json.Unmarshal(l.until(0, "MESSAGE_CREATE").D, &got); got.ID != m.ID {
			t.Errorf("message %s, want %s", got.ID, m.ID)
		}
	}
	l.until(1, "")
	l.until(77, "")
	s.MuteAcks(true)
	l.send(1, nil)
	l.send(8, object{}) // accepted and ignored; its order behind the heartbeat is what matters
	s.MuteAcks(false)
	l.send(1, nil)
	l.until(11, "")
	if s.Connections() != 1 {
		t.Errorf("%d connections", s.Connections())
	}
}

// A client that does not beat, floods, or identifies too often is recorded.
func TestGatewayHabits(t *testing.T) {
	t.Run("no heartbeat", func(t *testing.T) {
		s := bare(t, discordtest.Options{HeartbeatInterval: time.Millisecond, HeartbeatGrace: time.Millisecond})
		l := dial(t, s)
		code := 0
		for code == 0 {
			_, code = l.next()
		}
		if code != 4009 || !hasProblem(s, "no heartbeat") {
			t.Errorf("closed with %d, problems %q", code, s.Problems())
		}
	})
	t.Run("flood", func(t *testing.T) {
		s := bare(t, discordtest.Options{})
		l, _ := identified(t, s, 1)
		for range 120 {
			l.send(3, object{})
		}
		code := 0
		for code == 0 {
			_, code = l.next()
		}
		if code != 4008 || !hasProblem(s, "120 gateway sends") {
			t.Errorf("closed with %d, problems %q", code, s.Problems())
		}
	})
	t.Run("identify", func(t *testing.T) {
		s := bare(t, discordtest.Options{IdentifyWindow: time.Hour})
		identified(t, s, 1)
		if len(s.Problems()) > 0 {
			t.Errorf("problems = %q", s.Problems())
		}
		if identified(t, s, 1); !hasProblem(s, "IDENTIFY") {
			t.Error("two IDENTIFYs in a row passed")
		}
	})
}
