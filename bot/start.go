package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"

	"feedbackbot/bot/discord"
)

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
		b.me, err = b.out.Account(ctx)
		return err
	})
	if err != nil {
		return err
	}
	app, err := b.out.Application(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		b.log.Warn("cannot read the application; assuming it is allowed the message content intent", "error", err)
		app = discord.Application{ID: b.me.ID, Flags: discord.HasContent}
	}
	b.appID = app.ID
	if b.options.MessageContent == ContentAuto {
		b.options.MessageContent = ContentOff
		if app.MayReadContent() {
			b.options.MessageContent = ContentOn
		} else {
			b.log.Info("the application has no message content intent: replies without a ping are not seen")
		}
	}
	return nil
}

// insist repeats what fails until it succeeds, is refused for good, or ctx ends.
func (b *Bot) insist(ctx context.Context, do func() error) error {
	return retry(ctx, firstRetry, longestRetry, func() error {
		err := do()
		switch {
		case errors.Is(err, discord.ErrTokenRefused) || discord.Status(err) == http.StatusUnauthorized:
			return backoff.Permanent(fmt.Errorf("%s: %w", discord.BadToken, ErrConfiguration))
		case discord.Status(err) == http.StatusNotFound:
			return backoff.Permanent(fmt.Errorf("%w; set DISCORD_API_URL to where Discord's API is, mostly ending in /api/v10: %w", err, ErrConfiguration))
		case discord.Permanent(err):
			return backoff.Permanent(err)
		}
		return err
	}, func(err error, wait time.Duration) {
		b.log.Error("cannot start yet", "error", err, "next_try_in", wait)
	})
}
