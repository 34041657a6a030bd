package bot

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"feedbackbot/feedback"
)

// What stands on the screen when Discord refuses the rest is an answer that broke off:
// it says why and can be rated. It is stored as what people see, but for an answer that
// was complete, and stored, before anything of it was refused.
func TestRefusedRest(t *testing.T) {
	t.Parallel()
	const begin, rest = "This much of the answer may be shown to everybody.", " The rest is forbidden."
	for _, test := range []struct {
		name   string
		after  time.Duration // for which the model goes on writing
		answer string
		finish feedback.Finish
	}{
		{"while it is written", time.Minute, begin, feedback.Cut},
		{"at its end", 0, begin + rest, feedback.Complete},
	} {
		model := func(ctx context.Context, say func(string)) {
			say(begin)
			pause(ctx, editEvery/2) // so the next edit is yet to come
			say(rest)
			pause(ctx, test.after)
		}
		onStage(t, filepath.Join(t.TempDir(), "feedback.db"), model, nil, func(t *testing.T, s *stage) {
			s.serve = func(*http.Request) (int, string) {
				if sent := s.left(""); strings.Contains(sent[len(sent)-1].content, "forbidden") {
					return 400, `{"message":"Message was blocked by automatic moderation","code":200000}`
				}
				return 0, ""
			}
			q := s.question(t)
			s.tell(t.Context(), q)
			edits := s.left("PATCH/42")
			if last := edits[len(edits)-1]; last.content != begin+"\n\n-# ✂️ There is more, but this server's AutoMod blocked it." || !strings.Contains(last.raw, "fb1:up:") {
				t.Errorf("%s: in the end the channel shows %s", test.name, last.raw)
			}
			if n := len(edits); n != 2 {
				t.Errorf("%s: %d edits, want the refused one and the last", test.name, n)
			}
			if r, err := s.kept.Response(t.Context(), q.ResponseID); err != nil || r.Answer != test.answer || r.Finish != test.finish {
				t.Errorf("%s: stored %q as %s, %v", test.name, r.Answer, r.Finish, err)
			}
		})
	}
}
