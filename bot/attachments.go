package bot

import (
	"context"
	"fmt"
	"unicode/utf8"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/files"
	"feedbackbot/bot/text"
	"feedbackbot/llm"
)

const clippedMark = "\n(the rest of the file is left out)"

// fileOptions are where /ask takes files. Discord has no option for several.
func fileOptions() (options []discord.Option) {
	for _, name := range []string{"file", "file2", "file3"} {
		options = append(options, discord.Option{Type: discord.OptionFile, Name: name, Description: describeFile})
	}
	return options
}

// load fetches a question's attachments and takes what the model can read.
// Everything else gets a sentence.
func (b *Bot) load(ctx context.Context, q *question) {
	list, f := q.attachments, &q.files
	wanted := make([]files.Attachment, len(list))
	for n, a := range list {
		wanted[n] = files.Attachment{Name: fileName(a), Size: a.Size, URL: a.URL}
	}
	loaded, release := b.fetch.Load(ctx, wanted, b.options.Pictures)
	f.release = release
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
	unread := loaded.Skipped
	for _, one := range loaded.Refused {
		if !files.IsTheirs(one.Err) {
			b.log.Warn("cannot fetch an attachment", "error", one.Err)
		}
		f.notes = append(f.notes, explainFile(one.Name, one.Err))
		unread = append(unread, one.Name)
	}
	if len(loaded.Skipped) > 0 {
		f.notes = append(f.notes, fmt.Sprintf(textManyFiles, files.Most))
	}
	if len(unread) > 0 {
		q.Question = text.Clip(namedAs(withoutNames(q.Question), list, unread), maxQuestion)
	}
}
