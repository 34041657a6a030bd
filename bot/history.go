package bot

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
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
	answers, err := b.answersIn(ctx, list)
	if err != nil {
		return c, true, err
	}
	var said []turn
	for _, one := range list {
		if r, found := answers[one.ID]; found {
			c.parent = r.ID
			said = withAnswer(said, r, withoutMark(one.Content))
		} else if (b.isPerson(&one) || one.ID == m.ChannelID && !b.isMe(one.Author)) && m.RepliesTo() != one.ID { // the thread may be about what a bot wrote
			if t := b.turnOf(&one); t.Text != "" {
				said = append(said, t)
			}
		}
	}
	if m.RepliesTo() != "" {
		said = append(said, b.quoted(m.Referenced)...) // what is replied to stands last
	}
	c.add(latest(said, b.options.ContextTokens)...)
	return c, true, b.openWithQuestion(ctx, &c)
}

// latest returns the last turns, as many as the model may be shown, and at least
// one.
func latest(turns []turn, most int) []turn {
	for n := len(turns) - 1; n >= 0; n-- {
		if most -= turns[n].size(); most < 0 && n < len(turns)-1 {
			return turns[n+1:]
		}
	}
	return turns
}

// openWithQuestion gives an answer with which a conversation begins its question:
// the thread was opened at the answer, or began long before.
func (b *Bot) openWithQuestion(ctx context.Context, c *conversation) error {
	if len(c.turns) == 0 || len(c.turns[0].Answers) == 0 {
		return nil
	}
	c.shown.Before[0].Role = ""
	both, err := b.again(ctx, c.shown.Before[:1])
	if err == nil {
		c.turns = append(both, c.turns[1:]...)
	}
	return err
}

// answersIn returns which of these messages show answers that are still part of a
// conversation.
func (b *Bot) answersIn(ctx context.Context, list []discord.Message) (map[string]feedback.Response, error) {
	var mine []string
	for _, one := range list {
		if b.isMe(one.Author) {
			mine = append(mine, one.ID)
		}
	}
	shown, err := b.store.Shown(ctx, mine)
	if err != nil {
		return nil, err
	}
	answers, err := b.answersOf(ctx, slices.Sorted(maps.Values(shown)))
	if err != nil {
		return nil, err
	}
	found := map[string]feedback.Response{}
	for message, id := range shown {
		if r, there := answers[id]; there {
			found[message] = r
		}
	}
	return found, nil
}

// withAnswer adds an answer of which a message shows a part. Where its text is kept
// the first part is enough.
func withAnswer(turns []turn, r feedback.Response, part string) []turn {
	t := turn{Turn: feedback.Turn{Role: fromModel, Answers: []string{r.ID}, Text: cmp.Or(r.Answer, part)}}
	last := len(turns) - 1
	if last < 0 || !slices.Equal(turns[last].Answers, t.Answers) {
		return append(turns, t)
	}
	if r.Answer == "" {
		turns[last].Text += "\n" + part
	}
	return turns
}

// starter returns the message at which a thread was opened; its id is the
// thread's. Threads without one are common, and so are deleted ones. A post in a
// forum begins with it, so there it is not looked for.
func (b *Bot) starter(ctx context.Context, threadID string) []discord.Message {
	at := b.placeOf(threadID, threadID)
	if at == threadID {
		return nil
	}
	m, err := b.out.Message(ctx, at, threadID)
	if err != nil || m.Author == nil {
		return nil
	}
	return []discord.Message{m}
}
