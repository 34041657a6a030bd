package bot

import (
	"context"
	"testing"
	"time"
)

// While missed messages are fetched the shard counts as connected no later than
// the gap's beginning: should this process die, the next one looks there again.
func TestAGapThatIsLookedIntoStaysOne(t *testing.T) {
	b, err := New(Options{APIURL: "http://discord.invalid"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.requests, b.models, b.intake = t.Context(), t.Context(), t.Context()
	now := time.Now()
	long, short := now.Add(-time.Minute), now.Add(-time.Second)
	looked := map[time.Time]chan struct{}{long: make(chan struct{}), short: make(chan struct{})}
	for since, done := range looked {
		b.beginCatchingUp(1, since, func() { <-done })
	}
	for _, step := range []struct {
		done, want time.Time
	}{{want: long}, {done: long, want: short}, {done: short, want: now}} {
		if done := looked[step.done]; done != nil {
			close(done)
			for b.caughtUp(1, now).Equal(step.done) {
				if context.Cause(t.Context()) != nil {
					t.Fatal("the gap stays for ever")
				}
			}
		}
		if got := b.caughtUp(1, now); !got.Equal(step.want) {
			t.Errorf("caughtUp() = %v ago, want %v", now.Sub(got), now.Sub(step.want))
		}
		if got := b.caughtUp(2, now); !got.Equal(now) {
			t.Errorf("another shard's caughtUp() = %v ago, want 0", now.Sub(got))
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	b.intake = stopped
	b.beginCatchingUp(3, long, stop)
	b.running.Wait()
	if got := b.caughtUp(3, now); !got.Equal(long) {
		t.Errorf("after a stop meanwhile caughtUp() = %v ago, want %v", now.Sub(got), now.Sub(long))
	}
}
