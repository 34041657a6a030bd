package bot_test

import (
	"context"

	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
)

// unhurried is a store whose writes have no deadline: what a slow machine takes
// its time for is not lost, as it would be with a database in trouble.
type unhurried struct{ *store.Store }

func (u unhurried) Vote(ctx context.Context, v feedback.Vote) (feedback.Submission, feedback.Outcome, error) {
	return u.Store.Vote(context.WithoutCancel(ctx), v)
}

func (u unhurried) Explain(ctx context.Context, e feedback.Explanation) (feedback.Submission, error) {
	return u.Store.Explain(context.WithoutCancel(ctx), e)
}

func (u unhurried) Take(ctx context.Context, a feedback.Ask) (bool, error) {
	return u.Store.Take(context.WithoutCancel(ctx), a)
}

func (u unhurried) Posted(ctx context.Context, a feedback.Ask, messageID string, part int) error {
	return u.Store.Posted(context.WithoutCancel(ctx), a, messageID, part)
}

func (u unhurried) Monitor(ctx context.Context, r feedback.Response) error {
	return u.Store.Monitor(context.WithoutCancel(ctx), r)
}

func (u unhurried) Fail(ctx context.Context, askID string) error {
	return u.Store.Fail(context.WithoutCancel(ctx), askID)
}

func (u unhurried) Finish(ctx context.Context, askID string) error {
	return u.Store.Finish(context.WithoutCancel(ctx), askID)
}
