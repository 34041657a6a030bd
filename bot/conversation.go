package bot

import (
	"context"
	"errors"
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
	Answers(ctx context.Context, ids []string) ([]feedback.Response, error)
	ShownWith(ctx context.Context, responseIDs ...string) (map[string]feedback.Shown, error)
	Remove(ctx context.Context, messageID string) error
}

// maxTurns is how many earlier questions the model is shown at most.
const maxTurns = 20

// conversation is what came before a question.
type conversation struct {
	id     string // "" begins a new one
	parent string // the response that the question follows
	turns  []turn
	shown  feedback.Shown // what is kept of it
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
	if m.RepliesTo() == "" {
		return c, false, nil
	}
	r, err := b.store.ResponseByMessage(ctx, m.RepliesTo())
	if errors.Is(err, feedback.ErrUnknownResponse) {
		return c, false, nil
	} else if err != nil {
		return c, false, err
	}
	c = conversation{id: r.ConversationID, parent: r.ID, speaker: b.speaker(m)}
	c.turns, err = b.follow(ctx, r.ID)
	return c, true, err
}

// recallQuoted quotes what a message replies to.
func (b *Bot) recallQuoted(_ context.Context, m *discord.Message) (c conversation, found bool, err error) {
	if m.RepliesTo() == "" {
		return c, false, nil
	}
	return about(b.quoted(m.Referenced)), true, nil
}

// about is a conversation on what is quoted.
func about(quoted []turn) (c conversation) {
	c.add(quoted...)
	return c
}

// add adds what is to be kept and shown.
func (c *conversation) add(turns ...turn) {
	for _, t := range turns {
		c.turns = append(c.turns, t)
		if len(t.Answers) > 0 {
			t.Text = "" // the response has it
		}
		c.shown.Before = append(c.shown.Before, t.Turn)
	}
}

// recallDirect finds what was said in a direct message. Its conversation has a
// pseudonym, because backends see it, and the channel tells the person.
func (b *Bot) recallDirect(ctx context.Context, channelID string) (conversation, error) {
	id := string(b.store.Rater(channelID))
	c := conversation{id: id}
	latest, err := b.store.Latest(ctx, id, maxTurns)
	if err != nil || len(latest) == 0 {
		return c, err
	}
	c.parent = latest[len(latest)-1].ID
	c.shown.Before = []feedback.Turn{{Answers: idsOf(latest)}}
	shown, err := b.store.ShownWith(ctx, idsOf(latest)...)
	c.turns = b.answered(ctx, b.newPage(), latest, shown)
	return c, err
}

// quoted turns a message that the store does not know into a turn.
func (b *Bot) quoted(m *discord.Message) []turn {
	if m == nil || m.Author == nil {
		return nil
	}
	t := b.turnOf(m)
	t.Quoted = true
	if b.isMe(m.Author) {
		t.Role, t.Owner, t.Text, t.Files, t.at = fromModel, "", withoutMark(text.Plain(m.Content)), nil, nil
	}
	if !text.Visible(t.Text) {
		return nil
	}
	return []turn{t}
}

// turnOf is a person's message as a turn.
func (b *Bot) turnOf(m *discord.Message) turn {
	t := turn{at: ownFiles(m)}
	t.Turn = feedback.Turn{Role: fromUser, Name: nameOf(m.Author), Text: b.asks(m), Channel: m.ChannelID,
		Files: describe(t.at), Message: m.ID, Owner: b.store.Rater(m.Author.ID)}
	return t
}

func nameOf(u *discord.User) string { return text.Plain(u.Name()) }

// prompt is all that the model is shown: the system prompt, as many of the
// latest turns as fit, and the question.
func (b *Bot) prompt(q question, now time.Time) []llm.Message {
	return shape(b.systemPrompt(q.chosen.prompt, q.GuildID, now), q.turns, q.asTurn(), b.options.ContextTokens)
}

// asTurn is a question with what it brought along.
func (q question) asTurn() turn {
	return turn{Turn: feedback.Turn{Role: fromUser, Name: q.speaker, Text: q.Question}, texts: q.files.texts, pictures: q.files.pictures, missing: q.files.missing}
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
