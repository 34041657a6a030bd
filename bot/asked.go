package bot

import (
	"context"
	"fmt"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
)

// A command's question stands in no message. As everybody may rate its answer, it
// is shown above that, in a line that is no part of the answer.

// maxAsked is how much of a question is shown, in code points.
const maxAsked = 300

// askedBy is the line above the answer to an interaction. Another answer gets the
// line of the one before; somebody else's question has no name in it.
func (b *Bot) askedBy(ctx context.Context, i *discord.Interaction, q question) string {
	if q.Token == "" {
		return "" // it has a thread, which shows it
	}
	if i.Type == discord.InteractionComponent {
		if asked := b.askedAt(ctx, i.Message, q); asked != "" || !isCommands(i.Message) {
			return asked
		}
	}
	if b.store.Rater(i.UserID()) != q.Asker {
		return askedLine("", q.Question)
	}
	return askedLine(i.Name(), q.Question)
}

// isCommands reports whether a message answers a command or a form: its question
// stands nowhere else.
func isCommands(m *discord.Message) bool {
	return m != nil && m.Interaction != nil && m.Interaction.Type != discord.InteractionComponent
}

// askedAt reads the line above the answer that a message ends.
func (b *Bot) askedAt(ctx context.Context, m *discord.Message, q question) string {
	if m == nil {
		return ""
	}
	if asked, _ := cutAsked(m.Content); asked != "" || m.Reference != nil || m.Interaction != nil {
		return asked
	}
	ids, err := b.store.Messages(ctx, q.source) // it is not the first
	if err != nil || len(ids) == 0 {
		return ""
	}
	return b.askedOn(ctx, q.ChannelID, ids[0])
}

// askedOn reads the line above an answer from the first of its messages.
func (b *Bot) askedOn(ctx context.Context, channelID, messageID string) string {
	m, err := b.out.Message(ctx, channelID, messageID)
	if err != nil {
		return ""
	}
	asked, _ := cutAsked(m.Content)
	return asked
}

func askedLine(name, question string) string {
	question = text.Literal(text.Clip(text.Plain(strings.TrimSpace(question)), maxAsked))
	switch {
	case question == "":
		return ""
	case name == "":
		return quoteMark + fmt.Sprintf(textAsked, question)
	}
	return quoteMark + fmt.Sprintf(textAsks, text.Literal(name), question)
}

const quoteMark = "> "

// below is an answer with the line above it.
func below(asked, answer string) string {
	switch {
	case asked == "":
		return answer
	case strings.HasPrefix(answer, ">"): // a quote of its own
		return asked + "\n\n" + answer
	}
	return asked + "\n" + answer
}

// cutAsked takes the line above an answer from what a message shows.
func cutAsked(content string) (asked, answer string) {
	line, rest, _ := strings.Cut(content, "\n")
	if shown, is := strings.CutPrefix(line, quoteMark); is && (isFilled(textAsks, shown) || isFilled(textAsked, shown)) {
		return line, strings.TrimLeft(rest, "\n")
	}
	return "", content
}

// isFilled reports whether a text is a sentence with its gaps filled in.
func isFilled(sentence, text string) bool {
	for n, piece := range strings.Split(sentence, "%s") {
		at := strings.Index(text, piece)
		if at < 0 || n == 0 && at > 0 {
			return false
		}
		text = text[at+len(piece):]
	}
	return true
}

// askedBefore is the line above an answer that an earlier process began: as it
// stands on the screen, or without the name.
func (b *Bot) askedBefore(ctx context.Context, r *reply) string {
	if r.q.Token == "" {
		return ""
	}
	ids, another := r.ids, r.q.Source != ""
	if len(ids) == 0 && another {
		ids, _ = b.store.Messages(ctx, r.q.Source) // without them it has no line
	}
	if len(ids) > 0 {
		if asked := b.askedOn(ctx, r.q.ChannelID, ids[0]); asked != "" {
			return asked
		}
	}
	if another {
		return ""
	}
	return askedLine("", r.q.Question)
}
