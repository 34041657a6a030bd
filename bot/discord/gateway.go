// Package discord is the way to Discord and back: it keeps a gateway session
// connected, hands on its events, and sends every request. It knows nothing of
// answers or votes.
//
// It promises that
//   - no message that leaves can mention anybody, see [Body];
//   - requests keep Discord's limits, global ones and each route's, and a 429 of
//     any kind is obeyed; interactions are answered outside of that, at once;
//   - what may be repeated is repeated, with a nonce where a repetition would show
//     twice, and what is refused for good is not;
//   - an interaction's first answer counts once, however often it is sent;
//   - a session that hangs, cannot resume or goes on for ever is replaced, and
//     [ErrConfiguration] is returned for what no repetition can mend;
//   - no error holds a token.
package discord

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	openTimeout = 10 * time.Second // for a connection to become ready
	// firstPatience is how long a hand-shake may take until the first frame. It
	// grows with the tries, for networks where that is too short.
	firstPatience = 2 * time.Second
	closeTimeout  = 5 * time.Second
	// codeResumable closes a connection so that its session can be resumed;
	// discordgo's own Close sends 1000, which ends the session.
	codeResumable   = 4000
	defaultInterval = 41250 * time.Millisecond // until HELLO has told
)

// ErrConfiguration wraps an error that no repetition can mend.
var ErrConfiguration = errors.New("this cannot work until the configuration is changed")

// BadToken tells an operator what is wrong with the token.
const BadToken = "Discord does not accept DISCORD_TOKEN; copy it anew from the Bot page of the developer portal"

// fatalCodes are the close codes after which Discord must not be called again.
var fatalCodes = map[int]string{
	4004: BadToken,
	4010: "Discord does not accept the shard; check DISCORD_SHARDS",
	4011: "Discord requires more shards; set DISCORD_SHARDS to auto or to a larger total",
	4012: "Discord no longer offers this version of its gateway; a newer feedbackbot is needed",
	4013: "Discord does not know one of the intents asked for; a newer feedbackbot is needed",
	4014: "Discord does not grant the MESSAGE CONTENT intent; switch it on under Bot, Privileged Gateway Intents in the developer portal, or set DISCORD_MESSAGE_CONTENT=off",
}

// Gateway keeps one shard connected. It supervises unmodified discordgo
// sessions, which hang, resume too late or go on for ever in some states, and
// replaces them when they do.
type Gateway struct {
	Shard, Total int
	Content      bool    // ask for the privileged intent of message content
	Out          *Client // whose token and base address the session uses
	// Identify waits until a session may begin. began has to be called when it
	// has, or has not: then the next one need not wait.
	Identify func(context.Context) (began func(identified bool), err error)
	OnReady  func(lastGood time.Time) // a session begins; lastGood is zero for the first
	OnEvent  func(Event)
	Log      *slog.Logger

	// How long to wait for a connection; the constants above when zero.
	openIn, firstIn time.Duration

	mu       sync.Mutex
	lastGood time.Time // when the connection was last seen to work
	owned    bool      // this process, and no other, runs the shard
}

// Own notes whether this process runs the shard from now on.
func (g *Gateway) Own(owned bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owned = owned
	if !owned {
		g.lastGood = time.Time{}
	}
}

// Owns reports whether this process runs the shard.
func (g *Gateway) Owns() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.owned
}

// Fresh returns when the connection was last seen to work.
func (g *Gateway) Fresh() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lastGood
}

func (g *Gateway) seen() {
	g.mu.Lock()
	g.lastGood = time.Now()
	g.mu.Unlock()
}

// Run keeps the shard connected until ctx ends. It returns an error that wraps
// errFatal when Discord refuses for good.
func (g *Gateway) Run(ctx context.Context) error {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		began, err := g.Identify(ctx)
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			return err
		}
		started := time.Now()
		err = g.hold(ctx, began, min(cmp.Or(g.firstIn, firstPatience)<<min(attempt, 4), cmp.Or(g.openIn, openTimeout)))
		if errors.Is(err, ErrConfiguration) {
			return err
		}
		if ctx.Err() != nil {
			break
		}
		if time.Since(started) > time.Minute {
			attempt = 0
		}
		g.Out.metrics.gateway.WithLabelValues("replaced").Inc()
		g.Log.Warn("starting a new gateway session", "error", err)
		pause(ctx, 500*time.Millisecond+rand.N(time.Second<<min(attempt, 6)))
	}
	return nil
}

// hold uses one session for as long as it can be resumed, and says why it
// cannot any more. It calls began when Discord may have got the IDENTIFY, or cannot
// have. patience is for how long a connection may be silent at first.
func (g *Gateway) hold(ctx context.Context, began func(identified bool), patience time.Duration) error {
	var once sync.Once
	tell := func(identified bool) { once.Do(func() { began(identified) }) }
	defer tell(false)
	c := g.newConnection(patience)
	established := false
	for try := 0; ; {
		switch {
		case established && try == 0:
			c.goElsewhere()
		case try > 0:
			c.giveUpElsewhere() // it may be what fails
		}
		ready, err := c.open(ctx)
		if errors.Is(err, errHung) {
			c.abandon() // before it is asked whether it has sent an IDENTIFY
		}
		identified := !established && c.tapped().hasSpoken()
		tell(identified)
		switch {
		case err != nil:
			if ctx.Err() != nil {
				c.abandon()
				return nil
			}
			if code := c.closeCode(err); fatalCodes[code] != "" {
				return fmt.Errorf("%s (close code %d): %w", fatalCodes[code], code, ErrConfiguration)
			}
			if identified || errors.Is(err, errHung) || !resumable(c.closeCode(err)) || try >= 3 {
				c.abandon()
				return err
			}
			try++
			g.Log.Warn("gateway connection failed", "error", err)
			pause(ctx, time.Duration(try)*time.Second)
			continue
		case ready:
			try, established = 0, true
		}
		g.Out.metrics.gateway.WithLabelValues("connected").Inc()
		g.seen()
		err = c.watch(ctx, g.seen)
		if ctx.Err() != nil {
			c.close()
			return nil
		}
		if code := c.closeCode(err); fatalCodes[code] != "" {
			return fmt.Errorf("%s (close code %d): %w", fatalCodes[code], code, ErrConfiguration)
		} else if !resumable(code) {
			return fmt.Errorf("the gateway ended the session (close code %d)", code)
		}
		if errors.Is(err, errHung) {
			c.abandon()
			return err
		}
		g.Out.metrics.gateway.WithLabelValues("resumed").Inc()
		g.Log.Info("gateway connection lost, resuming", "reason", err)
		pause(ctx, rand.N(250*time.Millisecond))
	}
}

// resumable reports whether a session survives a close code.
func resumable(code int) bool {
	switch code {
	case 4003, 4005, 4007, 4009:
		return false
	}
	return true
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
