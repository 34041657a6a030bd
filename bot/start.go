package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
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

// MessageContent says whether to ask for the privileged intent.
type MessageContent string

const (
	ContentAuto MessageContent = "auto" // when the application has it switched on
	ContentOn   MessageContent = "on"
	ContentOff  MessageContent = "off"
)

// identifyMyself learns who the bot is. It goes on trying while Discord cannot
// be reached.
func (b *Bot) identifyMyself(ctx context.Context) error {
	err := b.insist(ctx, func() (err error) {
		b.me, err = b.out.account(ctx)
		return err
	})
	if err != nil {
		return err
	}
	app, err := b.out.application(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		b.log.Warn("cannot read the application; assuming it is allowed the message content intent", "error", err)
		app = application{ID: b.me.ID, Flags: hasContent}
	}
	b.appID = app.ID
	if b.options.MessageContent == ContentAuto {
		b.options.MessageContent = ContentOff
		if app.mayReadContent() {
			b.options.MessageContent = ContentOn
		} else {
			b.log.Info("the application has no message content intent: replies without a ping are not seen")
		}
	}
	return nil
}

// insist repeats what fails until it succeeds, is refused for good, or ctx ends.
func (b *Bot) insist(ctx context.Context, do func() error) error {
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		err := do()
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errTokenRefused) || status(err) == http.StatusUnauthorized:
			return fmt.Errorf("%s: %w", badToken, errFatal)
		case ctx.Err() != nil:
			return ctx.Err()
		case status(err) >= 400 && status(err) < 500 && status(err) != http.StatusTooManyRequests:
			return err
		}
		b.log.Error("cannot start yet", "error", err, "next_try_in", wait)
		pause(ctx, wait)
	}
}

func (b *Bot) gatewayInfo(ctx context.Context) (info gatewayInfo, err error) {
	err = b.insist(ctx, func() error {
		info, err = b.out.gatewayInfo(ctx)
		return err
	})
	return info, err
}

// planShards makes a gateway for each shard of this process.
func (b *Bot) planShards(ctx context.Context) ([]*gateway, error) {
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
		b.shards = append(b.shards, &gateway{
			shard: id, total: s.Total, content: b.options.MessageContent == ContentOn, out: b.out, log: b.log.With("shard", id),
			onReady: func(lastGood time.Time) {
				b.protect("ready", nil, func() { b.onReady(id, lastGood) })
			},
			onEvent: func(e event) {
				b.protect("event", nil, func() { b.onEvent(id, e) })
			},
			identify: func(ctx context.Context) (func(), error) {
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
