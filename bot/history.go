package bot

import (
	"context"
	"slices"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/llm"
)

// threadStore is what taking part in threads needs of the store.
type threadStore interface {
	Move(ctx context.Context, askID, channelID string) error
	Shown(ctx context.Context, messageIDs []string) (map[string]string, error)
	AskedSince(ctx context.Context, channelID string) (time.Time, error)
}

// participation is the bot's part in a thread.
type participation struct {
	since   time.Time // when it began; zero if the bot does not take part
	checked bool      // whether since has been looked up
}

// onThreadMessage answers a message that asks the bot if it takes part in the
// thread, which is in the database: the read loop does not wait for that. It
// returns false for any other message.
func (b *Bot) onThreadMessage(m *discord.Message) bool {
	if !b.mayBeForUs(m) {
		return false
	}
	b.begin("thread message", func() {
		if b.takesPart(b.requests, m.ChannelID, m.At) {
			b.onQuestion(m)
		}
	})
	return true
}

// mayBeForUs reports whether a message asks the bot if it takes part in the
// thread: it is not said to somebody else.
func (b *Bot) mayBeForUs(m *discord.Message) bool {
	one := b.places.get(m.ChannelID)
	return one.thread && (!one.since.IsZero() || !one.checked) && m.RepliesTo() == "" && !toOthers(m) && b.shows(m)
}

// takePart stores since when the bot takes part in a thread, at the latest.
func (p *places) takePart(id string, since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.all[id]
	if !one.thread {
		return
	}
	one.checked = true
	if one.since.IsZero() || !since.IsZero() && since.Before(one.since) {
		one.since = since
	}
	p.all[id] = one
}

// takesPart reports whether somebody had asked the bot in this thread before a
// message was written, or had opened it at one of its answers: in there it needs
// no mention. The database is asked once for each thread.
func (b *Bot) takesPart(ctx context.Context, threadID string, at time.Time) bool {
	one := b.places.get(threadID)
	if !one.checked && one.thread {
		ctx, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		since, err := b.store.AskedSince(ctx, threadID)
		if err != nil {
			b.log.Warn("cannot read whether a thread is ours", "error", err)
			return false
		}
		b.places.takePart(threadID, since)
		one.since = since
	}
	return !one.since.IsZero() && at.After(one.since)
}

// maxHistory is how many of a thread's latest messages are looked at.
const maxHistory = 40

// recallThread makes the recent messages of a thread a conversation: what
// people wrote, labelled with their names, and what the bot answered there.
func (b *Bot) recallThread(ctx context.Context, m *discord.Message) (c conversation, found bool, err error) {
	if !b.places.get(m.ChannelID).thread {
		return c, false, nil
	}
	c = conversation{id: string(b.store.Rater(m.ChannelID)), speaker: nameOf(m.Author)}
	list, err := b.out.MessagesBefore(ctx, m.ChannelID, m.ID, maxHistory)
	if err != nil {
		return c, true, err
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
		return c, true, err
	}
	for _, one := range list {
		if responseID := shown[one.ID]; responseID != "" {
			c.parent = responseID
			c.add(llm.Assistant, withoutMark(one.Content))
		} else if b.isPerson(&one) || one.ID == m.ChannelID && !b.isMe(one.Author) { // the thread may be about what a bot wrote
			if text := named(b.questionText(&one), ownFiles(&one)); text != "" {
				c.add(llm.User, nameOf(one.Author)+": "+text)
			}
		}
	}
	if to := m.Referenced; to != nil && m.RepliesTo() != "" && !b.isMe(to.Author) {
		for _, quoted := range b.quoted(to) {
			c.add(quoted.Role, quoted.Content)
		}
	}
	return c, true, nil
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
