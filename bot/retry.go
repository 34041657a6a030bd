package bot

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// retry repeats do until it succeeds, returns a [backoff.Permanent] error, or ctx
// ends. It leaves first before the second try, and twice as long before each
// further one, at most longest; failed is told before each of these waits.
func retry(ctx context.Context, first, longest time.Duration, do func() error, failed func(err error, wait time.Duration)) error {
	waits := &backoff.ExponentialBackOff{InitialInterval: first, Multiplier: 2, MaxInterval: longest}
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, do() },
		backoff.WithBackOff(waits), backoff.WithNotify(failed), backoff.WithMaxElapsedTime(0))
	return err
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
