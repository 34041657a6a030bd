package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"feedbackbot/llm"
)

const (
	maxFiles    = 5         // of one question
	maxPicture  = 10 << 20  // bytes
	maxTextFile = 512 << 10 // bytes
	maxFileName = 80
	clippedMark = "\n(the rest of the file is left out)"
)

// files are what a question brought along.
type files struct {
	texts  []string // quoted, with their names
	images []llm.Image
	notes  []string // what could not be taken, a sentence each for the person
}

// load fetches attachments and takes what a model can read: pictures, and files
// of text. Everything else gets a sentence.
func (b *Bot) load(ctx context.Context, list []attachment) files {
	var f files
	left := 3 * b.options.ContextTokens // code points; most of what a conversation may take
	for n, a := range list {
		name := fileName(a)
		if n >= maxFiles {
			f.notes = append(f.notes, fmt.Sprintf("I only look at %d files at a time.", maxFiles))
			break
		}
		data, err := b.fetch.get(ctx, a.URL, maxPicture)
		if err != nil {
			if !errors.Is(err, errTooLarge) {
				b.log.Warn("cannot fetch an attachment", "error", err)
			}
			f.notes = append(f.notes, refusal(name, err))
			continue
		}
		switch kind := http.DetectContentType(data); {
		case strings.HasPrefix(kind, "image/"):
			if !b.options.Pictures {
				f.notes = append(f.notes, "The model can't look at pictures, so I left out "+name+".")
				continue
			}
			p, err := picture(data)
			if err != nil {
				f.notes = append(f.notes, refusal(name, err))
				continue
			}
			f.images = append(f.images, llm.Image(p))
		case len(data) > maxTextFile:
			f.notes = append(f.notes, refusal(name, errTooLarge))
		case !isText(data):
			f.notes = append(f.notes, refusal(name, errNoPicture))
		default:
			text := plainText(string(bytes.TrimPrefix(data, []byte("\ufeff"))))
			if n := utf8.RuneCountInString(text); n > left {
				text = clip(text, left) + clippedMark
			}
			left = max(0, left-utf8.RuneCountInString(text))
			f.texts = append(f.texts, "File "+name+":\n"+text)
		}
	}
	return f
}

// isText reports whether a file is text: UTF-8 without control characters that
// no text has.
func isText(data []byte) bool {
	if !utf8.Valid(data) {
		return false
	}
	return bytes.IndexFunc(data, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != '\x1b' }) < 0
}

// refusal says to a person why a file was left out.
func refusal(name string, err error) string {
	switch {
	case errors.Is(err, errTooLarge):
		return "The file " + name + " is too large for me."
	case errors.Is(err, errManyPixels):
		return "The picture " + name + " has too many pixels for me."
	case errors.Is(err, errNoPicture):
		return "I can't read " + name + ": I take pictures and files of plain text."
	}
	return "I couldn't get the file " + name + " from Discord."
}

// attachedPrefix begins what stands in a question for its files, so that the
// conversation and the people who review it know of them.
const attachedPrefix = "[attached: "

// named adds the names of files to the text of a question.
func named(question string, list []attachment) string {
	if len(list) == 0 {
		return question
	}
	names := make([]string, 0, len(list))
	for _, a := range list[:min(len(list), maxFiles)] {
		names = append(names, fileName(a))
	}
	return strings.TrimSpace(question + "\n" + attachedPrefix + strings.Join(names, ", ") + "]")
}

func fileName(a attachment) string { return clip(plainText(path.Base(a.Filename)), maxFileName) }

// loadAgain reads what is not kept of a question that is answered once more:
// its files, and with STORE_TEXT=false its text. It returns false when that is
// gone.
func (b *Bot) loadAgain(ctx context.Context, q *question, messageID string) bool {
	if text, found := b.spoken.get(messageID); found && q.Question == "" {
		q.Question = text
		return true
	}
	if q.Question != "" && !strings.Contains(q.Question, attachedPrefix) {
		return true
	}
	m, err := b.out.oneMessage(ctx, b.placeOf(q.ChannelID, messageID), messageID)
	if err != nil {
		b.log.Warn("cannot read a question again", "error", err)
		return q.Question != ""
	}
	if q.Question == "" {
		q.Question = clip(named(b.questionText(&m), filesOf(&m)), maxQuestion)
	}
	q.files = b.load(ctx, filesOf(&m))
	return true
}

// filesOf returns the attachments of a message and, when it replies to somebody else,
// of the message it replies to.
func filesOf(m *message) []attachment {
	if m.Referenced == nil || m.Referenced.Author == nil || m.Referenced.Author.Bot {
		return m.Attachments
	}
	return append(m.Attachments[:len(m.Attachments):len(m.Attachments)], m.Referenced.Attachments...)
}
