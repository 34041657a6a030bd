package bot

import (
	"context"
	"errors"
	"strings"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
)

// Raters says who may rate an answer.
type Raters string

const (
	Everyone Raters = "everyone"
	Asker    Raters = "asker"
)

// Explain says when the form for an explanation opens.
type Explain string

const (
	ExplainNegative Explain = "negative" // at once on thumbs down and 1 or 2 stars, else from the receipt
	ExplainAsk      Explain = "ask"      // from the receipt only
	ExplainAlways   Explain = "always"   // at once on every vote
	ExplainNever    Explain = "never"    // not at all
)

const (
	// commitBudget is how long a click waits for the database before it is
	// acknowledged without a result; Discord allows 3 s in all.
	commitBudget = 1500 * time.Millisecond
	// saveTimeout is when a vote that is not saved yet is given up.
	saveTimeout = 10 * time.Second
)

// ballots is what the vote journey needs of the store.
type ballots interface {
	Vote(context.Context, feedback.Vote) (feedback.Submission, feedback.Outcome, error)
	Explain(context.Context, feedback.Explanation) (feedback.Submission, error)
	Submission(ctx context.Context, responseID string, rater feedback.Rater, source feedback.Source) (feedback.Submission, error)
}

// onClick handles a button.
func (b *Bot) onClick(ctx context.Context, i *discord.Interaction) {
	a, responseID, ok := parseCustomID(i.Data.CustomID)
	if !ok {
		b.metrics.dropped.WithLabelValues("damaged_custom_id").Inc()
		b.tell(ctx, i, textBroken)
		return
	}
	switch rating, kind, isVote := a.rating(); {
	case isVote && i.Message != nil:
		b.vote(ctx, i, feedback.Vote{ResponseID: responseID, MessageID: i.Message.ID, Rating: rating, Kind: kind})
	case pressed[a] != nil:
		pressed[a](b, ctx, i, responseID)
	default:
		b.tell(ctx, i, textBroken)
	}
}

func (b *Bot) onUndo(ctx context.Context, i *discord.Interaction, responseID string) {
	b.vote(ctx, i, feedback.Vote{ResponseID: responseID})
}

// vote stores a click and confirms it. Nothing is confirmed before it is
// durable; when that takes too long the click is acknowledged without a word,
// and the receipt follows.
func (b *Bot) vote(ctx context.Context, i *discord.Interaction, v feedback.Vote) {
	v.Rater, v.Source, v.Version = b.store.Rater(i.UserID()), feedback.User, discord.Number(i.ID)
	v.AskerOnly = b.options.Raters == Asker
	type stored struct {
		sub     feedback.Submission
		outcome feedback.Outcome
		err     error
	}
	s, late := inTime(b, ctx, i, func(ctx context.Context) (s stored) {
		s.sub, s.outcome, s.err = b.store.Vote(ctx, v)
		return s
	})
	kind := string(v.Kind)
	if v.Rating == 0 {
		kind = "undo"
	}
	if s.err != nil {
		sorry, reason := explainRefusal(s.err)
		b.metrics.votes.WithLabelValues(kind, reason).Inc()
		if reason == "not_saved" {
			b.log.Error("a vote was not saved", "response_id", v.ResponseID, "error", s.err)
		}
		b.confirm(ctx, i, late, discord.Body{Content: sorry})
		return
	}
	b.metrics.votes.WithLabelValues(kind, string(s.outcome)).Inc()
	b.log.Debug("vote", "response_id", v.ResponseID, "rating", v.Rating, "outcome", s.outcome)
	isNew := s.outcome == feedback.Saved || s.outcome == feedback.Changed
	if !late && isNew && b.asksAtOnce(s.sub) {
		b.acknowledge(ctx, i, discord.Callback{Type: discord.ReplyForm, Data: form(s.sub)})
		return
	}
	b.confirm(ctx, i, late, b.receipt(s.sub, s.outcome))
}

// explainRefusal returns what to tell a person whose vote was not taken, and a
// word for the metrics.
func explainRefusal(err error) (sorry, reason string) {
	switch {
	case errors.Is(err, feedback.ErrUnknownResponse):
		return textUnknown, "unknown"
	case errors.Is(err, feedback.ErrNotAsker):
		return textNotAsker, "not_asker"
	case errors.Is(err, feedback.ErrNoVote):
		return textNothing, "no_vote"
	}
	return textNotSaved, "not_saved"
}

func (b *Bot) asksAtOnce(s feedback.Submission) bool {
	switch b.options.Explain {
	case ExplainAlways:
		return true
	case ExplainNegative:
		return s.Rating <= 2
	}
	return false
}

// inTime runs store and returns its result. When that takes longer than a click
// may wait, it acknowledges the click first, and late is true. A panic in store
// becomes the caller's.
func inTime[T any](b *Bot, ctx context.Context, i *discord.Interaction, store func(context.Context) T) (result T, late bool) {
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	type outcome struct {
		result T
		panic  any
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			o.panic = recover()
			done <- o
		}()
		o.result = store(ctx)
	}()
	budget := time.NewTimer(b.commitBudget - time.Since(i.Received))
	defer budget.Stop()
	var o outcome
	select {
	case o = <-done:
	case <-budget.C:
		late = true
		b.acknowledge(ctx, i, discord.Callback{Type: discord.ReplyDeferred, Data: struct {
			Flags int `json:"flags"`
		}{discord.FlagEphemeral}})
		o = <-done
	}
	if o.panic != nil {
		panic(o.panic)
	}
	return o.result, late
}

// confirm shows a person, and nobody else, the answer to their click. On a
// receipt it replaces the receipt.
func (b *Bot) confirm(ctx context.Context, i *discord.Interaction, late bool, m discord.Body) {
	if m.Components == nil {
		m.Components = &[]discord.Row{}
	}
	switch {
	case late:
		if _, err := b.out.EditOriginal(ctx, nil, i.AppID, i.Token, discord.Urgent, func() discord.Body { return m }); err != nil {
			b.log.Warn("cannot tell a person what became of a click", "error", err)
		}
	case i.OnReceipt():
		b.acknowledge(ctx, i, discord.Callback{Type: discord.ReplyUpdate, Data: m})
	default:
		m.Flags |= discord.FlagEphemeral
		b.acknowledge(ctx, i, discord.Callback{Type: discord.ReplyMessage, Data: m})
	}
}

// apologise tells a person that something went wrong, whether or not their
// click has been acknowledged.
func (b *Bot) apologise(ctx context.Context, i *discord.Interaction) {
	b.confirm(ctx, i, i.Acknowledged, discord.Body{Content: textWentWrong})
}

// tell answers a click with a sentence that only the person who clicked sees.
func (b *Bot) tell(ctx context.Context, i *discord.Interaction, words string) {
	b.acknowledge(ctx, i, discord.Callback{Type: discord.ReplyMessage, Data: discord.Body{Content: words, Flags: discord.FlagEphemeral}})
}

// acknowledge gives an interaction its first answer and counts how long it took.
func (b *Bot) acknowledge(ctx context.Context, i *discord.Interaction, c discord.Callback) {
	i.Acknowledged = true
	err := b.out.Respond(ctx, i, c)
	b.metrics.ack.Observe(time.Since(i.Received).Seconds())
	switch {
	case discord.Code(err) == discord.CodeUnknownInteraction:
		b.metrics.dropped.WithLabelValues("ack_too_late").Inc()
		b.log.Warn("an interaction was acknowledged too late", "after", time.Since(i.Received))
	case err != nil:
		b.metrics.dropped.WithLabelValues("ack_failed").Inc()
		b.log.Warn("an interaction could not be acknowledged", "error", err)
	}
}

// receipt tells a person what is recorded now.
func (b *Bot) receipt(s feedback.Submission, outcome feedback.Outcome) discord.Body {
	if s.Withdrawn {
		return discord.Body{Content: textRemoved}
	}
	short := func(words string) string { return strings.Join(strings.Fields(text.Clip(words, 300)), " ") }
	rows := receiptRows(s.ResponseID, b.options.Explain != ExplainNever)
	return discord.Body{Content: receiptText(outcome, s, short(s.Explanation), short(s.Expected)), Components: &rows}
}
