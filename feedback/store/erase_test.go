package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
)

// eraser is a backend that can delete, when it is not away.
type eraser struct {
	*backend
	away   bool
	erased []string
}

func (e *eraser) Items(i feedback.Sent) []string {
	return []string{i.ResponseID + " " + strings.TrimSpace(i.RemoteID)}
}

func (e *eraser) Erase(_ context.Context, item string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.away {
		return errors.New("503")
	}
	e.erased = append(e.erased, item)
	return nil
}

// gone returns what was deleted so far, sorted.
func (e *eraser) gone() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(slices.Values(e.erased))
}

// What a forgotten member's items are at a backend is deleted there, later if it
// is away, and one that cannot delete is named.
func TestErase(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		e := &eraser{backend: w.backend, away: true}
		stubborn := newBackend(nil)
		stubborn.name = "stubborn"
		stop := w.run(0, e, stubborn)
		r := monitor(t, w.Store)
		vote(t, w.Store, click(r, r.Asker, 5))
		w.pass(time.Minute)
		f, err := w.Forget(w.t.Context(), r.Asker)
		if err != nil || f.Erased["backend"] != 2 || f.Delivered["stubborn"] != 2 || len(f.Erased)+len(f.Delivered) != 2 {
			t.Errorf("Forget() = %+v, %v, want two items at each", f, err)
		}
		w.pass(5 * time.Minute)
		if gone := e.gone(); len(gone) != 0 {
			t.Errorf("erased %q while away", gone)
		}
		e.mu.Lock()
		e.away = false
		e.mu.Unlock()
		w.pass(2 * time.Minute)
		if gone := e.gone(); len(gone) != 2 || !strings.HasPrefix(gone[0], r.ID+" remote") {
			t.Errorf("erased %q, want the answer and the vote, once each", gone)
		}
		w.pass(feedback.VisibleAfter)
		if gone := e.gone(); len(gone) != 4 {
			t.Errorf("erased %q, want both once more when the backend surely shows them", gone)
		}
		if left := rows(t, w.DB(), `SELECT item FROM erasures`); left != "" {
			t.Errorf("left to delete: %q", left)
		}
		stop()
	})
}
