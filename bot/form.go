package bot

import (
	"context"
	"errors"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
)

// The form's inputs.
const (
	inputExplanation = "explanation"
	inputExpected    = "expected_response"
	maxExplanation   = 1000
	maxExpected      = 4000
)

// form asks for an explanation, with what the person wrote before.
func form(s feedback.Submission) discord.Modal {
	title, why := formWords(s.Rating)
	field := func(id, label, hint, value string, most int) discord.Row {
		return discord.Row{discord.Input{CustomID: id, Label: label, Hint: hint, Value: text.Clip(value, most), MaxLength: most}}
	}
	return discord.Modal{
		CustomID: customID(submitForm, s.ResponseID), Title: title,
		Components: []discord.Row{
			field(inputExplanation, why, hintExplanation, s.Explanation, maxExplanation),
			field(inputExpected, labelExpected, hintExpected, s.Expected, maxExpected),
		},
	}
}

// openForm shows the form on request from the receipt. It must be the first
// answer to the click, so it only waits for a read.
func (b *Bot) openForm(ctx context.Context, i *discord.Interaction, responseID string) {
	readCtx, cancel := context.WithTimeout(ctx, b.commitBudget)
	defer cancel()
	sub, err := b.store.Submission(readCtx, responseID, b.store.Rater(i.UserID()), feedback.User)
	switch {
	case errors.Is(err, feedback.ErrNoVote):
		b.tell(ctx, i, textNothing)
	case err != nil:
		b.log.Error("cannot read a vote", "response_id", responseID, "error", err)
		b.tell(ctx, i, textWentWrong)
	default:
		b.acknowledge(ctx, i, discord.Callback{Type: discord.ReplyForm, Data: form(sub)})
	}
}

// onForm handles a form that was sent.
func (b *Bot) onForm(ctx context.Context, i *discord.Interaction) {
	a, id, ok := parseCustomID(i.Data.CustomID)
	if !ok || filled[a] == nil {
		b.metrics.dropped.WithLabelValues("damaged_custom_id").Inc()
		b.tell(ctx, i, textBroken)
		return
	}
	filled[a](b, ctx, i, id)
}

// onExplanation stores what somebody wrote about their vote. It never changes the
// vote.
func (b *Bot) onExplanation(ctx context.Context, i *discord.Interaction, responseID string) {
	inputs := i.Inputs()
	e := feedback.Explanation{
		ResponseID: responseID, Rater: b.store.Rater(i.UserID()), Source: feedback.User, Version: discord.Number(i.ID),
		Explanation: text.Clip(strings.TrimSpace(inputs[inputExplanation]), maxExplanation),
		Expected:    text.Clip(strings.TrimSpace(inputs[inputExpected]), maxExpected),
	}
	type stored struct {
		sub feedback.Submission
		err error
	}
	s, late := inTime(b, ctx, i, func(ctx context.Context) (s stored) {
		s.sub, s.err = b.store.Explain(ctx, e)
		return s
	})
	switch {
	case errors.Is(s.err, feedback.ErrNoVote):
		b.confirm(ctx, i, late, discord.Body{Content: textExplainFirst})
	case s.err != nil:
		b.log.Error("an explanation was not saved", "response_id", responseID, "error", s.err)
		b.confirm(ctx, i, late, discord.Body{Content: textNotSaved})
	default:
		b.log.Debug("explanation", "response_id", responseID)
		b.confirm(ctx, i, late, b.receipt(s.sub, feedback.Saved))
	}
}
