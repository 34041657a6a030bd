package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"feedbackbot/bot/discord"
)

// Moderation, if the operator wants it: questions and answers are shown to the
// provider's moderation endpoint, and what is flagged is not answered.

// Moderation is whether texts are judged, and who is told.
type Moderation struct {
	On      bool   // questions and answers are shown to the provider's moderation endpoint
	Channel string // where flagged ones are reported; "" for nowhere
}

// moderator judges texts.
type moderator interface {
	Flagged(ctx context.Context, text string) (categories []string, err error)
}

// moderate lets a question pass that goes against no rule.
func (b *Bot) moderate(ctx context.Context, r *reply) error {
	for _, words := range newWords(r.q) {
		if b.flagged(ctx, r, "question", words) {
			return &refusal{"flagged", textFlaggedRequest}
		}
	}
	return nil
}

// judgedAtOnce is how many code points are judged at once: a longer text may be
// refused, and would then pass.
const judgedAtOnce = 8000

// newWords are all words that a question brings along and that nobody has judged,
// in pieces: what was typed, files of text, and a message that is quoted.
func newWords(q question) (pieces []string) {
	texts := append([]string{q.Question}, q.files.texts...)
	if q.conversation.id == "" { // what comes before it is quoted
		for _, turn := range q.turns {
			texts = append(texts, turn.Content)
		}
	}
	for _, one := range texts {
		for piece := range slices.Chunk([]rune(one), judgedAtOnce) {
			pieces = append(pieces, string(piece))
		}
	}
	return pieces
}

// tookBack takes back an answer that goes against the rules, and reports whether
// it did.
func (b *Bot) tookBack(ctx context.Context, r *reply, w written, answer string) bool {
	if !b.flagged(ctx, r, "answer", answer) {
		return false
	}
	b.logAnswer(r.q, w, "flagged", 0)
	b.takeBack(ctx, r)
	return true
}

// flagged reports whether a text goes against the rules, and tells the
// moderators. When the endpoint fails the text passes: moderation must not
// silence the bot.
func (b *Bot) flagged(ctx context.Context, r *reply, what, text string) bool {
	judge, can := b.model.(moderator)
	if !b.options.Moderation.On || !can || strings.TrimSpace(text) == "" {
		return false
	}
	categories, err := judge.Flagged(ctx, text)
	if err != nil {
		b.metrics.dropped.WithLabelValues("not_moderated").Inc()
		b.log.Warn("a text could not be moderated", "error", err)
		return false
	}
	if len(categories) == 0 {
		return false
	}
	b.metrics.dropped.WithLabelValues("flagged_" + what).Inc()
	b.log.Info("flagged", "what", what, "categories", categories, "response_id", r.q.ResponseID)
	b.report(ctx, r, what, categories)
	return true
}

// report tells the moderators' channel where to look; it repeats no text.
func (b *Bot) report(ctx context.Context, r *reply, what string, categories []string) {
	if b.options.Moderation.Channel == "" {
		return
	}
	where := "https://discord.com/channels/" + r.q.GuildID + "/" + r.q.ChannelID
	if r.q.GuildID == "" {
		where = textInDirect
	} else if r.q.replyTo != "" {
		where += "/" + r.q.replyTo
	}
	said := fmt.Sprintf(textFlagged, what, strings.Join(categories, ", "), where)
	_, err := b.out.Post(ctx, b.options.Moderation.Channel, discord.Urgent, func() discord.Body {
		return discord.Body{Content: said, Nonce: r.nonce("m"+what[:1], 0)}
	})
	if err != nil {
		b.log.Warn("the moderators could not be told", "error", err)
	}
}

// takeBack replaces an answer that was shown by a sentence.
func (b *Bot) takeBack(ctx context.Context, r *reply) {
	for len(r.ids) > 1 {
		last := len(r.ids) - 1
		if err := r.remove(ctx, r.ids[last]); err != nil {
			b.log.Warn("cannot take back a part of a flagged answer", "error", err)
		}
		r.ids, r.shown = r.ids[:last], r.shown[:last]
	}
	if len(r.ids) == 0 {
		b.notice(ctx, r, textFlaggedAnswer)
		return
	}
	if err := r.edit(ctx, ctx, 0, discord.Urgent, func() string { return textFlaggedAnswer }, &[]discord.Row{}); err != nil {
		b.log.Warn("cannot take back a flagged answer", "error", err)
	}
	b.finish(ctx, r.q)
}
