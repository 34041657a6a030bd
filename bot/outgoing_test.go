package bot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// slowly is an answer whose parts come with a pause in between.
func slowly(tokens ...string) llmtest.Script {
	return llmtest.Script{Tokens: tokens, TokenDelay: 700 * time.Millisecond}
}

// Whatever Discord does to a request, one answer stands in the end, complete
// and with its buttons.
func TestRequestsThatFail(t *testing.T) {
	t.Parallel()
	const messages = "/channels/*/messages"
	const one = "/channels/*/messages/*"
	for name, fault := range map[string]discordtest.Fault{
		"RouteLimit":       limited("user", messages),
		"SharedLimit":      limited("shared", messages),
		"GlobalLimit":      limited("global", messages),
		"EditLimit":        limited("user", one),
		"LostPost":         {Method: "POST", Path: messages, Times: 2, DoFirst: true, Status: 502},
		"LostConnection":   {Method: "POST", Path: messages, Times: 1, DoFirst: true, Drop: true},
		"FailedEdit":       {Method: "PATCH", Path: one, Times: 2, Status: 503},
		"DroppedEdit":      {Method: "PATCH", Path: one, Times: 1, Drop: true},
		"NonsenseHeaders":  {Method: "POST", Path: messages, Times: 1, DoFirst: true, Status: 500, Header: http.Header{"X-Ratelimit-Remaining": {"NaN"}, "X-Ratelimit-Reset-After": {"-1e999"}}},
		"HugeErrorMessage": {Method: "PATCH", Path: one, Times: 1, Status: 500, Body: strings.Repeat("x", 1<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{})
			w.start()
			w.discord.Inject(fault)
			m := w.answered(w.ask(w.discord.AddUser("ada").ID, "what is 2+2?").ID)
			w.stop()
			if got := w.replies(m.ChannelID); len(got) != 1 || !strings.Contains(got[0].Content, "4") {
				t.Errorf("the channel shows %d answers, want 1 with 4", len(got))
			}
		})
	}
}

func limited(scope, path string) discordtest.Fault {
	f := discordtest.RateLimited(scope, 300*time.Millisecond)
	f.Path, f.Times = path, 2
	return f
}

// What Discord refuses for good is asked a handful of times at most, and the
// model is not paid for an answer that nobody will see.
func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ status, code int }{{403, 50013}, {404, 10003}} {
		t.Run(fmt.Sprint(test.code), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{})
			w.start()
			done := w.watch(discordtest.KindRequest)
			w.discord.Inject(discordtest.Fault{Method: "POST", Path: "/channels/*/*", Status: test.status,
				Body: fmt.Sprintf(`{"message":"no","code":%d}`, test.code)})
			w.model.Queue(slowly("This answer will never be seen by anybody", ", and so on", ", and so on", ", and so on", ", and so on"))
			before := len(w.discord.Requests())
			w.ask(w.discord.AddUser("ada").ID, "tell me")
			w.next(done, "a refused message", func(e discordtest.Event) bool {
				r := e.Data.(discordtest.Request)
				return r.Status == test.status && strings.HasSuffix(r.Path, "/messages")
			})
			w.stop()
			if n := len(w.discord.Requests()) - before; n > 5 {
				t.Errorf("%d requests for an answer that is refused, want a handful", n)
			}
			if left, err := w.open().Unfinished(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("Unfinished() = %v, %v, want none", left, err)
			}
		})
	}
}
