package bot

import (
	"context"
	"fmt"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
)

const (
	maxThreadName = 100 // Discord's limit
	optionThread  = "thread"
)

// threadsFor reports whether an answer in a channel gets a thread of its own.
func (b *Bot) threadsFor(guildID, channelID string) bool {
	all := b.options.Threads
	return guildID != "" && len(all) > 0 && !b.places.get(channelID).thread && listed(all, b.whereabouts(guildID, channelID))
}

// threadFor moves a question to a thread of its own where it shall have one.
func (b *Bot) threadFor(ctx context.Context, q *question, messageID string) {
	if b.threadsFor(q.GuildID, q.ChannelID) {
		b.openThreadAt(ctx, q, messageID)
	}
}

// threadForCommand is threadFor for a command, which may ask for one as well.
func (b *Bot) threadForCommand(ctx context.Context, i *discord.Interaction, q *question) {
	if i.Flag(optionThread) || i.Type == discord.InteractionCommand && b.threadsFor(i.GuildID, i.ChannelID) {
		b.moveToThread(ctx, i, q)
	}
}

// moveToThread opens a thread at the first answer to a command and moves the
// question there. When that does not work, because the bot may not or threads
// exist only in text channels, the question stays where it was asked.
func (b *Bot) moveToThread(ctx context.Context, i *discord.Interaction, q *question) {
	if i.GuildID == "" || b.places.get(i.ChannelID).thread {
		return
	}
	shown := fmt.Sprintf(textAsks, text.Plain(i.Name()), text.Clip(q.Question, text.MaxMessage/2))
	m, err := b.out.EditOriginal(ctx, nil, i.AppID, i.Token, discord.Urgent, func() discord.Body {
		return discord.Body{Content: text.Split(text.Answer(shown), text.MaxMessage, false)[0], Flags: discord.FlagSuppressEmbeds}
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
	name := text.Clip(strings.Join(strings.Fields(q.Question), " "), maxThreadName)
	if name == "" {
		name = threadName
	}
	thread, err := b.out.OpenThread(ctx, q.ChannelID, messageID, name)
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

// showsQuestion reports whether a message shows a command's question before its
// thread, and no answer.
func showsQuestion(content string) bool {
	name, asks, _ := strings.Cut(textAsks, "%s")
	asks, _, _ = strings.Cut(asks, "%s")
	rest, found := strings.CutPrefix(content, name)
	return found && strings.Contains(rest, asks)
}
