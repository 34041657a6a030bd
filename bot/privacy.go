package bot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"feedbackbot/feedback"
)

// archive is what privacy needs of the store.
type archive interface {
	Forget(context.Context, feedback.Rater) (feedback.Forgotten, error)
	ForgetServer(ctx context.Context, guildID string) error
	Servers(ctx context.Context) ([]string, error)
	Settings(ctx context.Context, prefix string) (map[string]string, error)
	DeleteSetting(ctx context.Context, name string) error
}

const (
	commandPrivacy  = "privacy"
	commandForgetMe = "forget-me"
	forgetMe        = action("forget") // the button that means it
)

const textPrivacy = `**What I keep, and why**
- %s
- Your votes, and what you write in the form: so that the people who run me can improve my answers.
- You appear under a pseudonym, never with your Discord name or id. I don't keep messages that aren't for me.
**Who gets it**
- %s writes my answers, so it gets the conversation.
- %s
**How long**
- %s
/forget-me deletes your questions, votes and pseudonym for good.`

const (
	textTexts      = "The questions you put to me, my answers, and where they stand: so that conversations go on and answers can be reviewed."
	textNoTexts    = "That you asked, when and where my answer stands, but not what you ask or what I answer: so that votes find their answer."
	textForgetAsk  = "This deletes your questions, my answers to them, your votes and your explanations from my database, for good. Your messages on Discord stay; delete them yourself if you like."
	textForgotten  = "**Done.** I deleted %s with the answers, and %s."
	textErased     = "\nThey were passed on before, and are being deleted there as well: %s."
	textElsewhere  = "\nThese were passed on before, and I can't delete them there: %s. The people who run me can."
	textForgetFail = "Sorry, that did not work. **Your data may still be there.** Please try again in a moment."
)

func privacyCommands() []command {
	return []command{
		{Name: commandPrivacy, Type: 1, Description: "See what I keep about you, and why.", Contexts: []int{0, 1}, Installs: []int{0}},
		{Name: commandForgetMe, Type: 1, Description: "Delete what I keep about you.", Contexts: []int{0, 1}, Installs: []int{0}},
	}
}

func (b *Bot) onPrivacy(ctx context.Context, i *interaction) {
	backends := "Nobody else: it stays in my own database."
	if list := b.options.Backends; len(list) > 0 {
		backends = "Answers and votes go to " + strings.Join(list, ", ") + ", where they are reviewed."
	}
	texts := textTexts
	if b.options.NoText {
		texts = textNoTexts
	}
	b.say(ctx, i, fmt.Sprintf(textPrivacy, texts, b.model.Host(), backends, retentionText(b.options.Retention)))
}

func retentionText(r feedback.Retention) string {
	days := func(d time.Duration) string { return fmt.Sprintf("%d days", int(d.Hours()/24)) }
	switch {
	case r.Votes > 0 && r.Texts > 0 && r.Texts < r.Votes:
		return "Texts go after " + days(r.Texts) + ", everything else after " + days(r.Votes) + "."
	case r.Votes > 0:
		return "Everything goes after " + days(r.Votes) + "."
	case r.Texts > 0:
		return "Texts go after " + days(r.Texts) + "; votes stay until you delete them."
	}
	return "Until you delete it."
}

// onForgetMe asks whether it is meant.
func (b *Bot) onForgetMe(ctx context.Context, i *interaction) {
	rows := []row{{button{Style: styleDanger, Label: labelForgetMe, CustomID: customID(forgetMe, feedback.NewID())}}}
	b.respond(ctx, i, callback{Type: replyMessage, Data: body{Content: textForgetAsk, Flags: flagEphemeral, Components: &rows}})
}

// onForgetMeMeant deletes everything about whoever pressed the button.
func (b *Bot) onForgetMeMeant(ctx context.Context, i *interaction) {
	type result struct {
		f   feedback.Forgotten
		err error
	}
	who := b.store.Rater(i.userID())
	b.flights.stop(errDeleted, func(a feedback.Ask) bool { return a.Asker == who })
	r, late := inTime(b, ctx, i, func(ctx context.Context) (r result) {
		r.f, r.err = b.store.Forget(ctx, who)
		return r
	})
	if r.err != nil {
		b.log.Error("a member could not be forgotten", "error", r.err)
		b.reply(ctx, i, late, body{Content: textForgetFail})
		return
	}
	text := fmt.Sprintf(textForgotten, counted(r.f.Questions, "question"), counted(r.f.Votes, "vote"))
	if len(r.f.Erased) > 0 {
		text += fmt.Sprintf(textErased, counts(r.f.Erased))
	}
	if len(r.f.Delivered) > 0 {
		text += fmt.Sprintf(textElsewhere, counts(r.f.Delivered))
	}
	b.log.Info("a member was forgotten", "questions", r.f.Questions, "votes", r.f.Votes)
	b.reply(ctx, i, late, body{Content: text})
}

// counts lists numbers by the names of backends.
func counts(of map[string]int64) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		list = append(list, fmt.Sprintf("%d at %s", of[name], name))
	}
	return strings.Join(list, ", ")
}
