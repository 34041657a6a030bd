package bot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
)

// Discord may not take an answer: for what it says, or because the bot may not write
// where it was asked. The person reads why, there or in a direct message.

// isGone reports whether what an answer was to stand in is deleted, or Discord does
// not know the bot any more: there is nobody to tell anything.
func isGone(err error) bool {
	s := discord.Status(err)
	return s == http.StatusNotFound || s == http.StatusUnauthorized
}

// isShut reports whether the bot may write nothing at all in a place.
func isShut(err error) bool {
	switch discord.Code(err) {
	case discord.CodeAutoMod, discord.CodeAutoModTitle, discord.CodeHarmfulLink, discord.CodeExplicit:
		return false
	}
	return isClosed(err) || discord.Status(err) == http.StatusForbidden
}

// isClosed reports whether a thread is one in which only moderators write.
func isClosed(err error) bool {
	code := discord.Code(err)
	return code == discord.CodeArchived || code == discord.CodeLocked
}

// unseen ends an answer of which Discord refused a part while it was written. What is
// on the screen before it is an answer that broke off.
func (b *Bot) unseen(ctx context.Context, r *reply, w written) {
	w.err = r.refused
	if !r.begun() || isGone(r.refused) {
		b.logAnswer(r.q, w, "unseen", 0)
		b.refuse(ctx, r, r.refused)
		return
	}
	r.cut = true
	b.logAnswer(r.q, w, string(feedback.Cut), len(r.ids))
	_, shown := cutAsked(strings.Join(r.shown, "\n"))
	b.publish(ctx, r, r.markedRefused(r.refused), b.responseOf(r.q, w, shown, feedback.Cut))
}

// refuse ends an answer that Discord does not take. What is on the screen gets a mark
// if Discord takes that, and a sentence comes in place of an answer.
func (b *Bot) refuse(ctx context.Context, r *reply, err error) {
	b.metrics.dropped.WithLabelValues("answer_refused").Inc()
	tried := r.refused != nil // to show what there is with a mark
	r.refused = err
	switch {
	case isGone(err):
	case r.begun() && !tried && r.shown[0] != "" && r.complete(ctx, r.markedRefused(err)) == nil:
	case isShut(err):
		b.tellPrivately(ctx, r, err, "")
	default:
		r.retryable = true
		b.notice(ctx, r, fmt.Sprintf(textRefused, whyRefused(err)))
		return
	}
	b.finish(ctx, r.q)
}

// markedRefused is what is on the screen, with a mark that says why there is no more.
func (r *reply) markedRefused(err error) *final {
	parts := slices.Clone(r.shown)
	mark := "\n\n" + fmt.Sprintf(markRefused, whyRefused(err))
	last := len(parts) - 1
	parts[last] = text.Split(parts[last], text.MaxMessage-len(mark), false)[0] + mark
	return &final{parts: parts}
}

// tellPrivately tells whoever asked, in a direct message, what could not be said where
// they asked: sorry, or that the bot may not write there, and that not again soon.
func (b *Bot) tellPrivately(ctx context.Context, r *reply, err error, sorry string) {
	if !discord.Permanent(err) || isGone(err) || r.q.userID == "" || r.q.GuildID == "" {
		return
	}
	words := fmt.Sprintf(textPrivately, r.q.ChannelID, sorry)
	if isShut(err) {
		key := r.q.userID + " " + r.q.ChannelID
		if _, warned := b.warned.get(key); warned {
			return
		}
		b.warned.put(key, true)
		words = fmt.Sprintf(textCannotWrite, r.q.ChannelID)
		switch {
		case r.begun():
			words = fmt.Sprintf(textPrivately, r.q.ChannelID, textNoRest)
		case isClosed(err):
			words = fmt.Sprintf(textThreadClosed, r.q.ChannelID)
		}
	}
	c, err := b.out.OpenDirect(ctx, r.q.userID)
	if err == nil {
		_, err = b.out.Post(ctx, c.ID, discord.Urgent, func() discord.Body {
			return discord.Body{Content: words, Nonce: r.nonce("p", 0)}
		})
	}
	if err != nil {
		b.log.Info("a person could not be told why there is no answer in a channel", "channel", r.q.ChannelID, "error", err)
	}
}
