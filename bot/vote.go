package bot

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

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

// Everything a person may be told about a vote.
const (
	textUnknown      = "I don't know this answer any more, so I can't take a vote on it."
	textNotAsker     = "Only the person who asked can rate this answer."
	textNotSaved     = "Sorry, that was **not saved**. Please try again in a moment."
	textNothing      = "You have no vote on this answer. Press a button under it to rate it."
	textRemoved      = "**Removed.** Your vote on this answer is gone."
	textBroken       = "This button doesn't work any more. Please ask me again."
	textWentWrong    = "Sorry, something went wrong on my side. Please try again in a moment."
	textExplainFirst = "Your vote was taken back, so I did not keep the explanation. Vote again to add one."
)

// onClick handles a button.
func (b *Bot) onClick(ctx context.Context, i *interaction) {
	a, responseID, ok := parseCustomID(i.Data.CustomID)
	if !ok {
		b.metrics.dropped.WithLabelValues("damaged_custom_id").Inc()
		b.say(ctx, i, textBroken)
		return
	}
	switch rating, kind, isVote := a.rating(); {
	case isVote && i.Message != nil:
		b.vote(ctx, i, feedback.Vote{ResponseID: responseID, MessageID: i.Message.ID, Rating: rating, Kind: kind})
	case a == undoVote:
		b.vote(ctx, i, feedback.Vote{ResponseID: responseID})
	case a == stopAnswer:
		b.onStop(ctx, i, responseID)
	case a == anotherOne:
		b.onAgain(ctx, i, responseID)
	case a == forgetMe:
		b.onForgetMeMeant(ctx, i)
	case a == explainVote:
		b.openForm(ctx, i, responseID)
	default:
		b.say(ctx, i, textBroken)
	}
}

// vote stores a click and confirms it. Nothing is confirmed before it is
// durable; when that takes too long the click is acknowledged without a word,
// and the receipt follows.
func (b *Bot) vote(ctx context.Context, i *interaction, v feedback.Vote) {
	v.Rater, v.Source, v.Version = b.store.Rater(i.userID()), feedback.User, number(i.ID)
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
		text, reason := explainRefusal(s.err)
		b.metrics.votes.WithLabelValues(kind, reason).Inc()
		if reason == "not_saved" {
			b.log.Error("a vote was not saved", "response_id", v.ResponseID, "error", s.err)
		}
		b.reply(ctx, i, late, body{Content: text})
		return
	}
	b.metrics.votes.WithLabelValues(kind, string(s.outcome)).Inc()
	b.log.Debug("vote", "response_id", v.ResponseID, "rating", v.Rating, "outcome", s.outcome)
	isNew := s.outcome == feedback.Saved || s.outcome == feedback.Changed
	if !late && isNew && b.asksAtOnce(s.sub) {
		b.respond(ctx, i, callback{Type: replyForm, Data: form(s.sub)})
		return
	}
	b.reply(ctx, i, late, b.receipt(s.sub, s.outcome))
}

// explainRefusal returns what to tell a person whose vote was not taken, and a
// word for the metrics.
func explainRefusal(err error) (text, reason string) {
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
func inTime[T any](b *Bot, ctx context.Context, i *interaction, store func(context.Context) T) (result T, late bool) {
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
	budget := time.NewTimer(b.commitBudget - time.Since(i.received))
	defer budget.Stop()
	var o outcome
	select {
	case o = <-done:
	case <-budget.C:
		late = true
		b.respond(ctx, i, callback{Type: replyDeferred, Data: struct {
			Flags int `json:"flags"`
		}{flagEphemeral}})
		o = <-done
	}
	if o.panic != nil {
		panic(o.panic)
	}
	return o.result, late
}

// reply shows a person, and nobody else, the answer to their click. On a
// receipt it replaces the receipt.
func (b *Bot) reply(ctx context.Context, i *interaction, late bool, m body) {
	if m.Components == nil {
		m.Components = &[]row{}
	}
	switch {
	case late:
		if _, err := b.out.editOriginal(ctx, nil, i.AppID, i.Token, urgent, func() body { return m }); err != nil {
			b.log.Warn("cannot tell a person what became of a click", "error", err)
		}
	case i.onReceipt():
		b.respond(ctx, i, callback{Type: replyUpdate, Data: m})
	default:
		m.Flags |= flagEphemeral
		b.respond(ctx, i, callback{Type: replyMessage, Data: m})
	}
}

// apologise tells a person that something went wrong, whether or not their
// click has been acknowledged.
func (b *Bot) apologise(ctx context.Context, i *interaction) {
	b.reply(ctx, i, i.acknowledged, body{Content: textWentWrong})
}

// say answers a click with a sentence that only the person who clicked sees.
func (b *Bot) say(ctx context.Context, i *interaction, text string) {
	b.respond(ctx, i, callback{Type: replyMessage, Data: body{Content: text, Flags: flagEphemeral}})
}

// respond acknowledges an interaction and counts how long it took.
func (b *Bot) respond(ctx context.Context, i *interaction, c callback) {
	i.acknowledged = true
	err := b.out.respond(ctx, i, c)
	b.metrics.ack.Observe(time.Since(i.received).Seconds())
	switch {
	case code(err) == codeUnknownInteraction:
		b.metrics.dropped.WithLabelValues("ack_too_late").Inc()
		b.log.Warn("an interaction was acknowledged too late", "after", time.Since(i.received))
	case err != nil:
		b.metrics.dropped.WithLabelValues("ack_failed").Inc()
		b.log.Warn("an interaction could not be acknowledged", "error", err)
	}
}

// receipt tells a person what is recorded now.
func (b *Bot) receipt(s feedback.Submission, outcome feedback.Outcome) body {
	if s.Withdrawn {
		return body{Content: textRemoved}
	}
	var text strings.Builder
	switch outcome {
	case feedback.Changed:
		text.WriteString("**Changed.** ")
	case feedback.Unchanged, feedback.Late:
		text.WriteString("**Already saved.** ")
	default:
		text.WriteString("**Saved, thank you!** ")
	}
	fmt.Fprintf(&text, "Your rating: %s", ratingText(s))
	quote := func(title, words string) {
		if words != "" {
			fmt.Fprintf(&text, "\n**%s** %s", title, strings.Join(strings.Fields(clip(words, 300)), " "))
		}
	}
	quote("Why:", s.Explanation)
	quote("Expected:", s.Expected)
	rows := receiptRows(s.ResponseID, b.options.Explain != ExplainNever)
	return body{Content: text.String(), Components: &rows}
}

func ratingText(s feedback.Submission) string {
	if s.Kind == feedback.Stars {
		return strings.Repeat("⭐", s.Rating) + " (" + strconv.Itoa(s.Rating) + " of 5)"
	}
	if s.Up() {
		return "👍"
	}
	return "👎"
}
