package bot

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
)

// With STORE_TEXT=false the database knows who said what where, but no text.
// What a conversation needs of it is read from Discord again.

// maxReread is how many messages of a conversation are read one by one.
const maxReread = 10

// pageOf is the page of a channel's messages that ends with the one asked for
// first, read once, and a few single ones.
type pageOf struct {
	bot  *Bot
	read bool
	all  map[string]*discord.Message
	left int
}

func (b *Bot) newPage() *pageOf {
	return &pageOf{bot: b, left: maxReread, all: map[string]*discord.Message{}}
}

// reread reads what the messages of a response say, and who asked where several
// people talk. A command's question stands in no message.
func (b *Bot) reread(ctx context.Context, page *pageOf, r feedback.Response) (asker, question, answer string) {
	ids, err := b.store.Messages(ctx, r.AskID)
	if err != nil {
		b.log.Error("cannot read which messages show an answer", "response_id", r.ID, "error", err)
		return "", "", ""
	}
	var parts []string
	for _, id := range ids {
		if m := page.message(ctx, r.ChannelID, id); m != nil {
			parts = append(parts, withoutMark(m.Content))
		}
	}
	asked := r.AskID
	if r.AlternativeOf != "" {
		if first, err := b.store.Response(ctx, r.AlternativeOf); err == nil {
			asked = first.AskID
		}
	}
	asker, question = b.reask(ctx, page, r.ChannelID, asked)
	return asker, question, strings.Join(parts, "\n")
}

// reask returns the question of a message or a command; "" if it is gone.
func (b *Bot) reask(ctx context.Context, page *pageOf, channelID, askID string) (asker, question string) {
	if text, found := b.commandTexts.get(askID); found {
		return "", text
	}
	m := page.message(ctx, channelID, askID)
	if m == nil || !b.isPerson(m) {
		return "", ""
	}
	return b.speaker(m), cmp.Or(b.asks(m), askedNothing)
}

// speaker is who wrote a message, where several people talk; "" elsewhere.
func (b *Bot) speaker(m *discord.Message) string {
	if !b.places.get(m.ChannelID).thread {
		return ""
	}
	return nameOf(m.Author)
}

func (p *pageOf) message(ctx context.Context, channelID, id string) *discord.Message {
	if !p.read {
		p.read = true
		p.load(ctx, channelID, id)
	}
	return p.single(ctx, channelID, id)
}

// single returns a message that may stand anywhere, without reading the page for it.
func (p *pageOf) single(ctx context.Context, channelID, id string) *discord.Message {
	m, found := p.all[id]
	if found || p.left == 0 {
		return m
	}
	p.left--
	one, err := p.bot.out.Message(ctx, p.bot.placeOf(channelID, id), id)
	if err != nil || one.Author == nil {
		p.all[id] = nil // not to be asked for again
		return nil
	}
	p.all[id] = &one
	return &one
}

func (p *pageOf) load(ctx context.Context, channelID, last string) {
	n, err := strconv.ParseUint(last, 10, 64)
	if err != nil {
		return
	}
	list, err := p.bot.out.MessagesBefore(ctx, channelID, strconv.FormatUint(n+1, 10), discord.PageSize)
	if err != nil {
		p.bot.log.Warn("cannot read what was said in a channel", "error", err)
		return
	}
	for n := range list {
		p.all[list[n].ID] = &list[n]
	}
}

// placeOf is where a message stands: the one at which a thread was opened has the
// thread's id, and stands in its parent, unless that is a forum.
func (b *Bot) placeOf(channelID, messageID string) string {
	parent := b.places.get(channelID).parentID
	if channelID == messageID && parent != "" && !b.places.get(parent).forum {
		return parent
	}
	return channelID
}

// readAgain reads what is not kept of a question that is answered once more: its
// files, and with STORE_TEXT=false its text. It returns false when there is
// nothing left to answer.
func (b *Bot) readAgain(ctx context.Context, q *question) bool {
	if list, found := b.commandFiles.get(q.source); found && q.Question != "" {
		q.attachments = list
		return true
	}
	if words, found := b.commandTexts.get(q.source); found && q.Question == "" {
		q.Question = words
		return true
	}
	sent := q.shown.Asked.Files
	if len(sent) == 0 { // it was asked before they were kept
		sent = filesIn(q.Question)
	}
	if q.Question != "" && len(sent) == 0 {
		return true
	}
	m, err := b.out.Message(ctx, cmp.Or(q.shown.Asked.Channel, b.placeOf(q.ChannelID, q.source)), q.source)
	_, q.files.missing = present(sent, ownFiles(&m))
	q.files.tell(q.files.missing)
	if err != nil {
		b.log.Warn("cannot read a question again", "error", err)
		return q.Question != "" || len(q.turns) > 0
	}
	if q.Question == "" {
		q.Question = text.Clip(cmp.Or(b.asks(&m), askedNothing), maxQuestion)
		q.speaker = b.speaker(&m)
	}
	q.attachments = ownFiles(&m)
	return true
}
