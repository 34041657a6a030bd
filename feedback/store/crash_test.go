package store_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// An attempt that a crash cut off is made again once its lease has run out, and
// says that the one before may have arrived.
func TestCrashDuringASend(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		ctx := context.Background()
		if err := w.EnableAndFill(ctx, w.backend.name); err != nil {
			t.Fatal(err)
		}
		r := monitor(t, w.Store)
		if claimed, err := w.Claim(ctx, w.backend.name, 10); len(claimed) != 1 || err != nil {
			t.Fatalf("Claim = %d, %v, want 1", len(claimed), err)
		}
		// Here the process dies.
		w.run(0)
		w.pass(store.Lease - time.Second)
		if n := len(w.backend.seen()); n != 0 {
			t.Errorf("during the lease the backend got %d attempts, want 0", n)
		}
		w.pass(2 * time.Second)
		seen := w.backend.seen()
		if len(seen) != 1 || seen[0].response != r.ID || !seen[0].before.Unclear {
			t.Errorf("after the lease the backend has seen %+v, want the response, unclear", seen)
		}
		monitor(t, w.Store)
		w.pass(time.Second)
		if seen := w.backend.seen(); len(seen) != 2 || seen[1].before.Unclear {
			t.Errorf("a first attempt was sent as %+v, want it not unclear", seen[1:])
		}
		w.wantBacklog(0, 0)
	})
}

// The end of an attempt counts once, also when the commit that stores it is
// repeated because nobody knows its outcome; and not after its lease.
func TestEndOfAnAttemptCountsOnce(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		if err := s.EnableAndFill(t.Context(), "backend"); err != nil {
			t.Fatal(err)
		}
		monitor(t, s)
		if err := s.ClaimAndPostpone(t.Context(), "backend", 2); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, s.DB(), `SELECT attempts, leased_until FROM deliveries`); got != "0 0\n" {
			t.Errorf("attempts and lease are %q, want 0 and 0", got)
		}
	})
}

// An attempt whose answer was lost is unclear, and only that one.
func TestLostAnswerIsUnclear(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		first := true
		w.backend.behave(func(context.Context, call) error {
			if first {
				first = false
				return errLost
			}
			return nil
		})
		w.run(0)
		r := monitor(t, w.Store)
		vote(t, w.Store, click(r, "rater", 5))
		w.pass(time.Minute)
		var unclear []bool
		for _, c := range w.backend.seen() {
			unclear = append(unclear, c.before.Unclear)
		}
		if got, want := fmt.Sprint(unclear), "[false true false]"; got != want {
			t.Errorf("the attempts were unclear as %v, want %v", got, want)
		}
	})
}

// Workers of two processes share the work: each item is sent once, by one.
func TestTwoWorkersShareTheWork(t *testing.T) {
	t.Parallel()
	url := feedbacktest.Postgres(t)
	synctest.Test(t, func(t *testing.T) {
		const items = 100
		both := newBackend(func(context.Context, call) error {
			time.Sleep(time.Second)
			return nil
		})
		stores := []*store.Store{open(t, url, store.Options{}), open(t, url, store.Options{})}
		for range items {
			monitor(t, stores[0])
		}
		sent := make([]int, len(stores))
		var stops []func()
		for i, s := range stores {
			stops = append(stops, work(s, delivery.Options{Delivered: func(string, string) { sent[i]++ }}, both))
		}
		time.Sleep(time.Minute)
		for _, stop := range stops {
			stop()
		}
		if n := len(both.seen()); n != items || sent[0]+sent[1] != items {
			t.Errorf("%d items took %d attempts, %v by each worker, want one for each item", items, n, sent)
		}
		if sent[0] < items/4 || sent[1] < items/4 {
			t.Errorf("the workers sent %v, want a fair share by each", sent)
		}
		if list, err := stores[0].Backlogs(context.Background()); err != nil || len(list) != 0 {
			t.Errorf("Backlogs() = %v, %v, want none", list, err)
		}
	})
}

// Backlogs counts what each backend has not got, and how long it has waited.
func TestBacklogs(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, url, store.Options{})
			for _, name := range []string{"a", "b"} {
				if err := s.EnableAndFill(context.Background(), name); err != nil {
					t.Fatal(err)
				}
			}
			r := monitor(t, s)
			vote(t, s, click(r, "rater", 5))
			monitor(t, s)
			if _, err := s.DB().Exec(`UPDATE deliveries SET due_at = NULL, dead = 'why' WHERE backend = 'b' AND rater <> ''`); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			got, err := s.Backlogs(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				got[i].Oldest = got[i].Oldest.Round(time.Minute)
			}
			want := []store.Backlog{{Backend: "a", Pending: 3, Oldest: time.Hour}, {Backend: "b", Pending: 2, Dead: 1, Oldest: time.Hour}}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("Backlogs() = %v, want %v", got, want)
			}
		})
	})
}
