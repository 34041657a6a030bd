package bot

import (
	"context"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// Spending bounds what answers may take in a day, and prices it.
type Spending struct {
	Budget      feedback.Budget  // 0 is no bound
	PriceInput  float64          // US dollars for a million tokens read
	PriceOutput float64          // US dollars for a million tokens written
	MaxTokens   int              // of one answer
	Now         func() time.Time // says which day it is; nil is time.Now
}

func (s Spending) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// ledger keeps what answers take.
type ledger interface {
	Reserve(context.Context, feedback.Ask, feedback.Use, feedback.Budget, time.Time) (feedback.Verdict, error)
	Settle(ctx context.Context, askID string, took feedback.Use) error
	Used(ctx context.Context, scope string, since time.Time) (feedback.Use, error)
}

const (
	// pictureTokens is about what a model counts for a picture.
	pictureTokens = 1500
	// usualAnswer is reserved for an answer without a limit, in tokens.
	usualAnswer = 4000
)

// reserve sets aside the most that an answer may take, or returns a [refusal]
// when that is over the budget.
func (b *Bot) reserve(ctx context.Context, r *reply) error {
	if ended := context.Cause(ctx); ended != nil {
		return ended
	}
	l, q := b.options.Spending, r.q
	now := l.now()
	bounded := l.Budget != (feedback.Budget{})
	if q.unstored && !bounded {
		return nil // the store is in trouble; nobody shall wait for it again
	}
	most := l.MaxTokens
	if most <= 0 {
		most = usualAnswer
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	verdict, err := b.store.Reserve(ctx, q.Ask, b.use(promptTokens(b.prompt(q, now)), int64(most)), l.Budget, now)
	switch {
	case err != nil && bounded:
		b.log.Error("cannot reserve what an answer costs; not answering", "error", err)
		return &refusal{"not_reserved", textWentWrong}
	case err != nil:
		b.log.Error("cannot store what an answer costs", "error", err)
	case verdict == feedback.OverBudget:
		return &refusal{"over_budget", textOverBudget}
	case verdict == feedback.OverMembersOwn:
		return &refusal{"over_member_budget", textOverMember}
	}
	return nil
}

// settle stores what an answer took, and returns its cost in US dollars. Where the
// provider does not say, it is estimated; an answer that never began took nothing.
func (b *Bot) settle(ctx context.Context, q question, w written) float64 {
	a := w.answer
	in, out := a.InputTokens, a.OutputTokens
	if in == 0 && out == 0 && a.Text != "" {
		in, out = promptTokens(w.prompt), int64(tokens(a.Text))
	}
	took := b.use(in, out)
	cost := float64(took.Cost) / 1e6
	if q.unstored && b.options.Spending.Budget == (feedback.Budget{}) {
		return cost
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := b.store.Settle(ctx, q.ID, took); err != nil {
		b.log.Error("cannot store what an answer took", "error", err)
	}
	return cost
}

// use prices tokens. A price for a million tokens in dollars is one for a token
// in millionths of a dollar.
func (b *Bot) use(in, out int64) feedback.Use {
	l := b.options.Spending
	return feedback.Use{Tokens: in + out, Cost: int64(float64(in)*l.PriceInput + float64(out)*l.PriceOutput + 0.5)}
}

func promptTokens(prompt []llm.Message) (sum int64) {
	for _, m := range prompt {
		sum += int64(tokens(m.Content) + pictureTokens*len(m.Images))
	}
	return sum
}
