package bot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
)

// What a message holds, in words for a model. It is the same for a question, for what
// it replies to, for what was said in a thread and for what somebody asks about.

// holds is all that a message holds: what it says, and the names of its files.
func (b *Bot) holds(m *discord.Message) string { return named(b.says(m), ownFiles(m)) }

// questionText is what a person asks with a message: what it says, but for the mention
// with which it calls the bot. Its files are named by [named].
func (b *Bot) questionText(m *discord.Message) string {
	asked := *m
	asked.Content = b.withoutCall(m.Content)
	return b.says(&asked)
}

// asks is what a message asks, with the names of the files it brings along; "" if it
// only calls the bot.
func (b *Bot) asks(m *discord.Message) string { return named(b.questionText(m), ownFiles(m)) }

// says is what a message says: what was written, with names in place of numbers, what
// it forwards, shows in boxes, lets people vote on, and its stickers.
func (b *Bot) says(m *discord.Message) string {
	parts := []string{b.readable(m.Content, m)}
	for _, words := range m.Texts() {
		parts = append(parts, b.readable(words, m))
	}
	for _, e := range m.Embeds {
		parts = append(parts, b.readable(embedWords(e), m))
	}
	if m.Poll != nil {
		parts = append(parts, b.readable(pollWords(m.Poll), m))
	}
	for _, s := range m.Stickers {
		parts = append(parts, fmt.Sprintf(heldSticker, s.Name))
	}
	for _, s := range m.Snapshots {
		parts = append(parts, heldForward+b.says(&s.Message))
	}
	return lines(parts...)
}

// lines puts what is visible of some texts below each other.
func lines(parts ...string) string {
	parts = slices.DeleteFunc(slices.Clone(parts), func(part string) bool { return !text.Visible(part) })
	return strings.TrimSpace(text.Plain(strings.Join(parts, "\n")))
}

// readable puts names in place of the numbers in something a message says.
func (b *Bot) readable(words string, m *discord.Message) string {
	return text.Readable(words, func(kind text.Kind, id string) string {
		switch kind {
		case text.User:
			return b.userName(id, m)
		case text.Role:
			return b.roles.name(id)
		}
		for _, c := range m.MentionChannels {
			if c.ID == id {
				return c.Name
			}
		}
		return b.places.get(id).name
	})
}

func (b *Bot) userName(id string, m *discord.Message) string {
	for _, u := range m.Mentions {
		if u.ID == id {
			return u.Name()
		}
	}
	if id == b.me.ID {
		return b.me.Name()
	}
	return ""
}

// called finds a mention of a user or a role at the beginning or the end.
var called = regexp.MustCompile(`^<@([!&]?)(\d+)>|<@([!&]?)(\d+)>$`)

// withoutCall takes the mentions of the bot from the beginning and the end of what
// somebody wrote. In the middle they are part of a sentence.
func (b *Bot) withoutCall(content string) string {
	for {
		content = strings.TrimSpace(content)
		rest := called.ReplaceAllStringFunc(content, func(found string) string {
			part := called.FindStringSubmatch(found)
			if id := part[2] + part[4]; id == b.me.ID && part[1]+part[3] != "&" || b.roles.isOurs(id) {
				return ""
			}
			return found
		})
		if rest == content {
			return content
		}
		content = rest
	}
}

// embedWords is what a box says.
func embedWords(e discord.Embed) string {
	if e.Type == discord.EmbedPollResult {
		return pollResult(e)
	}
	said := []string{e.Author.Name, strings.TrimSpace(e.Title + " " + e.URL), e.Description}
	for _, f := range e.Fields {
		said = append(said, f.Name+": "+f.Value)
	}
	said = append(said, e.Footer.Text)
	if words := lines(said...); words != "" {
		return heldEmbed + words
	}
	if e.Image != nil || e.Thumbnail != nil {
		return heldPicture
	}
	return ""
}

// pollResult is how a poll ended, of which Discord makes an embed.
func pollResult(e discord.Embed) string {
	asked, all := e.Field("poll_question_text"), e.Field("total_votes")
	winner := strings.TrimSpace(e.Field("victor_answer_emoji_name") + " " + e.Field("victor_answer_text"))
	if winner == "" {
		return fmt.Sprintf(heldNoWinner, asked, all)
	}
	return fmt.Sprintf(heldPollResult, asked, winner, e.Field("victor_answer_votes"), all)
}

// pollWords is a poll with its answers, and with their votes when those are known.
func pollWords(p *discord.Poll) string {
	state := ""
	switch {
	case p.Results != nil && p.Results.Final:
		state = heldClosed
	case p.Expiry != nil:
		state = p.Expiry.UTC().Format(heldOpen)
	}
	if p.Several {
		state += heldSeveral
	}
	said := []string{heldPoll + p.Question.String() + state}
	for _, a := range p.Answers {
		line := "- " + a.Text.String()
		if p.Results != nil && (p.Results.Final || len(p.Results.Counts) > 0) {
			votes := 0
			for _, c := range p.Results.Counts {
				if c.ID == a.ID {
					votes = c.Count
				}
			}
			line += " (" + counted(int64(votes), "vote") + ")"
		}
		said = append(said, line)
	}
	return strings.Join(said, "\n")
}

// ownFiles are the files of a message, and of the messages it forwards.
func ownFiles(m *discord.Message) []discord.Attachment {
	list := m.Attachments[:len(m.Attachments):len(m.Attachments)]
	for _, s := range m.Snapshots {
		list = append(list, ownFiles(&s.Message)...)
	}
	return list
}
