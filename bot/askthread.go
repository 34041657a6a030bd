package bot

import (
	"context"
	"strings"

	"feedbackbot/feedback"
)

// maxThreadName is Discord's limit.
const maxThreadName = 100

// moveToThread opens a thread at the first answer to a command and moves the
// question there. When that does not work, because the bot may not or threads
// exist only in text channels, the question stays where it was asked.
func (b *Bot) moveToThread(ctx context.Context, i *interaction, q *question) {
	if i.GuildID == "" || b.places.get(i.ChannelID).thread {
		return
	}
	shown := "**" + plainText(i.name()) + "** asks: " + clip(q.Question, maxMessage/2)
	m, err := b.out.editOriginal(ctx, nil, i.AppID, i.Token, urgent, func() body {
		return body{Content: split(answerText(shown), maxMessage, false)[0], Flags: flagSuppressEmbeds}
	})
	if err != nil {
		b.log.Warn("cannot show a question before its thread", "error", err)
		return
	}
	b.openThreadAt(ctx, q, m.ID)
}

// openThreadAt opens a thread at a message and moves the question there, or
// leaves it where it is.
func (b *Bot) openThreadAt(ctx context.Context, q *question, messageID string) {
	name := clip(strings.Join(strings.Fields(q.Question), " "), maxThreadName)
	if name == "" {
		name = "A question"
	}
	thread, err := b.out.openThread(ctx, q.ChannelID, messageID, name)
	if err != nil {
		b.log.Info("cannot open a thread; answering in the channel", "error", err)
		return
	}
	b.places.put(q.GuildID, thread)
	b.places.takePart(thread.ID, q.AskedAt)
	if !q.unstored {
		if err := b.store.Move(ctx, q.ID, thread.ID); err != nil {
			b.log.Error("cannot store that a question moved to a thread", "error", err)
			q.unstored = true
		}
	}
	q.ChannelID, q.Token, q.replyTo = thread.ID, "", ""
}

// askOf is an interaction as a question.
func (b *Bot) askOf(i *interaction, text string) feedback.Ask {
	return feedback.Ask{ID: i.ID, GuildID: i.GuildID, ChannelID: i.ChannelID, Token: i.Token,
		Asker: b.store.Rater(i.userID()), Question: text, AskedAt: madeAt(i.ID)}
}
