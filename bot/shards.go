package bot

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

// Shards says which shards this process runs. The zero value means all that
// Discord recommends.
type Shards struct{ First, Last, Total int }

// ParseShards reads "auto", "first-last/total", or "part:parts/total": as in
// 0:2/8, the first of two equal parts of eight shards.
func ParseShards(text string) (Shards, error) {
	if text == "auto" || text == "" {
		return Shards{}, nil
	}
	wrong := fmt.Errorf("%q is neither auto nor first-last/total, as in 0-3/8, nor part:parts/total, as in 0:2/8", text)
	list, ofAll, _ := strings.Cut(text, "/")
	total, err := strconv.Atoi(ofAll)
	if err != nil || total < 1 {
		return Shards{}, wrong
	}
	number, ofParts, isPart := strings.Cut(list, ":")
	if isPart {
		part, err1 := strconv.Atoi(number)
		parts, err2 := strconv.Atoi(ofParts)
		if err1 != nil || err2 != nil || part < 0 || part >= parts || parts > total {
			return Shards{}, wrong
		}
		return Shards{First: total * part / parts, Last: total*(part+1)/parts - 1, Total: total}, nil
	}
	first, last, isRange := strings.Cut(list, "-")
	if !isRange {
		last = first
	}
	s := Shards{Total: total}
	var err1, err2 error
	s.First, err1 = strconv.Atoi(first)
	s.Last, err2 = strconv.Atoi(last)
	if err1 != nil || err2 != nil || s.First < 0 || s.Last < s.First || s.Last >= s.Total {
		return Shards{}, wrong
	}
	return s, nil
}

// Several processes may be told to run the same shards, by mistake or so that
// one can take over. The lock of a shard decides: who has it runs the shard, the
// others stand by.

// locker is what sharing work among processes needs of the store.
type locker interface {
	TryLock(ctx context.Context, name string) (feedback.Lock, error)
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
func (b *Bot) runShard(ctx context.Context, g *discord.Gateway) error {
	for ctx.Err() == nil {
		lock := b.waitForShard(ctx, g)
		if lock == nil {
			return nil
		}
		owned, disown := context.WithCancel(ctx)
		go func() {
			select {
			case <-lock.Lost():
				g.Log.Error("another process runs this shard now; stepping back")
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

func (b *Bot) runOwned(ctx context.Context, g *discord.Gateway) error {
	since := b.lastAlive(ctx, g.Shard)
	b.mu.Lock()
	b.missing[g.Shard] = since
	b.mu.Unlock()
	g.Own(true)
	defer g.Own(false)
	// Before Discord repeats those questions.
	if err := b.finishUnfinished(ctx, g.Shard); err != nil {
		b.begin("recovery", func() {
			b.insistOn("read what an earlier run left unfinished", func() error { return b.finishUnfinished(ctx, g.Shard) })
		})
	}
	return g.Run(ctx)
}

// waitForShard returns the lock of a shard, or nil when ctx ends. While the
// database is in trouble it waits as well: without it nothing is kept.
func (b *Bot) waitForShard(ctx context.Context, g *discord.Gateway) feedback.Lock {
	told := false
	for ctx.Err() == nil {
		lock, err := b.store.TryLock(ctx, fmt.Sprintf("shard %d", g.Shard))
		switch {
		case lock != nil:
			if told {
				g.Log.Info("the shard has become free, taking it over")
			}
			return lock
		case err != nil && ctx.Err() == nil:
			g.Log.Error("cannot see whether another process runs this shard", "error", err)
		case !told:
			g.Log.Warn("another process runs this shard; standing by")
			told = true
		}
		pause(ctx, standByEvery)
	}
	return nil
}

// mayIdentify waits until Discord allows the shard a new session: one in some
// seconds for each shard id modulo max_concurrency, in all processes together.
// began starts those seconds, if an IDENTIFY has left.
func (b *Bot) mayIdentify(ctx context.Context, shard, concurrency int) (began func(identified bool), err error) {
	name := fmt.Sprintf("identify %d", shard%concurrency)
	for ctx.Err() == nil {
		lock, err := b.store.TryLock(ctx, name)
		if lock != nil {
			return func(identified bool) {
				if !identified {
					lock.Release()
					return
				}
				time.AfterFunc(identifyEvery, lock.Release) // a store that closes before has let it go
			}, nil
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

// identifyEvery is Discord's pace, 5 s, and a little more: what leaves so far apart
// may arrive closer together.
const identifyEvery = 5250 * time.Millisecond

func (b *Bot) gatewayInfo(ctx context.Context) (info discord.GatewayInfo, err error) {
	err = b.insist(ctx, func() error {
		info, err = b.out.GatewayInfo(ctx)
		return err
	})
	return info, err
}

// planShards makes a gateway for each shard of this process.
func (b *Bot) planShards(ctx context.Context) ([]*discord.Gateway, error) {
	info, err := b.gatewayInfo(ctx)
	if err != nil {
		return nil, err
	}
	s := b.options.Shards
	if s.Total == 0 {
		s = Shards{First: 0, Last: max(info.Shards, 1) - 1, Total: max(info.Shards, 1)}
	}
	concurrency := max(info.Limit.MaxConcurrency, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total = s.Total
	for id := s.First; id <= s.Last; id++ {
		first := true
		b.shards = append(b.shards, &discord.Gateway{
			Shard: id, Total: s.Total, Content: b.options.MessageContent == ContentOn, Out: b.out, Log: b.log.With("shard", id),
			OnReady: func(lastGood time.Time) {
				b.protect("ready", nil, func() { b.onReady(id, lastGood) })
			},
			OnEvent: func(e discord.Event) {
				b.protect("event", nil, func() { b.onEvent(id, e) })
			},
			Identify: func(ctx context.Context) (func(bool), error) {
				if !first {
					b.sparinglyIdentify(ctx)
				}
				first = false
				return b.mayIdentify(ctx, id, concurrency)
			},
		})
	}
	return b.shards, nil
}

// fewSessions is when new sessions become precious: Discord resets the token of
// a bot that uses up its daily number.
const fewSessions = 50

// sparinglyIdentify waits before a new session when few are left for the day.
func (b *Bot) sparinglyIdentify(ctx context.Context) {
	info, err := b.gatewayInfo(ctx)
	if err != nil || info.Limit.Total == 0 || info.Limit.Remaining >= fewSessions {
		return
	}
	wait := time.Minute
	if info.Limit.Remaining == 0 {
		wait = time.Duration(info.Limit.ResetAfter) * time.Millisecond
	}
	b.log.Error("few gateway sessions are left for today", "remaining", info.Limit.Remaining, "waiting", wait)
	pause(ctx, wait)
}
