package bot

import (
	"context"
	"errors"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

// /review lets reviewers into their pages, without an account there.

const commandReview = "review"

// Review returns a link that opens the reviewers' pages once, or
// [feedback.ErrNotReviewer].
type Review func(ctx context.Context, userID string) (link string, err error)

func (b *Bot) reviewCommands() []command {
	if b.options.Review == nil {
		return nil
	}
	return []command{{slash(commandReview, describeReview, anywhere), b.onReview}}
}

func (b *Bot) onReview(ctx context.Context, i *discord.Interaction) {
	type invited struct {
		link string
		err  error
	}
	r, late := inTime(b, ctx, i, func(ctx context.Context) (r invited) {
		r.link, r.err = b.options.Review(ctx, i.UserID())
		return r
	})
	switch {
	case errors.Is(r.err, feedback.ErrNotReviewer):
		b.confirm(ctx, i, late, discord.Body{Content: textNotReviewer})
	case r.err != nil:
		b.log.Error("a reviewer got no link", "error", r.err)
		b.confirm(ctx, i, late, discord.Body{Content: textWentWrong})
	default:
		rows := []discord.Row{{discord.Button{Style: discord.StyleLink, Label: labelReview, URL: r.link}}}
		b.confirm(ctx, i, late, discord.Body{Content: textReview, Components: &rows})
	}
}
