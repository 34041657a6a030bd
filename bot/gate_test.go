package bot

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"feedbackbot/feedback/store"
)

// New sessions begin some seconds apart for each of Discord's identify buckets.
func TestIdentifyGate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "feedback.db")
	synctest.Test(t, func(t *testing.T) {
		store, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		b := &Bot{store: store, log: slog.New(slog.DiscardHandler)}
		const handshake = 2 * time.Second // until Discord has got the IDENTIFY
		for concurrency, want := range map[int]time.Duration{1: 3*(identifyEvery+handshake) + handshake,
			2: identifyEvery + 2*handshake, 16: handshake} {
			start := time.Now()
			var all sync.WaitGroup
			for shard := range 4 {
				all.Go(func() {
					began, err := b.mayIdentify(t.Context(), shard, concurrency)
					if err != nil {
						t.Errorf("mayIdentify() = %v", err)
						return
					}
					time.Sleep(handshake)
					began(true)
				})
			}
			all.Wait()
			if took := time.Since(start); took < want || took > want+4*gateEvery {
				t.Errorf("4 sessions with max_concurrency %d took %v, want %v", concurrency, took, want)
			}
			time.Sleep(identifyEvery)
		}
		began, err := b.mayIdentify(t.Context(), 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		began(false) // no IDENTIFY has left, so the next one need not wait
		if _, err := b.mayIdentify(t.Context(), 0, 1); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 0 {
			t.Errorf("after a session that never began the next one waited %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.mayIdentify(ctx, 0, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("mayIdentify() = %v, want the deadline", err)
		}
	})
}
