package bot

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
)

// slowGate is a store that takes its time to say whether there is room in the
// budget, and tells when it is asked.
type slowGate struct {
	*store.Store
	asked func()
}

func (g slowGate) Reserve(ctx context.Context, a feedback.Ask, u feedback.Use, b feedback.Budget, now time.Time) (feedback.Verdict, error) {
	v, err := g.Store.Reserve(ctx, a, u, b, now)
	g.asked()
	return v, err
}

// A question that is deleted before the model is asked costs nothing, and gets no
// sentence.
func TestDeletedBeforeTheModelIsAsked(t *testing.T) {
	var s *stage
	never := func(context.Context, func(string)) { t.Error("the model was asked") }
	gate := func(kept *store.Store) database {
		return slowGate{kept, func() { s.flights.stop(errDeleted, func(feedback.Ask) bool { return true }) }}
	}
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), never, gate, func(t *testing.T, on *stage) {
		s = on
		s.tell(t.Context(), s.question(t))
		if used, err := s.kept.Used(t.Context(), feedback.OfMember("a"), time.Now()); err != nil || used.Tokens != 0 {
			t.Errorf("used %+v, %v, want nothing", used, err)
		}
		if sent := s.left("/messages"); len(sent) != 0 {
			t.Errorf("said %+v", sent)
		}
	})
}
