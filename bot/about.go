package bot

import (
	"context"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
)

// "Ask about this" stands in the menu of every message. It opens a form for the
// question, because the menu has no place for one.

const (
	askAbout   = action("about") // the form's custom id
	inputAbout = "question"
	maxAbout   = 2000
)

// aboutForm is what an open form asks about. A form that outlives the process
// is answered politely: a message's text is not kept for it.
type aboutForm struct{ quoted []turn }

func (b *Bot) aboutCommands() []command {
	return []command{{discord.Command{Name: commandAbout, Type: discord.CommandOfMessage, Contexts: anywhere, Installs: []int{discord.InServers}}, b.onAbout}}
}

// onAbout opens the form about the message that was chosen.
func (b *Bot) onAbout(ctx context.Context, i *discord.Interaction) {
	if sorry, allowed := b.mayAsk(i); !allowed {
		b.tell(ctx, i, sorry)
		return
	}
	quoted := b.quoted(i.Target())
	if quoted == nil {
		b.tell(ctx, i, textNothingThere)
		return
	}
	id := feedback.NewID()
	b.forms.put(id, aboutForm{quoted})
	b.acknowledge(ctx, i, discord.Callback{Type: discord.ReplyForm, Data: discord.Modal{
		CustomID: customID(askAbout, id), Title: commandAbout,
		Components: []discord.Row{{discord.Input{CustomID: inputAbout, Label: labelAbout, Hint: defaultAbout, MaxLength: maxAbout}}},
	}})
}

// onAboutForm answers the question of the form.
func (b *Bot) onAboutForm(ctx context.Context, i *discord.Interaction, id string) {
	form, found := b.forms.take(id)
	switch {
	case !found:
		b.tell(ctx, i, textFormTooOld)
		return
	case b.stopping():
		b.tell(ctx, i, textStopping)
		return
	}
	question := strings.TrimSpace(text.Plain(i.Inputs()[inputAbout]))
	if question == "" {
		question = defaultAbout
	}
	b.askByInteraction(ctx, i, feedback.Ask{Asker: b.store.Rater(i.UserID()), Question: question},
		func(context.Context) conversation { return about(form.quoted) })
}
