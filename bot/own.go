package bot

import (
	"context"
	"fmt"
	"time"

	"feedbackbot/feedback"
)

// Several processes may be told to run the same shards, by mistake or so that
// one can take over. The lock of a shard decides: who has it runs the shard, the
// others stand by.

// locker is what sharing work among processes needs of the store.
type locker interface {
	TryLock(ctx context.Context, name string) (*feedback.Lock, error)
}

const (
	// standByEvery is how often a process that stands by looks whether the
	// shard has become free.
	standByEvery = time.Second
	// gateEvery is how often it is looked whether a new session may begin.
	gateEvery = 200 * time.Millisecond
)

// runShard runs a shard whenever this process has its lock, until ctx ends. It
// returns an error when Discord refuses for good.
func (b *Bot) runShard(ctx context.Context, g *gateway) error {
	for ctx.Err() == nil {
		lock := b.waitForShard(ctx, g)
		if lock == nil {
			return nil
		}
		owned, disown := context.WithCancel(ctx)
		go func() {
			select {
			case <-lock.Lost():
				g.log.Error("another process runs this shard now; stepping back")
				disown()
			case <-owned.Done():
			}
		}()
		err := b.runOwned(owned, g)
		disown()
		lock.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *Bot) runOwned(ctx context.Context, g *gateway) error {
	since := b.lastAlive(ctx, g.shard)
	b.mu.Lock()
	b.missing[g.shard] = since
	b.mu.Unlock()
	g.own(true)
	defer g.own(false)
	// Before Discord repeats those questions.
	if err := b.finishUnfinished(ctx, g.shard); err != nil {
		b.begin("recovery", func() {
			b.insistOn("read what an earlier run left unfinished", func() error { return b.finishUnfinished(ctx, g.shard) })
		})
	}
	return g.run(ctx)
}

// waitForShard returns the lock of a shard, or nil when ctx ends. While the
// database is in trouble it waits as well: without it nothing is kept.
func (b *Bot) waitForShard(ctx context.Context, g *gateway) *feedback.Lock {
	told := false
	for ctx.Err() == nil {
		lock, err := b.store.TryLock(ctx, fmt.Sprintf("shard %d", g.shard))
		switch {
		case lock != nil:
			if told {
				g.log.Info("the shard has become free, taking it over")
			}
			return lock
		case err != nil && ctx.Err() == nil:
			g.log.Error("cannot see whether another process runs this shard", "error", err)
		case !told:
			g.log.Warn("another process runs this shard; standing by")
			told = true
		}
		pause(ctx, standByEvery)
	}
	return nil
}

// mayIdentify waits until Discord allows the shard a new session: one in some
// seconds for each shard id modulo max_concurrency, in all processes together.
// began starts those seconds.
func (b *Bot) mayIdentify(ctx context.Context, shard, concurrency int) (began func(), err error) {
	name := fmt.Sprintf("identify %d", shard%concurrency)
	for ctx.Err() == nil {
		lock, err := b.store.TryLock(ctx, name)
		if lock != nil {
			// A store that closes before has let it go.
			return func() { time.AfterFunc(identifyEvery, lock.Release) }, nil
		}
		wait := gateEvery
		if err != nil && ctx.Err() == nil {
			b.log.Error("cannot see whether another process begins a session", "error", err)
			wait = standByEvery
		}
		pause(ctx, wait)
	}
	return nil, ctx.Err()
}

const identifyEvery = 6 * time.Second
