package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/store"
)

// An item that is refused for good is kept with the reason, is not repeated,
// and holds up no other.
func TestRefusedItemIsADeadLetter(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		w.backend.behave(func(_ context.Context, c call) error {
			if c.rating == 1 {
				return fmt.Errorf("422 \xff\x00%s: %w", strings.Repeat("é", 1000), feedback.ErrRefused)
			}
			return nil
		})
		w.run(0)
		r := monitor(t, w.Store)
		vote(t, w.Store, click(r, "bad", 1))
		w.pass(time.Second)
		vote(t, w.Store, click(r, "good", 5))
		w.pass(time.Hour)
		w.wantBacklog(0, 1)
		if n := len(w.backend.seen()); n != 3 {
			t.Errorf("the backend got %d attempts, want 3: refused items are not repeated", n)
		}
		reason := rows(t, w.DB(), `SELECT dead FROM deliveries WHERE rater = 'bad'`)
		if !strings.HasPrefix(reason, "422") || len(reason) > 600 || !utf8.ValidString(reason) || strings.Contains(reason, "\x00") {
			t.Errorf("the dead letter's reason is %q, want the backend's words, short and clean", reason)
		}
		vote(t, w.Store, click(r, "bad", 4)) // another state is another chance
		w.pass(time.Second)
		w.wantBacklog(0, 0)
		if got := w.backend.rating(r, "bad"); got != 4 {
			t.Errorf("the backend holds %d, want the changed vote's 4", got)
		}
	})
}

// Votes on a response that was refused are not sent; they are kept with the
// reason. They say nothing about the backend, which may be away meanwhile.
func TestRefusedResponseTakesItsVotes(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		w.backend.behave(func(_ context.Context, c call) error {
			if c.rater == "" {
				return fmt.Errorf("422: %w", feedback.ErrRefused)
			}
			return nil
		})
		w.run(0)
		refused := monitor(t, w.Store)
		vote(t, w.Store, click(refused, "rater", 5))
		w.pass(time.Second)
		w.wantBacklog(0, 2)
		if n := len(w.backend.seen()); n != 1 {
			t.Errorf("the backend got %d attempts, want the response's alone", n)
		}

		w.backend.behave(always(errDown))
		good := monitor(t, w.Store)
		for i := range 3 * delivery.MaxStrikes {
			vote(t, w.Store, click(refused, "rater", 1+i%5))
			w.pass(time.Minute)
		}
		if n := w.log.count("backend works again"); n != 0 {
			t.Errorf("the log says %d times that the backend works again, while it is down", n)
		}
		w.backend.behave(nil)
		vote(t, w.Store, click(good, "rater", 5))
		w.pass(time.Minute)
		w.wantBacklog(0, 2)
		if r, v := w.backend.has(); r != 1 || v != 1 {
			t.Errorf("the backend holds %d responses and %d votes, want the good one of each", r, v)
		}
	})
}

// A poisoned item is given up after so many failures of its own, while the
// others flow past it.
func TestPoisonedItemIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(context.Context, call) error{"500": always(errDown), "hangs": hang} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, store.Options{}, func(w *world) {
				r := monitor(t, w.Store)
				w.backend.behave(func(ctx context.Context, c call) error {
					if c.rater == "poison" {
						return fault(ctx, c)
					}
					return nil
				})
				w.run(0)
				vote(t, w.Store, click(r, "poison", 1))
				for i := range 120 {
					rater := feedback.Rater(fmt.Sprint(i))
					vote(t, w.Store, click(r, rater, 5))
					w.pass(returnsWithin)
					if w.backend.rating(r, rater) != 5 {
						t.Fatalf("vote %d waits for more than %v behind the poisoned one", i, returnsWithin)
					}
				}
				poisoned := 0
				for _, c := range w.backend.seen() {
					if c.rater == "poison" {
						poisoned++
					}
				}
				if poisoned < delivery.MaxStrikes || poisoned > 2*delivery.MaxStrikes {
					t.Errorf("the poisoned item was sent %d times, want about %d", poisoned, delivery.MaxStrikes)
				}
				w.wantBacklog(0, 1)
			})
		})
	}
}

// An outage is not an item's own failure: nothing is given up in it.
func TestOutageGivesUpNothing(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		w.backend.behave(always(errDown))
		w.run(0)
		for range 30 {
			monitor(t, w.Store)
		}
		w.pass(2 * time.Hour)
		w.wantBacklog(30, 0)
	})
}
