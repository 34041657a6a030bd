package bot

import (
	"path"
	"slices"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/llm"
)

// What a question brings along, by name. attachments.go reads it.

const (
	maxNamed    = 10 // files, as many as a message has
	maxFileName = 80
)

// brought is what a question brought along.
type brought struct {
	texts    []string // quoted, with their names
	pictures []llm.Image
	notes    []string // what could not be taken, a sentence each for the person
	release  func()   // gives back the memory they take; nil for none
}

// letGo forgets what only the model needed.
func (f *brought) letGo() {
	f.pictures = nil
	if f.release != nil {
		f.release()
	}
}

// note is what the person is told about files that could not be taken.
func (f brought) note() string { return strings.Join(f.notes, " ") }

// attachedPrefix begins what stands in a question for its files, so that the
// conversation and the people who review it know of them. What could not be taken
// is named apart, so that the model does not make up what is in it.
const (
	attachedPrefix = "[attached"
	attachedFiles  = attachedPrefix + ": "
	attachedUnread = attachedPrefix + ", but it cannot be read: "
)

// named adds the names of files to the text of a question.
func named(question string, list []discord.Attachment) string {
	return namedAs(question, list, nil)
}

// namedAs is named when it is known which of the files cannot be read.
func namedAs(question string, list []discord.Attachment, unread []string) string {
	var read, other []string
	unread = slices.Clone(unread)
	for _, a := range list[:min(len(list), maxNamed)] {
		name := fileName(a)
		if n := slices.Index(unread, name); n >= 0 {
			unread = slices.Delete(unread, n, n+1) // another may have the same name
			other = append(other, name)
		} else {
			read = append(read, name)
		}
	}
	if len(read) > 0 {
		question += "\n" + attachedFiles + strings.Join(read, ", ") + "]"
	}
	if len(other) > 0 {
		question += "\n" + attachedUnread + strings.Join(other, ", ") + "]"
	}
	return strings.TrimSpace(question)
}

// withoutNames is a question without what named has added.
func withoutNames(question string) string {
	for {
		at := strings.LastIndex("\n"+question, "\n"+attachedPrefix)
		if at < 0 || !strings.HasSuffix(question, "]") || strings.Contains(question[at:], "\n") {
			return strings.TrimSpace(question)
		}
		question = strings.TrimRight(question[:at], "\n")
	}
}

func fileName(a discord.Attachment) string {
	return text.Clip(text.Plain(path.Base(a.Filename)), maxFileName)
}

// filesOf returns the attachments of a message and, when it replies to somebody else,
// of the message it replies to.
func filesOf(m *discord.Message) []discord.Attachment {
	if m.Referenced == nil || m.Referenced.Author == nil || m.Referenced.Author.Bot {
		return m.Attachments
	}
	return append(m.Attachments[:len(m.Attachments):len(m.Attachments)], m.Referenced.Attachments...)
}
