package bot

import (
	"context"
	"errors"
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
	textWaiting    = "⏳ Many people are asking right now. Your answer comes as soon as it is your turn."
	textOverBudget = "I've answered all that I may for today. Please ask again tomorrow."
	textOverMember = "You've used up your share of answers for today. Please ask again tomorrow."
	textTooMany    = "You've asked a lot in a short time. Please go on in %s."
	textServerMany = "This server has asked a lot in a short time. Please go on in %s."
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

// add counts a question and returns false when there are more than limit.
func (h *hourly) add(key string, limit int, now time.Time) bool {
	if limit <= 0 {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if hour := now.Truncate(time.Hour); h.n == nil || !hour.Equal(h.hour) {
		h.hour, h.n = hour, map[string]int{}
	}
	if h.n[key] >= limit {
		return false
	}
	h.n[key]++
	return true
}

// untilNextHour says when counting begins anew.
func untilNextHour(now time.Time) string {
	minutes := int(now.Truncate(time.Hour).Add(time.Hour).Sub(now).Minutes()) + 1
	if minutes == 1 {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", minutes)
}

// errNotAdmitted ends a question that has been answered with a sentence.
var errNotAdmitted = errors.New("not admitted")

// admit lets a question pass the limits, waits until it is its turn, and sets
// aside what its answer may take. leave must be called when it is answered.
func (b *Bot) admit(ctx context.Context, r *reply) (leave func(), err error) {
	l, now := b.options.Limits, time.Now()
	refuse := func(reason, text string) (func(), error) {
		b.metrics.dropped.WithLabelValues(reason).Inc()
		b.notice(context.WithoutCancel(ctx), r, text)
		return nil, errNotAdmitted
	}
	switch {
	case !b.asked.add("member "+string(r.q.Asker), l.MemberHourly, now):
		return refuse("member_limit", fmt.Sprintf(textTooMany, untilNextHour(now)))
	case r.q.GuildID != "" && !b.asked.add("server "+r.q.GuildID, l.ServerHourly, now):
		return refuse("server_limit", fmt.Sprintf(textServerMany, untilNextHour(now)))
	}
	if b.flagged(ctx, r, "question", r.q.Question) {
		return refuse("flagged", textFlaggedQuestion)
	}
	leave = func() {}
	if l.AtOnce > 0 {
		leave, err = b.slots.enter(ctx, r.q.Asker, func() { b.tellToWait(ctx, r) })
		if err != nil {
			return nil, err
		}
	}
	if r.q.unstored && l.Budget == (feedback.Budget{}) {
		return leave, nil // the store is in trouble; nobody shall wait for it again
	}
	verdict, err := b.reserve(ctx, r.q, now)
	switch {
	case err != nil && l.Budget != (feedback.Budget{}):
		b.log.Error("cannot reserve what an answer costs; not answering", "error", err)
		leave()
		return refuse("not_reserved", textWentWrong)
	case err != nil:
		b.log.Error("cannot store what an answer costs", "error", err)
	case verdict == feedback.OverBudget:
		leave()
		return refuse("over_budget", textOverBudget)
	case verdict == feedback.OverMembersOwn:
		leave()
		return refuse("over_member_budget", textOverMember)
	}
	return leave, nil
}

// tellToWait shows a sentence that the answer will replace.
func (b *Bot) tellToWait(ctx context.Context, r *reply) {
	if len(r.ids) > 0 {
		return
	}
	if err := r.post(ctx, 0, urgent, func() string { return textWaiting }); err != nil {
		b.log.Warn("cannot tell a person to wait", "error", err)
		return
	}
	r.waiting = true
}

// reserve sets aside the most that an answer may take.
func (b *Bot) reserve(ctx context.Context, q question, now time.Time) (feedback.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	most := b.options.Limits.MaxTokens
	if most <= 0 {
		most = usualAnswer
	}
	return b.store.Reserve(ctx, q.Ask, b.use(promptTokens(b.prompt(q, now)), int64(most)), b.options.Limits.Budget, now)
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
