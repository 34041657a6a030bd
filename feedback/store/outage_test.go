package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/store"
)

// returnsWithin is the promise: so long after a backend is back, its backlog
// has started to drain.
const returnsWithin = 20 * time.Second

// A backend is sent no more in a second than is set, whatever waits for it.
func TestRate(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		for range 100 {
			monitor(t, w.Store)
		}
		stop := work(w.Store, delivery.Options{Rate: 2}, w.backend)
		w.pass(20 * time.Second)
		stop()
		calls := w.backend.seen()
		if n := len(calls); n < 40 || n > 40+2*delivery.Parallel {
			t.Errorf("%d items in 20 s, want about 2 a second after the first %d", n, delivery.Parallel)
		}
	})
}

// However long a backend is away, in whatever manner, nothing is lost, it is
// not stormed meanwhile, and its backlog drains soon after it is back. Set
// FEEDBACK_OUTAGE=168h for a week with 100,000 votes and a day with 10,000.
func TestOutage(t *testing.T) {
	t.Parallel()
	long, many, aDay := 3*time.Hour, 60, 120
	if text := os.Getenv("FEEDBACK_OUTAGE"); text != "" {
		var err error
		if long, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
		many, aDay = 11112, 1112
	}
	for name, c := range map[string]struct {
		script    func(context.Context, call) error
		responses int // each with nine votes
		outage    time.Duration
	}{
		"down":                   {always(errDown), many, long},
		"down, one response":     {always(errDown), 1, 61 * time.Minute},
		"hangs":                  {hang, 20, 6 * time.Hour},
		"hangs, one response":    {hang, 1, 62 * time.Minute},
		"takes, answers nothing": {func(ctx context.Context, c call) error { return errors.Join(hang(ctx, c), errLost) }, 5, time.Hour},
		"a day":                  {always(errDown), aDay, 24 * time.Hour},
		"down shortly":           {always(errDown), 2, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, store.Options{}, func(w *world) { outage(t, w, c.script, c.responses, c.outage) })
		})
	}
}

func outage(t *testing.T, w *world, script func(context.Context, call) error, responses int, length time.Duration) {
	w.backend.behave(script)
	w.run(0)
	const raters = 9
	list := make([]feedback.Response, responses)
	for i := range list {
		list[i] = monitor(t, w.Store)
		for rater := range raters {
			vote(t, w.Store, click(list[i], feedback.Rater(fmt.Sprint(rater)), 1))
		}
	}
	w.pass(length / 2)
	vote(t, w.Store, click(list[0], "0", 4)) // a change of mind in the middle
	w.pass(length / 2)
	w.wantBacklog(int64(responses*(1+raters)), 0)
	before := len(w.backend.seen())
	if most := 16 + int(length/(5*time.Second)); before > most {
		t.Errorf("in %v of outage the backend got %d attempts, want at most %d", length, before, most)
	}

	w.backend.behave(nil)
	w.pass(returnsWithin)
	drained := 0
	for _, c := range w.backend.seen()[before:] {
		if c.rater != "" {
			drained++
		}
	}
	if drained == 0 {
		t.Errorf("%v after its return the backend has got no vote yet", returnsWithin)
	}
	w.pass(2 * time.Minute)
	w.wantBacklog(0, 0)
	if r, v := w.backend.has(); r != responses || v != responses*raters {
		t.Errorf("the backend holds %d responses and %d votes, want %d and %d", r, v, responses, responses*raters)
	}
	if got := w.backend.rating(list[0], "0"); got != 4 {
		t.Errorf("the backend holds %d, want the vote that was changed to 4 during the outage", got)
	}
}

// A key that is not accepted pauses the backend for an hour at a time, with one
// line in the log for each, and costs no item anything.
func TestUnauthorizedPauses(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		w.backend.behave(always(fmt.Errorf("401: %w", feedback.ErrUnauthorized)))
		w.run(0)
		for range 20 {
			monitor(t, w.Store)
		}
		w.pass(time.Minute)
		first := len(w.backend.seen())
		if first == 0 || first > delivery.Parallel {
			t.Errorf("the backend got %d attempts, want 1 to %d", first, delivery.Parallel)
		}
		for range 30 {
			monitor(t, w.Store) // new work is no reason to try again
			w.pass(time.Minute)
		}
		if got := len(w.backend.seen()); got != first {
			t.Errorf("within the hour the backend got %d attempts, want no more than the %d", got, first)
		}
		if got := w.log.count("level=ERROR"); got != 1 {
			t.Errorf("the log has %d errors, want 1", got)
		}
		w.pass(24 * time.Hour)
		if got := len(w.backend.seen()); got < 20 || got > 26*delivery.Parallel {
			t.Errorf("in a day the backend got %d attempts, want about %d an hour at most", got, delivery.Parallel)
		}
		if got := w.log.count("level=ERROR"); got < 20 || got > 26 {
			t.Errorf("in a day the log got %d errors, want one an hour", got)
		}
		w.backend.behave(nil)
		w.pass(time.Hour + time.Minute)
		w.wantBacklog(0, 0)
		for _, c := range w.backend.seen() {
			if c.before.Unclear {
				t.Fatal("an item was sent as unclear after a 401, which takes nothing")
			}
		}
	})
}

// The patience that a backend asks for ends with no success of another item.
func TestRetryAfterOutlastsSuccesses(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{}, func(w *world) {
		var attempts atomic.Int64
		w.backend.behave(func(context.Context, call) error {
			if attempts.Add(1) == 1 {
				return &feedback.RetryError{After: 2 * time.Minute, Err: errors.New("429")}
			}
			time.Sleep(time.Second)
			return nil
		})
		for range 40 {
			monitor(t, w.Store)
		}
		w.run(0)
		w.pass(time.Minute)
		if n := len(w.backend.seen()); n > delivery.Parallel {
			t.Errorf("%d attempts in the minutes for which patience was asked, want the %d that were under way", n, delivery.Parallel)
		}
		w.pass(2 * time.Minute)
		w.wantBacklog(0, 0)
	})
}

// A backend that asks for patience gets it, within reason.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		asked     time.Duration
		least     time.Duration
		atMost    time.Duration
		perMinute int
	}{
		{2 * time.Minute, 2 * time.Minute, 2*time.Minute + time.Second, delivery.Parallel},
		{24 * time.Hour, 10 * time.Minute, 10*time.Minute + time.Second, delivery.Parallel},
		{0, 0, returnsWithin, 100 * delivery.Parallel},
		{-time.Hour, 0, returnsWithin, 100 * delivery.Parallel},
	} {
		t.Run(fmt.Sprint(c.asked), func(t *testing.T) {
			inWorld(t, store.Options{}, func(w *world) {
				w.backend.behave(always(&feedback.RetryError{After: c.asked, Err: errors.New("429")}))
				began := time.Now()
				for range 20 {
					monitor(t, w.Store)
				}
				w.run(0)
				w.pass(time.Minute - time.Millisecond)
				if n := len(w.backend.seen()); n > c.perMinute {
					t.Errorf("a backend that asks for %v got %d attempts in a minute, want at most %d", c.asked, n, c.perMinute)
				}
				w.backend.behave(nil)
				before := len(w.backend.seen())
				w.pass(c.atMost)
				seen := w.backend.seen()
				if len(seen) == before {
					t.Fatalf("a backend that asked for %v got no other attempt within %v", c.asked, c.atMost)
				}
				if waited := seen[before].at.Sub(began); waited < c.least {
					t.Errorf("a backend that asked for %v got the next attempt after %v, want %v", c.asked, waited, c.least)
				}
				w.pass(time.Minute)
				w.wantBacklog(0, 0)
			})
		})
	}
}
