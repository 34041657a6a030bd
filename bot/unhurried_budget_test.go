package bot_test

import (
	"context"
	"time"

	"feedbackbot/feedback"
)

func (u unhurried) Reserve(ctx context.Context, a feedback.Ask, most feedback.Use, b feedback.Budget, now time.Time) (feedback.Verdict, error) {
	return u.Store.Reserve(context.WithoutCancel(ctx), a, most, b, now)
}

func (u unhurried) Settle(ctx context.Context, askID string, took feedback.Use) error {
	return u.Store.Settle(context.WithoutCancel(ctx), askID, took)
}
