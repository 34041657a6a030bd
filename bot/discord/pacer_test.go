package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// grants lets many requests through a pacer, each in a bucket of its own, and
// returns when each left.
func grants(t *testing.T, p *pacer, n int, l Lane) []time.Time {
	t.Helper()
	var mu sync.Mutex
	var at []time.Time
	var all sync.WaitGroup
	for k := range n {
		all.Go(func() {
			key := fmt.Sprint(l, k)
			if err := p.wait(t.Context(), key, true, l); err != nil {
				t.Errorf("wait() = %v", err)
			}
			mu.Lock()
			at = append(at, time.Now())
			mu.Unlock()
			p.done(key, nil)
		})
	}
	all.Wait()
	return at
}

func limits(remaining int, resetAfter time.Duration) http.Header {
	h := http.Header{}
	h.Set("X-RateLimit-Remaining", fmt.Sprint(remaining))
	h.Set("X-RateLimit-Reset-After", fmt.Sprint(resetAfter.Seconds()))
	return h
}

// In no second do more requests leave than the global budget allows, and none
// of it is wasted.
func TestGlobalBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rps = 50
		began := time.Now()
		at := grants(t, newPacer(rps), 5*rps, Urgent)
		for k := rps; k < len(at); k++ {
			if gap := at[k].Sub(at[k-rps]); gap < time.Second {
				t.Fatalf("request %d left %v after the one %d before it, want a second", k, gap, rps)
			}
		}
		if took := time.Since(began); took > 5*globalWindow {
			t.Errorf("%d requests took %v, want at most %v", 5*rps, took, 5*globalWindow)
		}
	})
}

// A fifth of the budget is kept for what is urgent, and when both wait the
// urgent goes first.
func TestUrgentGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(10)
		var order []string
		var mu sync.Mutex
		request := func(key string, l Lane) {
			if err := p.wait(t.Context(), key, true, l); err != nil {
				t.Errorf("wait(%s) = %v", key, err)
			}
			mu.Lock()
			order = append(order, key)
			mu.Unlock()
			p.done(key, nil)
		}
		for k := range 20 {
			go request(fmt.Sprint("spare", k), Spare)
		}
		synctest.Wait()
		left := func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(order)
		}
		if n := len(left()); n != 8 {
			t.Errorf("%d optional requests left at once, want 8 of 10", n)
		}
		for k := range 4 {
			go request(fmt.Sprint("urgent", k), Urgent)
		}
		synctest.Wait()
		if n := len(left()); n != 10 {
			t.Errorf("%d requests left, want the 2 kept for urgent ones as well", n)
		}
		time.Sleep(globalWindow) // synctest's clock
		synctest.Wait()
		waiting := slices.DeleteFunc(left(), func(key string) bool { return !strings.HasPrefix(key, "urgent") })
		if len(waiting) != 4 {
			t.Errorf("after the window %d urgent requests have left, want all 4 before the others", len(waiting))
		}
		time.Sleep(3 * globalWindow)
		synctest.Wait()
		if n := len(left()); n != 24 {
			t.Errorf("%d of 24 requests left", n)
		}
	})
}

// Requests of one bucket leave one after another, and wait where its headers
// say that it is used up; other buckets do not wait for it.
func TestBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(50)
		ctx := t.Context()
		if err := p.wait(ctx, "a", true, Urgent); err != nil {
			t.Fatal(err)
		}
		second := make(chan time.Time, 1)
		began := time.Now()
		go func() {
			if p.wait(ctx, "a", true, Urgent) == nil {
				second <- time.Now()
			}
		}()
		synctest.Wait()
		if len(second) > 0 {
			t.Error("a second request of a bucket left before the first was answered")
		}
		p.done("a", limits(0, 3*time.Second))
		if err := p.wait(ctx, "b", true, Urgent); err != nil || time.Since(began) > 0 {
			t.Errorf("another bucket waited %v, %v", time.Since(began), err)
		}
		if took := (<-second).Sub(began); took != 3*time.Second {
			t.Errorf("the second request left after %v, want 3s", took)
		}
		p.done("a", limits(0, time.Second)) // out of requests again, then told to wait longer
		p.pause("a", false, 5*time.Second)
		began = time.Now()
		if err := p.wait(ctx, "a", true, Urgent); err != nil || time.Since(began) != 5*time.Second {
			t.Errorf("after a 429 a request left after %v, %v, want 5s", time.Since(began), err)
		}
	})
}

// Headers that make no sense hold nothing up.
func TestBucketWithOddHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(50)
		for _, pair := range [][2]string{{"x", "1"}, {"0", "NaN"}, {"0", "-1"}, {"", "soon"}, {"0", ""}} {
			if err := p.wait(t.Context(), "a", true, Urgent); err != nil {
				t.Fatal(err)
			}
			h := http.Header{}
			h.Set("X-RateLimit-Remaining", pair[0])
			h.Set("X-RateLimit-Reset-After", pair[1])
			p.done("a", h)
		}
		began := time.Now()
		if err := p.wait(t.Context(), "a", true, Urgent); err != nil || time.Since(began) > 0 {
			t.Errorf("waited %v, %v, want nothing", time.Since(began), err)
		}
		p.done("a", limits(0, 1e6*time.Hour))
		began = time.Now()
		if err := p.wait(t.Context(), "a", true, Urgent); err != nil || time.Since(began) != maxPause {
			t.Errorf("waited %v, %v, want no more than %v", time.Since(began), err, maxPause)
		}
	})
}

// A global pause holds back everything that counts against the global budget,
// and nothing else.
func TestGlobalPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(50)
		p.pause("", true, 4*time.Second)
		p.pause("", true, time.Second) // a shorter one does not shorten it
		began := time.Now()
		if err := p.wait(t.Context(), "webhook", false, Urgent); err != nil || time.Since(began) > 0 {
			t.Errorf("an interaction's request waited %v, %v", time.Since(began), err)
		}
		if err := p.wait(t.Context(), "a", true, Urgent); err != nil || time.Since(began) != 4*time.Second {
			t.Errorf("a message waited %v, %v, want 4s", time.Since(began), err)
		}
	})
}

// Who gives up waiting gets the reason, holds nobody up, and takes nothing.
func TestCancelledWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(50)
		if err := p.wait(t.Context(), "a", true, Urgent); err != nil {
			t.Fatal(err)
		}
		reason := errors.New("no longer wanted")
		ctx, cancel := context.WithCancelCause(t.Context())
		for range 5 {
			go func() {
				if err := p.wait(ctx, "a", true, Urgent); !errors.Is(err, reason) {
					t.Errorf("wait() = %v, want %v", err, reason)
				}
			}()
		}
		synctest.Wait()
		cancel(reason)
		synctest.Wait()
		if n := len(p.waiting[Urgent]); n != 0 {
			t.Errorf("%d still wait", n)
		}
		p.done("a", nil)
		if err := p.wait(t.Context(), "a", true, Urgent); err != nil {
			t.Errorf("wait() = %v after the others gave up", err)
		}
		p.done("a", nil)
		// A grant and the end of the context at the same moment: the grant goes back.
		for range 100 {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if p.wait(ctx, "b", false, Urgent) == nil {
				p.done("b", nil)
			}
		}
		if err := p.wait(t.Context(), "b", false, Urgent); err != nil {
			t.Errorf("wait() = %v, want the bucket free", err)
		}
	})
}

// Buckets that say nothing any more are forgotten, the others are not.
func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(1_000_000)
		for k := range 3 * manyBuckets {
			key := fmt.Sprint(k)
			if err := p.wait(t.Context(), key, false, Urgent); err != nil {
				t.Fatal(err)
			}
			h := http.Header(nil)
			if k == 0 {
				h = limits(0, time.Hour)
			}
			p.done(key, h)
		}
		if n := len(p.buckets); n > manyBuckets {
			t.Errorf("%d buckets are kept, want at most %d", n, manyBuckets)
		}
		if p.buckets["0"] == nil {
			t.Error("a used up bucket was forgotten")
		}
	})
}
