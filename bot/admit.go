package bot

import (
	"context"
	"errors"
	"time"

	"feedbackbot/bot/discord"
)

// A question passes some gates before the model is asked. Each lets it through or
// returns a [refusal].

// refusal is why a question gets a sentence in place of an answer.
type refusal struct {
	reason string // for the metrics; "" for what does not count as dropped
	text   string // for the person
}

func (r *refusal) Error() string { return "refused: " + r.reason }

// admit lets a question pass the hourly limits, and waits until it is its turn.
// leave must be called when it is answered; it may be called more than once.
func (b *Bot) admit(ctx context.Context, r *reply) (leave func(), err error) {
	if b.isTooLong(r.q) {
		return nil, &refusal{"", textTooLong}
	}
	if err := b.withinHour(r.q, time.Now()); err != nil {
		return nil, err
	}
	if b.options.Limits.AtOnce <= 0 {
		return func() {}, nil
	}
	return b.slots.enter(ctx, r.q.Asker, func() { b.tellToWait(ctx, r) })
}

// tellToWait shows a sentence that the answer will replace.
func (b *Bot) tellToWait(ctx context.Context, r *reply) {
	if len(r.ids) > 0 {
		return
	}
	if err := r.post(ctx, 0, discord.Urgent, func() string { return textWaiting }); err != nil {
		b.log.Warn("cannot tell a person to wait", "error", err)
		return
	}
	r.waiting = true
}

// gather reads what a question brought along: its files, and what is not kept of
// one that is answered once more.
func (b *Bot) gather(ctx context.Context, q *question) error {
	if q.source != "" && !b.readAgain(ctx, q) {
		return &refusal{"", textNoQuestion}
	}
	if b.isTooLong(*q) { // its text may not have been known before
		return &refusal{"", textTooLong}
	}
	b.load(ctx, q)
	if last := len(q.turns) - 1; last >= 0 && q.turns[last].Gone {
		q.files.notes = append(q.files.notes, textQuoteGone)
	}
	asks := hasWords(q.Question) || len(q.files.pictures) > 0 || len(q.files.texts) > 0 || q.pointsAt()
	switch {
	case asks && asksSomething(b.prompt(*q, time.Now())):
		return nil
	case asks: // there is no room for what it points at
		return &refusal{"", textTooLong}
	case len(q.files.notes) > 0:
		return &refusal{"", q.files.note()}
	}
	return &refusal{"", textEmptyQuestion}
}

// pointsAt reports whether a question without words is about what stands right
// before it: a message that it replies to, or what people said in a thread.
func (c conversation) pointsAt() bool {
	last := len(c.turns) - 1
	if last < 0 || c.turns[last].Role != fromUser || c.turns[last].Gone {
		return false
	}
	t := c.turns[last]
	return withoutNames(t.Text) != "" || len(t.pictures) > 0 || len(t.texts) > 0
}

// quote is the message that a question replies to; nil for none.
func (c conversation) quote() *turn {
	last := len(c.turns) - 1
	if last < 0 || !c.turns[last].Quoted {
		return nil
	}
	return &c.turns[last]
}

// vet lets a question pass that goes against no rule and is within the budget.
func (b *Bot) vet(ctx context.Context, r *reply) error {
	for _, gate := range []func(context.Context, *reply) error{
		b.moderate,
		b.reserve,
	} {
		if err := gate(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// decline ends a question that did not pass.
func (b *Bot) decline(ctx context.Context, r *reply, cause error) {
	var refused *refusal
	switch {
	case errors.As(cause, &refused):
		if refused.reason != "" {
			b.metrics.dropped.WithLabelValues(refused.reason).Inc()
		}
		b.notice(ctx, r, refused.text)
	case errors.Is(cause, errDeleted):
		b.withdraw(ctx, r)
	default:
		r.retryable = true
		b.notice(ctx, r, textStopping)
	}
}
