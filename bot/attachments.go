package bot

import (
	"context"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/files"
	"feedbackbot/bot/text"
	"feedbackbot/llm"
)

const (
	maxFileName = 80
	clippedMark = "\n(the rest of the file is left out)"
)

// brought is what a question brought along.
type brought struct {
	texts    []string // quoted, with their names
	pictures []llm.Image
	notes    []string // what could not be taken, a sentence each for the person
}

// note is what the person is told about files that could not be taken.
func (f brought) note() string { return strings.Join(f.notes, " ") }

// load fetches attachments and takes what the model can read. Everything else
// gets a sentence.
func (b *Bot) load(ctx context.Context, list []discord.Attachment) (f brought) {
	wanted := make([]files.Attachment, len(list))
	for n, a := range list {
		wanted[n] = files.Attachment{Name: fileName(a), URL: a.URL}
	}
	loaded := b.fetch.Load(ctx, wanted, b.options.Pictures)
	left := 3 * b.options.ContextTokens // code points; most of what a conversation may take
	for _, t := range loaded.Texts {
		words := text.Plain(t.Content)
		if n := utf8.RuneCountInString(words); n > left {
			words = text.Clip(words, left) + clippedMark
		}
		left = max(0, left-utf8.RuneCountInString(words))
		f.texts = append(f.texts, "File "+t.Name+":\n"+words)
	}
	for _, p := range loaded.Pictures {
		f.pictures = append(f.pictures, llm.Image(p))
	}
	for _, one := range loaded.Refused {
		if !files.IsTheirs(one.Err) {
			b.log.Warn("cannot fetch an attachment", "error", one.Err)
		}
		f.notes = append(f.notes, explainFile(one.Name, one.Err))
	}
	if loaded.Skipped {
		f.notes = append(f.notes, fmt.Sprintf(textManyFiles, files.Most))
	}
	return f
}

// attachedPrefix begins what stands in a question for its files, so that the
// conversation and the people who review it know of them.
const attachedPrefix = "[attached: "

// named adds the names of files to the text of a question.
func named(question string, list []discord.Attachment) string {
	if len(list) == 0 {
		return question
	}
	names := make([]string, 0, len(list))
	for _, a := range list[:min(len(list), files.Most)] {
		names = append(names, fileName(a))
	}
	return strings.TrimSpace(question + "\n" + attachedPrefix + strings.Join(names, ", ") + "]")
}

// withoutNames is a question without what named has added.
func withoutNames(question string) string {
	question, _, _ = strings.Cut(question, attachedPrefix)
	return strings.TrimSpace(question)
}

func fileName(a discord.Attachment) string {
	return text.Clip(text.Plain(path.Base(a.Filename)), maxFileName)
}

// readAgain reads what is not kept of a question that is answered once more: its
// files, and with STORE_TEXT=false its text. It returns false when that is gone.
func (b *Bot) readAgain(ctx context.Context, q *question) bool {
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

// filesOf returns the attachments of a message and, when it replies to somebody else,
// of the message it replies to.
func filesOf(m *discord.Message) []discord.Attachment {
	if m.Referenced == nil || m.Referenced.Author == nil || m.Referenced.Author.Bot {
		return m.Attachments
	}
	return append(m.Attachments[:len(m.Attachments):len(m.Attachments)], m.Referenced.Attachments...)
}
