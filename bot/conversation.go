package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// memory is what a conversation needs of the store.
type memory interface {
	ResponseByMessage(ctx context.Context, messageID string) (feedback.Response, error)
	Chain(ctx context.Context, id string, n int) ([]feedback.Response, error)
	Latest(ctx context.Context, conversationID string, n int) ([]feedback.Response, error)
	Remove(ctx context.Context, messageID string) error
}

// maxTurns is how many earlier questions the model is shown at most.
const maxTurns = 20

// conversation is what came before a question.
type conversation struct {
	id     string // "" begins a new one
	parent string // the response that the question follows
	turns  []llm.Message
	// speaker is who asks, where several people talk; "" elsewhere.
	speaker string
	// attachments come with the question; source is the message that brought
	// them when it is answered once more.
	attachments []discord.Attachment
	source      string
}

// recall finds what a message continues.
func (b *Bot) recall(ctx context.Context, m *discord.Message) (conversation, error) {
	for _, one := range []func(context.Context, *discord.Message) (c conversation, found bool, err error){
		b.recallChain,
		b.recallThread,
		b.recallQuoted,
	} {
		if c, found, err := one(ctx, m); found || err != nil {
			return c, err
		}
	}
	if m.GuildID != "" {
		return conversation{}, nil
	}
	return b.recallDirect(ctx, m.ChannelID)
}

// recallChain finds the chain of answers that a message replies to.
func (b *Bot) recallChain(ctx context.Context, m *discord.Message) (c conversation, found bool, err error) {
	if m.Reference == nil || m.Reference.MessageID == "" {
		return c, false, nil
	}
	r, err := b.store.ResponseByMessage(ctx, m.Reference.MessageID)
	if errors.Is(err, feedback.ErrUnknownResponse) {
		return c, false, nil
	} else if err != nil {
		return c, false, err
	}
	chain, err := b.store.Chain(ctx, r.ID, maxTurns)
	return conversation{id: r.ConversationID, parent: r.ID, turns: b.turnsOf(ctx, chain)}, true, err
}

// recallQuoted quotes what a message replies to.
func (b *Bot) recallQuoted(_ context.Context, m *discord.Message) (c conversation, found bool, err error) {
	if m.Reference == nil || m.Reference.MessageID == "" {
		return c, false, nil
	}
	return conversation{turns: b.quoted(m.Referenced)}, true, nil
}

// recallDirect finds what was said in a direct message. Its conversation has a
// pseudonym, because backends see it, and the channel tells the person.
func (b *Bot) recallDirect(ctx context.Context, channelID string) (conversation, error) {
	id := string(b.store.Rater(channelID))
	latest, err := b.store.Latest(ctx, id, maxTurns)
	c := conversation{id: id, turns: b.turnsOf(ctx, latest)}
	if len(latest) > 0 {
		c.parent = latest[len(latest)-1].ID
	}
	return c, err
}

// quoted turns a message that the store does not know into a turn.
func (b *Bot) quoted(m *discord.Message) []llm.Message {
	if m == nil || m.Author == nil || !text.Visible(m.Content) {
		return nil
	}
	text := text.Plain(m.Content)
	if m.Author.ID == b.me.ID {
		return []llm.Message{{Role: llm.Assistant, Content: withoutMark(text)}}
	}
	return []llm.Message{{Role: llm.User, Content: fmt.Sprintf("%s wrote:\n%s", nameOf(m.Author), text)}}
}

func nameOf(u *discord.User) string { return text.Plain(u.Name()) }

// prompt is all that the model is shown: the system prompt, as many of the
// latest turns as fit, and the question.
func (b *Bot) prompt(q question, now time.Time) []llm.Message {
	turns, question := q.turns, q.Question
	if q.speaker != "" {
		question = q.speaker + ": " + question
	}
	question = strings.Join(append([]string{question}, q.files.texts...), "\n\n")
	system := b.systemPrompt(q.chosen.prompt, q.GuildID, now)
	left := b.options.ContextTokens - tokens(system) - tokens(question)
	first := len(turns)
	for first > 0 && left >= tokens(turns[first-1].Content) {
		first--
		left -= tokens(turns[first].Content)
	}
	shown := []llm.Message{{Role: llm.System, Content: system}}
	if system == "" {
		shown = nil
	}
	return append(slices.Concat(shown, turns[first:]), llm.Message{Role: llm.User, Content: question, Images: q.files.pictures})
}

// isTooLong reports whether a question alone is more than the model may be
// shown.
func (b *Bot) isTooLong(q question) bool {
	return b.options.ContextTokens > 0 && tokens(b.systemPrompt(q.chosen.prompt, q.GuildID, time.Now()))+tokens(q.Question) > b.options.ContextTokens
}

// tokens estimates a text's tokens. The true count depends on the model; this
// only decides how much of a conversation to show.
func tokens(text string) int { return utf8.RuneCountInString(text)/4 + 4 }

// systemPrompt fills in what the operator's prompt may name.
func (b *Bot) systemPrompt(template, guildID string, now time.Time) string {
	server := "a direct message"
	if guildID != "" {
		b.mu.Lock()
		server = b.guilds[guildID]
		b.mu.Unlock()
		if server == "" {
			server = "a Discord server"
		}
	}
	return strings.NewReplacer(
		"{date}", now.UTC().Format("Monday, 2 January 2006"),
		"{server}", text.Plain(server),
	).Replace(template)
}

// questionText is what a person asked: their message without the mention of the
// bot, and with names in place of the other mentions' numbers.
func (b *Bot) questionText(m *discord.Message) string {
	replace := []string{"<@" + b.me.ID + ">", "", "<@!" + b.me.ID + ">", ""}
	for _, u := range m.Mentions {
		if u.ID != b.me.ID {
			name := "@" + nameOf(&u)
			replace = append(replace, "<@"+u.ID+">", name, "<@!"+u.ID+">", name)
		}
	}
	return strings.TrimSpace(text.Plain(strings.NewReplacer(replace...).Replace(m.Content)))
}
