package bot

import (
	"context"
	"strings"

	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// "Ask about this" stands in the menu of every message. It opens a form for the
// question, because the menu has no place for one.

const (
	commandAbout = "Ask about this"
	askAbout     = action("about") // the form's custom id
	inputAbout   = "question"
	maxAbout     = 2000
	defaultAbout = "Please explain this message."
)

const (
	textNothingThere = "There is nothing in this message that I could answer about."
	textFormTooOld   = "This form is too old. Please choose \"" + commandAbout + "\" again."
)

// aboutForm is what an open form asks about. A form that outlives the process
// is answered politely: a message's text is not kept for it.
type aboutForm struct {
	quoted []llm.Message
	files  []attachment
}

func aboutCommand() command {
	return command{Name: commandAbout, Type: commandOfMessage, Contexts: []int{0, 1}, Installs: []int{0}}
}

// onAbout opens the form about the message that was chosen.
func (b *Bot) onAbout(ctx context.Context, i *interaction) {
	if sorry, allowed := b.mayAsk(i); !allowed {
		b.say(ctx, i, sorry)
		return
	}
	target := i.target()
	quoted := b.quoted(target)
	if quoted == nil && (target == nil || len(target.Attachments) == 0) {
		b.say(ctx, i, textNothingThere)
		return
	}
	id := feedback.NewID()
	b.forms.put(id, aboutForm{quoted: quoted, files: target.Attachments})
	b.respond(ctx, i, callback{Type: replyForm, Data: modal{
		CustomID: customID(askAbout, id), Title: commandAbout,
		Components: []row{{input{CustomID: inputAbout, Label: labelAbout, Hint: defaultAbout, MaxLength: maxAbout}}},
	}})
}

// onAboutForm answers the question of the form.
func (b *Bot) onAboutForm(ctx context.Context, i *interaction, id string) {
	form, found := b.forms.take(id)
	switch {
	case !found:
		b.say(ctx, i, textFormTooOld)
		return
	case b.stopping():
		b.say(ctx, i, textStopping)
		return
	}
	question := strings.TrimSpace(plainText(i.inputs()[inputAbout]))
	if question == "" {
		question = defaultAbout
	}
	b.answerInteraction(ctx, i, b.askOf(i, question), conversation{turns: form.quoted, attachments: form.files})
}
