package bot

import (
	"context"

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
		b.tellPrivately(ctx, r, err, sorry)
		if !discord.Permanent(err) {
			return // the next start tries again
		}
	}
	b.finish(ctx, r.q)
}
