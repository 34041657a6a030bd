package store_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// What was refused is counted with its reasons, and can be tried again: the
// responses first, then the votes on them.
func TestRetry(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		w.backend.behave(func(context.Context, call) error { return fmt.Errorf("422 no: %w", feedback.ErrRefused) })
		stop := w.run(0)
		r := monitor(t, w.Store)
		vote(t, w.Store, click(r, "rater", 5))
		w.pass(time.Minute)
		got, err := w.Summaries(w.t.Context())
		if err != nil || len(got) != 1 || got[0].Backend != "backend" || got[0].Refused != 2 || got[0].Pending != 0 || got[0].Delivered != 0 ||
			len(got[0].Reasons) != 2 || got[0].Reasons[0].Items != 1 {
			t.Errorf("Summaries() = %+v, %v, want two refusals", got, err)
		}
		if n, err := w.Retry(w.t.Context(), "another"); n != 0 || err != nil {
			t.Errorf("Retry(another) = %d, %v, want 0", n, err)
		}
		w.backend.behave(nil)
		if n, err := w.Retry(w.t.Context(), ""); n != 2 || err != nil {
			t.Errorf("Retry() = %d, %v, want 2", n, err)
		}
		w.pass(time.Minute)
		w.wantBacklog(0, 0)
		if got := w.backend.rating(r, "rater"); got != 5 {
			t.Errorf("the backend holds %d, want the vote", got)
		}
		stop()
		got, err = w.Summaries(w.t.Context())
		if err != nil || len(got) != 1 || got[0].Delivered != 2 || got[0].Refused != 0 {
			t.Errorf("Summaries() = %+v, %v, want two deliveries", got, err)
		}
	})
}

// A vote that came after its response was refused waits for it when it is tried
// again.
func TestRetryKeepsTheOrder(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{Settle: 10 * time.Second}, func(w *world) {
		w.backend.behave(always(fmt.Errorf("422: %w", feedback.ErrRefused)))
		w.run(0)
		r := monitor(t, w.Store)
		w.pass(time.Second)
		w.wantBacklog(0, 1)
		vote(t, w.Store, click(r, "rater", 5)) // settles
		w.backend.behave(func(_ context.Context, c call) error {
			if c.rater == "" {
				return errDown
			}
			return nil
		})
		if n, err := w.Retry(w.t.Context(), "backend"); n != 1 || err != nil {
			t.Fatalf("Retry() = %d, %v, want 1", n, err)
		}
		w.pass(time.Minute)
		if _, votes := w.backend.has(); votes != 0 {
			t.Error("the vote was sent before its response")
		}
		w.backend.behave(nil)
		w.pass(time.Minute)
		w.wantBacklog(0, 0)
	})
}

// A backfill sends what was answered since a time once more, each response
// before its votes, and nothing older; a backend that recognises it has one copy.
func TestBackfill(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		w.run(0)
		old := monitor(t, w.Store)
		vote(t, w.Store, click(old, "rater", 5))
		w.pass(time.Hour)
		since := time.Now()
		r := monitor(t, w.Store)
		vote(t, w.Store, click(r, "rater", 2))
		w.pass(time.Minute)
		before := len(w.backend.seen())
		if n, err := w.Backfill(w.t.Context(), "backend", since); n != 2 || err != nil {
			t.Errorf("Backfill() = %d, %v, want 2", n, err)
		}
		w.pass(time.Minute)
		again := w.backend.seen()[before:]
		if len(again) != 2 || again[0].response != r.ID || again[0].rater != "" || again[1].rater != "rater" {
			t.Errorf("sent %+v, want the response, then its vote", again)
		}
		if responses, votes := w.backend.has(); responses != 2 || votes != 2 {
			t.Errorf("the backend holds %d responses and %d votes, want 2 and 2", responses, votes)
		}
	})
}

// A worker that has nothing to do finds what another process has made due.
func TestAnotherProcessMakesDue(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		w.backend.behave(func(context.Context, call) error { return fmt.Errorf("422 no: %w", feedback.ErrRefused) })
		w.run(0)
		monitor(t, w.Store)
		w.pass(time.Minute)
		w.backend.behave(nil)
		if _, err := w.DB().Exec(`UPDATE deliveries SET dead = '', due_at = 1`); err != nil {
			t.Fatal(err)
		}
		w.pass(6 * time.Second)
		if responses, _ := w.backend.has(); responses != 1 {
			t.Errorf("the backend holds %d responses some seconds later, want 1", responses)
		}
	})
}

// The same on both databases.
func TestManageOnBothDatabases(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, url, store.Options{})
			b := newBackend(func(context.Context, call) error { return fmt.Errorf("422 no: %w", feedback.ErrRefused) })
			r := monitor(t, s)
			vote(t, s, click(r, "rater", 5))
			for _, want := range []store.Summary{{Refused: 2}, {Delivered: 2}} {
				stop := work(s, delivery.Options{}, b)
				var got []store.Summary
				eventually(t, fmt.Sprintf("%+v", want), func() bool {
					var err error
					if got, err = s.Summaries(context.Background()); err != nil {
						t.Fatal(err)
					}
					return len(got) == 1 && got[0].Refused == want.Refused && got[0].Delivered == want.Delivered && got[0].Pending == 0
				})
				stop()
				if len(got) != 1 || got[0].Refused != want.Refused || got[0].Delivered != want.Delivered {
					t.Fatalf("Summaries() = %+v, want %+v", got, want)
				}
				b.behave(nil)
				if _, err := s.Retry(context.Background(), "backend"); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := s.Backfill(context.Background(), "backend", r.FinishedAt); err != nil || n != 2 {
				t.Errorf("Backfill() = %d, %v, want 2", n, err)
			}
			if n, err := s.Backfill(context.Background(), "backend", r.FinishedAt.Add(time.Second)); err != nil || n != 0 {
				t.Errorf("Backfill() of the future = %d, %v, want 0", n, err)
			}
		})
	})
}

// An outage on either database: what waited arrives, each vote once, with what
// changed meanwhile.
func TestOutageOnBothDatabases(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, url, store.Options{})
			b := newBackend(always(errDown))
			const responses, raters = 20, 9
			var last feedback.Response
			for range responses {
				last = monitor(t, s)
				for n := range raters {
					vote(t, s, click(last, feedback.Rater(fmt.Sprint(n)), 1))
				}
			}
			stop := work(s, delivery.Options{}, b)
			eventually(t, "a few attempts", func() bool { return len(b.seen()) >= 3 })
			vote(t, s, click(last, "0", 4)) // a change of mind
			b.behave(nil)
			eventually(t, "everything has arrived", func() bool { r, v := b.has(); return r == responses && v == responses*raters })
			eventually(t, "nothing is left", func() bool {
				list, err := s.Backlogs(context.Background())
				return err == nil && len(list) == 0
			})
			stop()
			if got := b.rating(last, "0"); got != 4 {
				t.Errorf("the backend holds %d, want the changed vote's 4", got)
			}
			b.wantNoOverlap(t)
		})
	})
}
