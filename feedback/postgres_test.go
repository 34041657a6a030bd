package feedback_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
)

// A server that ends all connections costs at most the writes it interrupted.
func TestConnectionsComeBack(t *testing.T) {
	url := feedbacktest.Postgres(t)
	s, other := open(t, url, feedback.Options{}), open(t, url, feedback.Options{})
	r := monitor(t, s)
	for i := range 3 {
		if _, err := other.DB().Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
			t.Fatal(err)
		}
		for left := 1; left > 0; {
			if err := other.DB().QueryRow(`SELECT COUNT(*) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&left); err != nil {
				t.Fatal(err)
			}
		}
		vote(t, s, click(r, "rater", i+1))
		if got, err := s.Submission(t.Context(), r.ID, "rater", feedback.User); err != nil || got.Rating != i+1 {
			t.Errorf("Submission = rating %d, %v, want %d", got.Rating, err, i+1)
		}
	}
}

// However often Postgres crashes in the middle of commits, every vote that was
// acknowledged is there, and the store goes on as soon as the server does.
func TestPostgresCrashes(t *testing.T) {
	t.Parallel()
	url, crash := feedbacktest.OwnPostgres(t)
	s := open(t, url, feedback.Options{})
	r := monitor(t, s)
	const raters, crashes = 8, 3
	var acknowledged [raters]atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var voters sync.WaitGroup
	for n := range raters {
		voters.Go(func() {
			for version := int64(1); ctx.Err() == nil; version++ {
				v := click(r, feedback.Rater(fmt.Sprint("rater ", n)), 1+int(version%5))
				v.Version = version
				within, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				if _, _, err := s.Vote(within, v); err == nil {
					acknowledged[n].Store(version)
				}
				cancel()
			}
		})
	}
	goesOn := func() {
		t.Helper()
		before := acknowledged[0].Load()
		eventually(t, "votes are stored", func() bool { return acknowledged[0].Load() >= before+10 })
	}
	goesOn()
	for range crashes {
		crash()
		goesOn()
	}
	stop()
	voters.Wait()
	for n := range raters {
		got, err := s.Submission(t.Context(), r.ID, feedback.Rater(fmt.Sprint("rater ", n)), feedback.User)
		if last := acknowledged[n].Load(); err != nil || got.Version < last || got.Rating != 1+int(got.Version%5) {
			t.Errorf("rater %d has vote %d with rating %d, %v; acknowledged was %d", n, got.Version, got.Rating, err, last)
		}
	}
}
