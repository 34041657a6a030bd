package bot

import (
	"context"
	"errors"
	"strings"

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
func form(s feedback.Submission) modal {
	title, why := formWords(s.Rating)
	field := func(id, label, hint, value string, most int) row {
		return row{input{CustomID: id, Label: label, Hint: hint, Value: clip(value, most), MaxLength: most}}
	}
	return modal{
		CustomID: customID(submitForm, s.ResponseID), Title: title,
		Components: []row{
			field(inputExplanation, why, hintExplanation, s.Explanation, maxExplanation),
			field(inputExpected, labelExpected, hintExpected, s.Expected, maxExpected),
		},
	}
}

// openForm shows the form on request from the receipt. It must be the first
// answer to the click, so it only waits for a read.
func (b *Bot) openForm(ctx context.Context, i *interaction, responseID string) {
	readCtx, cancel := context.WithTimeout(ctx, b.commitBudget)
	defer cancel()
	sub, err := b.store.Submission(readCtx, responseID, b.store.Rater(i.userID()), feedback.User)
	switch {
	case errors.Is(err, feedback.ErrNoVote):
		b.say(ctx, i, textNothing)
	case err != nil:
		b.log.Error("cannot read a vote", "response_id", responseID, "error", err)
		b.say(ctx, i, textWentWrong)
	default:
		b.respond(ctx, i, callback{Type: replyForm, Data: form(sub)})
	}
}

// onForm handles a form that was sent. It never changes the vote.
func (b *Bot) onForm(ctx context.Context, i *interaction) {
	a, responseID, ok := parseCustomID(i.Data.CustomID)
	if ok && a == askAbout {
		b.onAboutForm(ctx, i, responseID)
		return
	}
	if !ok || a != submitForm {
		b.metrics.dropped.WithLabelValues("damaged_custom_id").Inc()
		b.say(ctx, i, textBroken)
		return
	}
	inputs := i.inputs()
	e := feedback.Explanation{
		ResponseID: responseID, Rater: b.store.Rater(i.userID()), Source: feedback.User, Version: number(i.ID),
		Explanation: clip(strings.TrimSpace(inputs[inputExplanation]), maxExplanation),
		Expected:    clip(strings.TrimSpace(inputs[inputExpected]), maxExpected),
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
		b.reply(ctx, i, late, body{Content: textExplainFirst})
	case s.err != nil:
		b.log.Error("an explanation was not saved", "response_id", responseID, "error", s.err)
		b.reply(ctx, i, late, body{Content: textNotSaved})
	default:
		b.log.Debug("explanation", "response_id", responseID)
		b.reply(ctx, i, late, b.receipt(s.sub, feedback.Saved))
	}
}
