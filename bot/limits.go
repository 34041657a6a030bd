package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// Limits bound what people may ask. 0 is no bound.
type Limits struct {
	AtOnce       int // answers written at the same time
	MemberHourly int // questions of one member in an hour
	ServerHourly int // questions of one server in an hour
	Budget       feedback.Budget
	PriceInput   float64 // US dollars for a million tokens read
	PriceOutput  float64 // US dollars for a million tokens written
	MaxTokens    int     // of one answer
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

// hourly counts questions in each hour of the clock.
type hourly struct {
	mu   sync.Mutex
	hour time.Time
	n    map[string]int
}

// share is how many questions somebody may ask in an hour; 0 is no bound.
type share struct {
	key   string
	limit int
}

// add counts a question for all of its shares, if all have room for it. It returns
// -1, or which one has not.
func (h *hourly) add(now time.Time, shares ...share) (over int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if hour := now.Truncate(time.Hour); h.n == nil || !hour.Equal(h.hour) {
		h.hour, h.n = hour, map[string]int{}
	}
	for i, s := range shares {
		if s.limit > 0 && h.n[s.key] >= s.limit {
			return i
		}
	}
	for _, s := range shares {
		if s.limit > 0 {
			h.n[s.key]++
		}
	}
	return -1
}

// withinHour counts a question, or returns a [refusal] when its asker or its
// server has asked too much in this hour.
func (b *Bot) withinHour(q question, now time.Time) error {
	l := b.options.Limits
	shares := []share{{"member " + string(q.Asker), l.MemberHourly}, {"server " + q.GuildID, l.ServerHourly}}
	if q.GuildID == "" {
		shares = shares[:1]
	}
	switch b.asked.add(now, shares...) {
	case 0:
		return &refusal{"member_limit", fmt.Sprintf(textTooMany, untilNextHour(now))}
	case 1:
		return &refusal{"server_limit", fmt.Sprintf(textServerMany, untilNextHour(now))}
	}
	return nil
}

// untilNextHour says when counting begins anew.
func untilNextHour(now time.Time) string {
	return minutes(int(now.Truncate(time.Hour).Add(time.Hour).Sub(now).Minutes()) + 1)
}

// reserve sets aside the most that an answer may take, or returns a [refusal]
// when that is over the budget.
func (b *Bot) reserve(ctx context.Context, q question, now time.Time) error {
	l := b.options.Limits
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

// settle stores what an answer took. Where the provider does not say, it is
// estimated; an answer that never began took nothing.
func (b *Bot) settle(ctx context.Context, q question, prompt []llm.Message, a llm.Answer) feedback.Use {
	in, out := a.InputTokens, a.OutputTokens
	if in == 0 && out == 0 && a.Text != "" {
		in, out = promptTokens(prompt), int64(tokens(a.Text))
	}
	took := b.use(in, out)
	if q.unstored && b.options.Limits.Budget == (feedback.Budget{}) {
		return took
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := b.store.Settle(ctx, q.ID, took); err != nil {
		b.log.Error("cannot store what an answer took", "error", err)
	}
	return took
}

// use prices tokens. A price for a million tokens in dollars is one for a token
// in millionths of a dollar.
func (b *Bot) use(in, out int64) feedback.Use {
	l := b.options.Limits
	return feedback.Use{Tokens: in + out, Cost: int64(float64(in)*l.PriceInput + float64(out)*l.PriceOutput + 0.5)}
}

func promptTokens(prompt []llm.Message) (sum int64) {
	for _, m := range prompt {
		sum += int64(tokens(m.Content) + pictureTokens*len(m.Images))
	}
	return sum
}
