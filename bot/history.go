package bot

import (
	"context"
	"slices"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/llm"
)

// maxHistory is how many of a thread's latest messages are looked at.
const maxHistory = 40

// recallThread makes the recent messages of a thread a conversation: what
// people wrote, labelled with their names, and what the bot answered there.
func (b *Bot) recallThread(ctx context.Context, m *discord.Message) (conversation, error) {
	c := conversation{id: string(b.store.Rater(m.ChannelID)), speaker: nameOf(m.Author)}
	list, err := b.out.MessagesBefore(ctx, m.ChannelID, m.ID, maxHistory)
	if err != nil {
		return c, err
	}
	slices.Reverse(list) // Discord lists the newest first
	if len(list) < maxHistory {
		list = append(b.starter(ctx, m.ChannelID), list...)
	}
	var mine []string
	for _, one := range list {
		if b.isMe(one.Author) {
			mine = append(mine, one.ID)
		}
	}
	shown, err := b.store.Shown(ctx, mine)
	if err != nil {
		return c, err
	}
	for _, one := range list {
		if responseID := shown[one.ID]; responseID != "" {
			c.parent = responseID
			c.add(llm.Assistant, withoutMark(one.Content))
		} else if b.isPerson(&one) {
			if text := b.questionText(&one); text != "" {
				c.add(llm.User, nameOf(one.Author)+": "+text)
			}
		}
	}
	return c, nil
}

// starter returns the message at which a thread was opened; its id is the
// thread's. Threads without one are common, and so are deleted ones.
func (b *Bot) starter(ctx context.Context, threadID string) []discord.Message {
	m, err := b.out.Message(ctx, b.placeOf(threadID, threadID), threadID)
	if err != nil || m.Author == nil {
		return nil
	}
	return []discord.Message{m}
}

// add adds a turn. Turns of the same side become one, because some models want
// the sides to alternate.
func (c *conversation) add(role llm.Role, text string) {
	if last := len(c.turns) - 1; last >= 0 && c.turns[last].Role == role {
		c.turns[last].Content += "\n" + text
		return
	}
	c.turns = append(c.turns, llm.Message{Role: role, Content: text})
}

// withoutMark takes the marks from the end of an answer that broke off.
func withoutMark(content string) string {
	for {
		at := strings.LastIndex(content, "\n-# ")
		if at < 0 || strings.Contains(content[at+1:], "\n") {
			return strings.TrimSpace(content)
		}
		content = content[:at]
	}
}
