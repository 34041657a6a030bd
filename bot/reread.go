package bot

import (
	"context"
	"strconv"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// With STORE_TEXT=false the database knows who said what where, but no text.
// What a conversation needs of it is read from Discord again.

// maxReread is how many messages of a conversation are read one by one.
const maxReread = 10

// turnsOf returns what was asked and answered, oldest first.
func (b *Bot) turnsOf(ctx context.Context, responses []feedback.Response) []llm.Message {
	page := &pageOf{bot: b, left: maxReread}
	turns := make([]llm.Message, 2*len(responses))
	for n := len(responses) - 1; n >= 0; n-- { // the newest first: they matter most
		r := responses[n]
		if r.Question == "" && r.Answer == "" {
			r.Question, r.Answer = b.reread(ctx, page, r)
		}
		turns[2*n] = llm.Message{Role: llm.User, Content: r.Question}
		turns[2*n+1] = llm.Message{Role: llm.Assistant, Content: r.Answer}
	}
	said := turns[:0]
	for _, turn := range turns {
		if turn.Content != "" {
			said = append(said, turn)
		}
	}
	return said
}

// reread reads what the messages of a response say. A command's question stands
// in no message.
func (b *Bot) reread(ctx context.Context, page *pageOf, r feedback.Response) (question, answer string) {
	ids, err := b.store.Messages(ctx, r.AskID)
	if err != nil {
		b.log.Error("cannot read which messages show an answer", "response_id", r.ID, "error", err)
		return "", ""
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
	return b.reask(ctx, page, r.ChannelID, asked), strings.Join(parts, "\n")
}

// reask returns the question of a message or a command; "" if it is gone.
func (b *Bot) reask(ctx context.Context, page *pageOf, channelID, askID string) string {
	if text, found := b.commandTexts.get(askID); found {
		return text
	}
	m := page.message(ctx, channelID, askID)
	if m == nil || !b.isPerson(m) {
		return ""
	}
	return named(b.questionText(m), filesOf(m))
}

// pageOf is the page of a channel's messages that ends with the one asked for
// first, read once, and a few single ones.
type pageOf struct {
	bot  *Bot
	read bool
	all  map[string]*discord.Message
	left int
}

func (p *pageOf) message(ctx context.Context, channelID, id string) *discord.Message {
	if !p.read {
		p.read = true
		p.load(ctx, channelID, id)
	}
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
	p.all = map[string]*discord.Message{}
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

// placeOf is where a message stands: the one at which a thread was opened has
// the thread's id, and stands in its parent.
func (b *Bot) placeOf(channelID, messageID string) string {
	if parent := b.places.get(channelID).parentID; channelID == messageID && parent != "" {
		return parent
	}
	return channelID
}

// readAgain reads what is not kept of a question that is answered once more: its
// files, and with STORE_TEXT=false its text. It returns false when that is gone.
func (b *Bot) readAgain(ctx context.Context, q *question) bool {
	if list, found := b.commandFiles.get(q.source); found && q.Question != "" {
		q.attachments = list
		return true
	}
	if words, found := b.commandTexts.get(q.source); found && q.Question == "" {
		q.Question = words
		return true
	}
	if q.Question != "" && !strings.Contains(q.Question, attachedPrefix) {
		return true
	}
	m, err := b.out.Message(ctx, b.placeOf(q.ChannelID, q.source), q.source)
	if err != nil {
		b.log.Warn("cannot read a question again", "error", err)
		return q.Question != ""
	}
	if q.Question == "" {
		q.Question = text.Clip(named(b.questionText(&m), filesOf(&m)), maxQuestion)
	}
	q.attachments = filesOf(&m)
	return true
}
