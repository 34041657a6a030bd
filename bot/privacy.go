package bot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

// forgetter is what /forget-me needs of the store.
type forgetter interface {
	Forget(context.Context, feedback.Rater) (feedback.Forgotten, error)
}

const (
	commandPrivacy = "privacy"
	commandForget  = "forget-me"
	forgetMe       = action("forget") // the button that means it
)

func (b *Bot) privacyCommands() []command {
	return []command{{slash(commandPrivacy, describePrivacy, anywhere), b.onPrivacy}, {slash(commandForget, describeForget, anywhere), b.onForgetMe}}
}

func (b *Bot) onPrivacy(ctx context.Context, i *discord.Interaction) {
	backends := textNobodyElse
	if list := b.options.Backends; len(list) > 0 {
		backends = fmt.Sprintf(textBackends, strings.Join(list, ", "))
	}
	texts := textTexts
	if b.options.NoText {
		texts = textNoTexts
	}
	b.tell(ctx, i, fmt.Sprintf(textPrivacy, texts, b.model.Host(), backends, retentionText(b.options.Retention)))
}

// onForgetMe asks whether it is meant.
func (b *Bot) onForgetMe(ctx context.Context, i *discord.Interaction) {
	rows := []discord.Row{{discord.Button{Style: discord.StyleDanger, Label: labelForgetMe, CustomID: customID(forgetMe, feedback.NewID())}}}
	b.acknowledge(ctx, i, discord.Callback{Type: discord.ReplyMessage, Data: discord.Body{Content: textForgetAsk, Flags: discord.FlagEphemeral, Components: &rows}})
}

// onForgetMeMeant deletes everything about whoever pressed the button.
func (b *Bot) onForgetMeMeant(ctx context.Context, i *discord.Interaction, _ string) {
	type result struct {
		f   feedback.Forgotten
		err error
	}
	who := b.store.Rater(i.UserID())
	b.flights.stop(errDeleted, func(a feedback.Ask) bool { return a.Asker == who })
	r, late := inTime(b, ctx, i, func(ctx context.Context) (r result) {
		r.f, r.err = b.store.Forget(ctx, who)
		return r
	})
	if r.err != nil {
		b.log.Error("a member could not be forgotten", "error", r.err)
		b.confirm(ctx, i, late, discord.Body{Content: textForgetFail})
		return
	}
	said := fmt.Sprintf(textForgotten, counted(r.f.Questions, "question"), counted(r.f.Votes, "vote"))
	if len(r.f.Erased) > 0 {
		said += fmt.Sprintf(textErased, counts(r.f.Erased))
	}
	if len(r.f.Delivered) > 0 {
		said += fmt.Sprintf(textElsewhere, counts(r.f.Delivered))
	}
	b.log.Info("a member was forgotten", "questions", r.f.Questions, "votes", r.f.Votes)
	b.confirm(ctx, i, late, discord.Body{Content: said})
}

// counts lists numbers by the names of backends.
func counts(of map[string]int64) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		list = append(list, fmt.Sprintf(textAtBackend, of[name], name))
	}
	return strings.Join(list, ", ")
}
