package bot

import (
	"context"
	"fmt"
	"net/http"

	"feedbackbot/bot/discord"
)

// notice tells the person in a sentence why there is no answer.
func (b *Bot) notice(ctx context.Context, r *reply, sorry string) {
	if !r.q.unstored {
		storeCtx, cancel := context.WithTimeout(ctx, storeTimeout)
		if err := b.store.Fail(storeCtx, r.q.ID); err != nil {
			b.log.Error("cannot store that a question failed", "error", err)
		}
		cancel()
	}
	if err := r.sentence(ctx, sorry); err != nil {
		b.log.Warn("a person could not be told why there is no answer", "error", err)
		b.metrics.dropped.WithLabelValues("notice_failed").Inc()
		b.tellPrivately(ctx, r, err)
		if !discord.Permanent(err) {
			return // the next start tries again
		}
	}
	b.finish(ctx, r.q)
}

// tellPrivately tells whoever asked that the bot may not write there, in a
// direct message, and not again soon. It does nothing when err is something
// else, or a part of the answer is on the screen.
func (b *Bot) tellPrivately(ctx context.Context, r *reply, err error) {
	if discord.Status(err) != http.StatusForbidden || len(r.ids) > 0 || r.q.userID == "" || r.q.GuildID == "" {
		return
	}
	key := r.q.userID + " " + r.q.ChannelID
	if _, warned := b.warned.get(key); warned {
		return
	}
	b.warned.put(key, true)
	c, err := b.out.OpenDirect(ctx, r.q.userID)
	if err == nil {
		_, err = b.out.Post(ctx, c.ID, discord.Urgent, func() discord.Body {
			return discord.Body{Content: fmt.Sprintf(textCannotWrite, r.q.ChannelID), Nonce: r.nonce("p", 0)}
		})
	}
	if err != nil {
		b.log.Info("a person could not be told that the bot may not write in a channel", "channel", r.q.ChannelID, "error", err)
	}
}
