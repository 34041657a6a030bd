package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// onEach runs a benchmark on both databases.
func onEach(b *testing.B, bench func(b *testing.B, s *store.Store)) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": feedbacktest.SQLite, "postgres": feedbacktest.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := open(b, url(b), store.Options{})
			if err := s.EnableAndFill(b.Context(), "backend"); err != nil {
				b.Fatal(err)
			}
			bench(b, s)
		})
	}
}

// BenchmarkVote stores one vote after the other, each in a commit of its own.
func BenchmarkVote(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		r := monitor(b, s)
		n := 0
		for b.Loop() {
			n++
			vote(b, s, click(r, feedback.Rater(fmt.Sprint(n)), 5))
		}
	})
}

// BenchmarkVoteStorm stores the votes of 10,000 people who click at once, and
// reports how long half of them and the slowest hundredth waited.
func BenchmarkVoteStorm(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		const raters = 10_000
		var all []time.Duration
		for b.Loop() {
			r := monitor(b, s)
			waits := make([]time.Duration, raters)
			start := make(chan bool)
			var done sync.WaitGroup
			for i := range raters {
				v := click(r, feedback.Rater(fmt.Sprintf("%032d", i)), 5)
				done.Go(func() {
					<-start
					began := time.Now()
					if _, _, err := s.Vote(context.Background(), v); err != nil {
						b.Error(err)
					}
					waits[i] = time.Since(began)
				})
			}
			close(start)
			done.Wait()
			all = append(all, waits...)
		}
		slices.Sort(all)
		b.ReportMetric(all[len(all)/2].Seconds()*1000, "p50-ms")
		b.ReportMetric(all[len(all)*99/100].Seconds()*1000, "p99-ms")
	})
}

// BenchmarkClaimBacklog claims from 100,000 pending votes: whose response has
// been delivered, and whose response still waits for its next attempt.
func BenchmarkClaimBacklog(b *testing.B) {
	for _, state := range []string{"ready", "blocked"} {
		b.Run(state, func(b *testing.B) {
			onEach(b, func(b *testing.B, s *store.Store) {
				const pending = 100_000
				r := monitor(b, s)
				vote(b, s, click(r, "first", 5))
				if _, err := s.DB().Exec(strings.ReplaceAll(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $N)
					INSERT INTO deliveries (backend, response_id, rater, source, wanted_rev, delivered_rev, remote_id, due_at,
						leased_until, attempts, strikes, tried_at, dead, last_error, changed_at)
					SELECT backend, response_id, 'rater ' || i, source, 1, 0, '', due_at, 0, 0, 0, 0, '', '', changed_at
					FROM deliveries, n WHERE rater = 'first'`, "$N", fmt.Sprint(pending))); err != nil {
					b.Fatal(err)
				}
				change, want := `UPDATE deliveries SET due_at = changed_at WHERE rater <> ''`, delivery.Parallel
				if state == "blocked" {
					change, want = `UPDATE deliveries SET due_at = due_at + 86400000, attempts = 1 WHERE rater = ''`, 0
				}
				if _, err := s.DB().Exec(change); err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					claimed, err := s.Claim(b.Context(), "backend", delivery.Parallel)
					n := len(claimed)
					if err != nil || n != want {
						b.Fatalf("Claim = %d, %v, want %d", n, err, want)
					}
					if want == 0 {
						if _, err := s.NextReady(b.Context(), "backend"); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		})
	}
}

// BenchmarkDrain delivers answers that have a vote each, of which many wait. What
// an item costs must not grow with how many there are.
func BenchmarkDrain(b *testing.B) {
	for _, answers := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(answers), func(b *testing.B) {
			onEach(b, func(b *testing.B, s *store.Store) {
				for _, kind := range []string{"'', '', 1, 0, '', 1", "'rater', 'user', 1, 0, '', " + fmt.Sprint(int64(1)<<60)} {
					if _, err := s.DB().Exec(fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
						INSERT INTO deliveries (backend, response_id, rater, source, wanted_rev, delivered_rev, remote_id, due_at,
							leased_until, attempts, strikes, tried_at, dead, last_error, changed_at)
						SELECT 'backend', 'response ' || i, %s, 0, 0, 0, 0, '', '', 1 FROM n`, answers, kind)); err != nil {
						b.Fatal(err)
					}
				}
				var due []feedback.Delivery
				for b.Loop() {
					if len(due) == 0 {
						var err error
						if due, err = s.Claim(b.Context(), "backend", delivery.Parallel); err != nil || len(due) == 0 {
							b.Fatalf("Claim() = %d, %v", len(due), err)
						}
					}
					if err := s.SettleDelivery(b.Context(), due[0], feedback.Settlement{RemoteID: "remote"}); err != nil {
						b.Fatal(err)
					}
					due = due[1:]
				}
			})
		})
	}
}
