package bot

import (
	"context"
	"path/filepath"
	"testing"
)

// A message that the bot takes back because the answer became shorter does not
// take the answer out of its conversation, as a member who deletes one would.
func TestShrinkKeepsTheAnswer(t *testing.T) {
	say := func(_ context.Context, say func(string)) { say("It leaves every hour, in fair weather.") }
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), say, nil, func(t *testing.T, s *stage) {
		q := s.question(t)
		s.tell(t.Context(), q)
		if err := s.kept.Posted(t.Context(), q.Ask, "77", 1); err != nil {
			t.Fatal(err)
		}
		r := newReply(s.Bot, q)
		r.ids, r.shown = []string{"76", "77"}, []string{"It leaves", "SECRET"}
		if err := r.shrink(t.Context(), 1); err != nil || len(r.ids) != 1 || len(r.shown) != 1 {
			t.Fatalf("shrink() = %v, left %v, want the first", err, r.ids)
		}
		chain := func() int {
			t.Helper()
			found, err := s.kept.Chain(t.Context(), q.ResponseID, 5)
			if err != nil {
				t.Fatal(err)
			}
			return len(found)
		}
		s.onDelete("77")
		s.running.Wait()
		if chain() != 1 {
			t.Error("the answer is gone from its conversation")
		}
		s.onDelete("77") // now somebody else does it
		s.running.Wait()
		if chain() != 0 {
			t.Error("the answer is still in its conversation, though a message of it was deleted")
		}
	})
}
