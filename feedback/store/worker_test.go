package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// world is a store, its backend and a worker between them, in a bubble of fake
// time. Nothing in it waits for real time.
type world struct {
	*store.Store
	t       *testing.T
	backend *backend
	log     logged
	mu      sync.Mutex
	told    map[string]int // outcomes that the worker reported
}

// logged collects log lines.
type logged struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// inWorld runs test in a bubble with a SQLite database that does not wait for
// the disk, which fake time has no use for.
func inWorld(t *testing.T, options store.Options, test func(w *world)) {
	t.Helper()
	url := feedbacktest.SQLite(t)
	synctest.Test(t, func(t *testing.T) {
		w := &world{Store: open(t, url, options), t: t, backend: newBackend(nil), told: map[string]int{}}
		if _, err := w.DB().Exec(`PRAGMA synchronous = OFF`); err != nil {
			t.Fatal(err)
		}
		test(w)
		w.backend.wantNoOverlap(t)
	})
}

// run starts a worker. stop ends its context and waits for it.
func (w *world) run(drain time.Duration, backends ...feedback.Backend) (stop func()) {
	if len(backends) == 0 {
		backends = []feedback.Backend{w.backend}
	}
	stop = sync.OnceFunc(work(w.Store, delivery.Options{
		Drain: drain,
		Log:   slog.New(slog.NewTextHandler(&w.log, nil)),
		Delivered: func(_, outcome string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told[outcome]++
		},
	}, backends...))
	w.t.Cleanup(stop)
	return stop
}

// outcomes returns how often the worker reported an outcome.
func (w *world) outcomes(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.told[name]
}

// pass lets time go by, and everything come to rest.
func (w *world) pass(d time.Duration) {
	time.Sleep(d) // fake time
	synctest.Wait()
}

// backlog returns the pending and the dead items.
func (w *world) backlog() (pending, dead int64) {
	w.t.Helper()
	list, err := w.Backlogs(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, b := range list {
		pending, dead = pending+b.Pending, dead+b.Dead
	}
	return pending, dead
}

func (w *world) wantBacklog(pending, dead int64) {
	w.t.Helper()
	if p, d := w.backlog(); p != pending || d != dead {
		w.t.Errorf("the backlog is %d pending and %d dead, want %d and %d", p, d, pending, dead)
	}
}

// A response goes before its votes, also when it takes several attempts.
func TestResponseGoesFirst(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		failures := 0
		w.backend.behave(func(_ context.Context, c call) error {
			if c.rater == "" && failures < 2 {
				failures++
				return errDown
			}
			return nil
		})
		w.run(0)
		r := monitor(t, w.Store)
		for i := range 20 {
			vote(t, w.Store, click(r, feedback.Rater(fmt.Sprint(i)), 5))
		}
		w.pass(time.Minute)
		arrived := false
		for i, c := range w.backend.seen() {
			arrived = arrived || i == failures && c.rater == ""
			if c.rater != "" && (!arrived || c.before.ResponseRemoteID != "remote "+r.ID) {
				t.Fatalf("attempt %d is vote %s with the remote id %q, want it after its response", i, c.rater, c.before.ResponseRemoteID)
			}
		}
		if _, votes := w.backend.has(); votes != 20 {
			t.Errorf("the backend holds %d votes, want 20", votes)
		}
		w.wantBacklog(0, 0)
	})
}

// A vote rests before it leaves; a change or an undo in that time takes its
// place.
func TestVotesRest(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{Settle: 10 * time.Second}, func(w *world) {
		w.run(0)
		r := monitor(t, w.Store)
		vote(t, w.Store, click(r, "changes", 1))
		vote(t, w.Store, click(r, "undoes", 1))
		w.pass(8 * time.Second)
		vote(t, w.Store, click(r, "changes", 5))
		vote(t, w.Store, click(r, "undoes", 0))
		w.pass(9 * time.Second)
		if n := len(w.backend.seen()); n != 1 {
			t.Errorf("9 s after the last click the backend has seen %d attempts, want the response's alone", n)
		}
		w.pass(2 * time.Second)
		if got := w.backend.seen(); len(got) != 2 || got[1].rater != "changes" || got[1].rating != 5 {
			t.Errorf("the backend has seen %+v, want the response and the changed vote", got)
		}
		w.pass(time.Hour)
		w.wantBacklog(0, 0)
		if n := w.outcomes("skipped"); n != 1 {
			t.Errorf("the worker reported %d skipped, want 1", n)
		}
		vote(t, w.Store, click(r, "undoes", 3)) // and decides once more
		w.pass(time.Minute)
		if got := w.backend.rating(r, "undoes"); got != 3 {
			t.Errorf("after another vote the backend holds %d, want 3", got)
		}
	})
}

// A vote that changes while it is being sent is sent again as it then is.
func TestChangeDuringASend(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]error{"taken": nil, "lost": errLost, "failed": errDown, "refused": feedback.ErrRefused} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, store.Options{}, func(w *world) {
				r := monitor(t, w.Store)
				vote(t, w.Store, click(r, "rater", 1))
				w.backend.behave(func(_ context.Context, c call) error {
					if c.rating == 1 {
						time.Sleep(5 * time.Second)
						return during
					}
					return nil
				})
				w.run(0)
				w.pass(time.Second)
				vote(t, w.Store, click(r, "rater", 4))
				w.pass(2 * time.Minute)
				if got := w.backend.rating(r, "rater"); got != 4 {
					t.Errorf("the backend holds %d, want the later vote's 4", got)
				}
				w.wantBacklog(0, 0)
			})
		})
	}
}

// An undo after delivery is delivered too.
func TestUndoAfterDelivery(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		w.run(0)
		r := monitor(t, w.Store)
		vote(t, w.Store, click(r, "rater", 1))
		w.pass(time.Second)
		vote(t, w.Store, click(r, "rater", 0))
		w.pass(time.Second)
		if _, votes := w.backend.has(); votes != 0 {
			t.Errorf("the backend holds %d votes, want none", votes)
		}
		seen := w.backend.seen()
		if last := seen[len(seen)-1]; len(seen) != 3 || last.before.RemoteID != "remote rater" || last.before.Rev != 1 {
			t.Errorf("the last of %d attempts was %+v, want the third to be the undo, with the remote id and revision of the vote", len(seen), last)
		}
	})
}

// When there is nothing to do the worker does nothing, not even look.
func TestIdleWorkerLooksSeldom(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		w.run(0)
		vote(t, w.Store, click(monitor(t, w.Store), "rater", 5))
		w.pass(time.Minute)
		// From here on every look at the deliveries would be logged as an error.
		if _, err := w.DB().Exec(`ALTER TABLE deliveries RENAME TO hidden`); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Hour)
		if n := w.log.count("level=ERROR"); n > 500 { // after an error it looks again sooner
			t.Errorf("the idle worker looked into the database %d times in an hour, want one look in some seconds", n)
		}
		if _, err := w.DB().Exec(`ALTER TABLE hidden RENAME TO deliveries`); err != nil {
			t.Fatal(err)
		}
		vote(t, w.Store, click(monitor(t, w.Store), "rater", 5))
		w.pass(time.Second)
		if _, votes := w.backend.has(); votes != 2 {
			t.Errorf("after the idle hour the backend holds %d votes, want 2", votes)
		}
	})
}

// A panic in a backend is that item's failure, not the end of the worker.
func TestPanicIsAFailure(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		var once atomic.Bool
		w.backend.behave(func(context.Context, call) error {
			if !once.Swap(true) {
				panic("seeded")
			}
			return nil
		})
		w.run(0)
		monitor(t, w.Store)
		w.pass(time.Minute)
		if responses, _ := w.backend.has(); responses != 1 || w.outcomes("retry") != 1 {
			t.Errorf("the backend holds %d responses after %d retries, want 1 after one", responses, w.outcomes("retry"))
		}
	})
}

// A refusal of our key that concerns one item only, as a firewall's of a text, is
// that item's: nobody else waits for it.
func TestFirewallStopsNobodyElse(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		disliked := feedbacktest.NewResponse().ID
		w.backend.behave(func(_ context.Context, c call) error {
			if c.response == disliked {
				return fmt.Errorf("403 for <script>: %w", feedback.ErrUnauthorized)
			}
			return nil
		})
		w.run(0)
		bad := feedbacktest.NewResponse()
		bad.ID = disliked
		if err := w.Monitor(w.t.Context(), bad); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			vote(t, w.Store, click(monitor(t, w.Store), "rater", 5))
		}
		w.pass(time.Minute)
		if responses, votes := w.backend.has(); responses != 3 || votes != 3 {
			t.Errorf("a minute later the backend holds %d responses and %d votes, want 3 and 3", responses, votes)
		}
		w.wantBacklog(0, 1)
	})
}

// When our own database fails, the backend is not to blame, and nobody believes
// that something was sent.
func TestOwnDatabaseFails(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		w.run(0)
		r := monitor(t, w.Store)
		w.pass(time.Minute)
		vote(t, w.Store, click(r, "rater", 5))
		if _, err := w.DB().Exec(`ALTER TABLE responses RENAME TO hidden`); err != nil {
			t.Fatal(err)
		}
		w.pass(10 * time.Minute)
		if _, err := w.DB().Exec(`ALTER TABLE hidden RENAME TO responses`); err != nil {
			t.Fatal(err)
		}
		if n := w.log.count("does not answer"); n != 0 {
			t.Error("the backend is said not to answer")
		}
		vote(t, w.Store, feedback.Vote{ResponseID: r.ID, Rater: "rater", Source: feedback.User, Version: clock.Add(1)})
		w.pass(time.Hour)
		w.wantBacklog(0, 0)
		if n := len(w.backend.seen()); n != 1 {
			t.Errorf("%d attempts, want the response's alone: the vote was taken back before it was sent", n)
		}
	})
}
