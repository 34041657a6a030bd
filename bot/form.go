package bot

import (
	"context"
	"errors"
	"strings"

	"github.com/bwmarrin/discordgo"

	"feedbackbot/feedback"
)

// The form's inputs.
const (
	inputExplanation = "explanation"
	inputExpected    = "expected_response"
	maxExplanation   = 1000
	maxExpected      = 4000
)

type modal struct {
	CustomID   string `json:"custom_id"`
	Title      string `json:"title"`
	Components []row  `json:"components"`
}

// form asks for an explanation, with what the person wrote before.
func form(s feedback.Submission) modal {
	title, question := "Tell me more", "Why this rating?"
	switch {
	case s.Rating <= 2:
		title, question = "What went wrong?", "What was wrong with the answer?"
	case s.Rating >= 4:
		title, question = "What was good about it?", "What did you like?"
	}
	input := func(id, label, hint, value string, most int) row {
		return row{Components: []discordgo.MessageComponent{discordgo.TextInput{CustomID: id, Label: label,
			Style: discordgo.TextInputParagraph, Placeholder: hint, Value: clip(value, most), Required: false, MaxLength: most}}}
	}
	return modal{
		CustomID: customID(submitForm, s.ResponseID), Title: title,
		Components: []row{
			input(inputExplanation, question, "Optional. Your vote is saved already.", s.Explanation, maxExplanation),
			input(inputExpected, "What should it have said?", "Optional. The answer you would have liked.", s.Expected, maxExpected),
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
