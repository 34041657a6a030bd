package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// A backend that is enabled later gets everything that stands, and nothing that
// was taken back before.
func TestLaterBackendIsFilled(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{Settle: 10 * time.Second}, func(w *world) {
		r := monitor(t, w.Store)
		vote(t, w.Store, click(r, "stays", 4))
		vote(t, w.Store, click(r, "goes", 4))
		vote(t, w.Store, click(r, "goes", 0))
		stop := w.run(0)
		w.pass(time.Minute)
		stop()

		later := newBackend(nil)
		later.name = "later"
		w.run(0, w.backend, later)
		w.pass(time.Minute)
		for _, b := range []*backend{w.backend, later} {
			if n := len(b.seen()); n != 2 || b.rating(r, "stays") != 4 {
				t.Errorf("%s got %+v, want the response and the vote that stands", b.name, b.seen())
			}
		}
		w.wantBacklog(0, 0)
	})
}

// What changes while a backend is not enabled, or in the moments of a start
// before it is, reaches it afterwards: a changed vote, an undo, a refused one.
func TestChangesWhileDisabledArrive(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		b := newBackend(func(_ context.Context, c call) error {
			if c.rating == 3 {
				return feedback.ErrRefused
			}
			return nil
		})
		r := monitor(t, s)
		for rater, rating := range map[feedback.Rater]int{"changes": 1, "undoes": 2, "refused": 3, "stays": 4, "stays refused": 3} {
			vote(t, s, click(r, rater, rating))
		}
		deliver(t, s, b, 6)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}

		s = open(t, url, store.Options{})
		vote(t, s, click(r, "changes", 5))
		vote(t, s, click(r, "undoes", 0))
		vote(t, s, click(r, "refused", 4))
		deliver(t, s, b, 3)
		for rater, want := range map[feedback.Rater]int{"changes": 5, "undoes": 0, "refused": 4, "stays": 4, "stays refused": 0} {
			if got := b.rating(r, rater); got != want {
				t.Errorf("the backend holds the vote %d of %q, want %d", got, rater, want)
			}
		}
		if n := len(b.seen()); n != 9 {
			t.Errorf("the backend got %d attempts, want 9: nothing unchanged again", n)
		}
	})
}

// What was stored before a backend came arrives however much it is, more than
// one page; and when the database fails meanwhile, soon after.
func TestMuchIsFilled(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		const responses = 2*store.PageSize + 1
		for n := range responses {
			r := monitor(t, w.Store)
			if n%100 == 0 {
				vote(t, w.Store, click(r, "rater", 4))
			}
		}
		if _, err := w.DB().Exec(`ALTER TABLE responses RENAME TO hidden`); err != nil {
			t.Fatal(err)
		}
		w.run(0)
		w.pass(time.Minute)
		if _, err := w.DB().Exec(`ALTER TABLE hidden RENAME TO responses`); err != nil {
			t.Fatal(err)
		}
		if n := w.log.count("cannot see what the backend lacks"); n < 2 {
			t.Errorf("the log has %d lines about it, want some", n)
		}
		w.pass(time.Minute)
		if r, v := w.backend.has(); r != responses || v != responses/100+1 {
			t.Errorf("the backend holds %d responses and %d votes, want %d and %d", r, v, responses, responses/100+1)
		}
		w.wantBacklog(0, 0)
	})
}

// What is in the middle of being stored in the moment in which a backend is
// enabled is due there as well.
func TestStoredWhileEnabled(t *testing.T) {
	t.Parallel()
	s := open(t, feedbacktest.SQLite(t), store.Options{})
	entered, leave := make(chan bool), make(chan bool)
	wait := func(context.Context, store.Tx) error { entered <- true; <-leave; return nil }
	var all sync.WaitGroup
	write := func(do func() error) {
		all.Go(func() {
			if err := do(); err != nil {
				t.Error(err)
			}
		})
	}
	write(func() error { return s.Write(t.Context(), wait) })
	<-entered // the committer is busy, so what comes now waits for one transaction
	write(func() error { return s.Monitor(t.Context(), feedbacktest.NewResponse()) })
	write(func() error { return s.Write(t.Context(), wait) })
	eventually(t, "both wait", func() bool { return s.Waiting() == 2 })
	leave <- true
	<-entered // the response is stored, but not committed
	enabled := make(chan error, 1)
	go func() { enabled <- s.EnableAndFill(t.Context(), "backend") }()
	eventually(t, "Enable waits, or has ended", func() bool { return s.EnableWaits() || len(enabled) > 0 })
	if len(enabled) > 0 {
		t.Error("Enable() ended in the middle of a transaction, want it to wait")
	}
	leave <- true
	if err := <-enabled; err != nil {
		t.Error(err)
	}
	all.Wait()
	if got := rows(t, s.DB(), `SELECT COUNT(*) FROM deliveries`); got != "1\n" {
		t.Errorf("%s deliveries of one response, want 1", strings.TrimSpace(got))
	}
}

// What somebody asked to be forgotten before a backend had it never gets there,
// nor a later vote on it.
func TestForgottenIsNotFilled(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		w.backend.behave(always(errDown))
		w.run(0)
		r := monitor(t, w.Store)
		vote(t, w.Store, click(r, "rater", 5))
		w.pass(time.Minute)
		if _, err := w.Forget(w.t.Context(), r.Asker); err != nil {
			t.Fatal(err)
		}
		w.backend.behave(nil)
		vote(t, w.Store, click(r, "another", 5))
		w.pass(2 * time.Hour)
		if responses, votes := w.backend.has(); responses+votes > 0 {
			t.Errorf("the backend holds %d responses and %d votes of what must not leave any more", responses, votes)
		}
		w.wantBacklog(0, 0)
	})
}

// deliver runs a worker until there have been n outcomes and nothing is due.
func deliver(t *testing.T, s *store.Store, b feedback.Backend, n int) {
	t.Helper()
	outcomes := make(chan string, 1000)
	stop := work(s, delivery.Options{Delivered: func(_, outcome string) { outcomes <- outcome }, Drain: time.Minute}, b)
	defer stop()
	eventually(t, fmt.Sprint(n, " outcomes"), func() bool { return len(outcomes) >= n })
}

// At the end a worker sends what is due for as long as it may, waits for what
// is under way, and leaves the rest for the next start.
func TestDrain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		drain, each time.Duration
		least, most int // responses delivered
		within      time.Duration
	}{
		{10 * time.Second, time.Second, 40, 40, 6 * time.Second},
		{2500 * time.Millisecond, time.Second, 16, 24, 3 * time.Second},
		{0, time.Hour, 0, 0, time.Second},
	} {
		t.Run(fmt.Sprint(c.drain), func(t *testing.T) {
			inWorld(t, store.Options{}, func(w *world) {
				w.backend.behave(func(ctx context.Context, _ call) error {
					select {
					case <-time.After(c.each):
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				})
				for range 40 {
					monitor(t, w.Store)
				}
				stop := w.run(c.drain)
				w.pass(500 * time.Millisecond)
				began := time.Now()
				stop()
				if took := time.Since(began); took > c.within {
					t.Errorf("Run with %v to drain took %v, want at most %v", c.drain, took, c.within)
				}
				if n, _ := w.backend.has(); n < c.least || n > c.most {
					t.Errorf("Run with %v to drain delivered %d, want %d to %d", c.drain, n, c.least, c.most)
				}
				w.backend.behave(nil)
				w.run(0)
				w.pass(time.Minute)
				w.wantBacklog(0, 0)
			})
		})
	}
}
