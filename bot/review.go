package bot

import (
	"context"
	"errors"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

// /review lets reviewers into their pages, without an account there; in the menu of
// an answer they come to that answer.

const commandReview = "review"

// Review returns a link that opens the reviewers' pages once, at a response or, when
// that is "", at the inbox; or [feedback.ErrNotReviewer].
type Review func(ctx context.Context, userID, responseID string) (link string, err error)

func (b *Bot) reviewCommands() []command {
	if b.options.Review == nil {
		return nil
	}
	return []command{{slash(commandReview, describeReview, anywhere), b.onReview},
		{discord.Command{Name: commandReviewThis, Type: discord.CommandOfMessage, Contexts: anywhere, Installs: []int{discord.InServers}}, b.onReviewThis}}
}

func (b *Bot) onReview(ctx context.Context, i *discord.Interaction) { b.invite(ctx, i, "") }

// onReviewThis opens the page of the answer that a message shows.
func (b *Bot) onReviewThis(ctx context.Context, i *discord.Interaction) {
	r, err := b.store.ResponseByMessage(ctx, i.Data.TargetID)
	switch {
	case errors.Is(err, feedback.ErrUnknownResponse):
		b.tell(ctx, i, textNoAnswer)
	case err != nil:
		b.log.Error("cannot read which answer is to be reviewed", "error", err)
		b.tell(ctx, i, textWentWrong)
	default:
		b.invite(ctx, i, r.ID)
	}
}

// invite answers a reviewer alone, with a link.
func (b *Bot) invite(ctx context.Context, i *discord.Interaction, responseID string) {
	type invited struct {
		link string
		err  error
	}
	r, late := inTime(b, ctx, i, func(ctx context.Context) (r invited) {
		r.link, r.err = b.options.Review(ctx, i.UserID(), responseID)
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
