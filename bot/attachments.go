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

// load fetches a question's attachments, and those of what was said before it as
// far as there is room, and takes what the model can read. Everything else gets a
// sentence.
func (b *Bot) load(ctx context.Context, q *question) {
	f := &q.files
	list := slices.DeleteFunc(slices.Clone(q.attachments), discord.Attachment.IsVoice)
	if len(list) < len(q.attachments) {
		f.notes = append(f.notes, textVoice)
	}
	var wanted []files.Attachment
	for _, a := range list {
		wanted = append(wanted, files.Attachment{Name: fileName(a), Size: a.Size, URL: a.URL})
	}
	own := len(wanted)
	more, of, room := b.earlierFiles(ctx, q, files.Most-own)
	loaded, release := b.fetch.Load(ctx, append(wanted, more...), b.options.Pictures)
	f.release = release
	left := 3 * b.options.ContextTokens // code points; most of what a conversation may take
	for n, t := range loaded.Texts {
		at := loaded.TextOf[n]
		if at >= own { // what was said stays, whatever the files say
			left = min(left, 4*room)
		}
		words := text.Plain(t.Content)
		if n := utf8.RuneCountInString(words); n > left {
			words = text.Clip(words, left) + clippedMark
		}
		left, room = max(0, left-utf8.RuneCountInString(words)), max(0, room-tokens(words))
		words = "File " + t.Name + ":\n" + words
		if at < own {
			f.texts = append(f.texts, words)
		} else {
			of[at-own].texts = append(of[at-own].texts, words)
		}
	}
	for n, p := range loaded.Pictures {
		switch at := loaded.PictureOf[n]; {
		case at < own:
			f.pictures = append(f.pictures, llm.Image(p))
		default:
			of[at-own].pictures = append(of[at-own].pictures, llm.Image(p))
		}
	}
	unread := loaded.Skipped
	for n, one := range loaded.Refused {
		if !files.IsTheirs(one.Err) {
			b.log.Warn("cannot fetch an attachment", "error", one.Err)
		}
		at := loaded.RefusedOf[n]
		if at >= own {
			of[at-own].missing = append(of[at-own].missing, one.Name)
		} else {
			unread = append(unread, one.Name)
		}
		if at < own || of[at-own] == q.quote() || !files.IsTheirs(one.Err) { // else it was said before
			f.notes = append(f.notes, explainFile(one.Name, one.Err))
		}
	}
	if len(loaded.Skipped) > 0 {
		f.notes = append(f.notes, fmt.Sprintf(textManyFiles, files.Most))
	}
	if len(unread) > 0 {
		q.Question = text.Clip(namedAs(withoutNames(q.Question), q.attachments, unread), maxQuestion)
	}
}

// earlierFiles returns at most so many files of what was said before a question,
// the newest first, the turns that each belongs to, and how many tokens are left
// for what they say. Of what is gone both the model and the person are told.
func (b *Bot) earlierFiles(ctx context.Context, q *question, most int) (list []files.Attachment, of []*turn, left int) {
	skipped := false
	left = b.options.ContextTokens - tokens(b.systemPrompt(q.chosen.prompt, q.GuildID, time.Now())) - q.asTurn().size()
	for n := len(q.turns) - 1; n >= 0; n-- {
		t := &q.turns[n]
		if left -= t.size(); left < 0 && n < len(q.turns)-1 {
			break // it will not be shown either
		}
		if len(list) < most {
			q.files.tell(b.refresh(ctx, t))
		}
		asked := t == q.quote()
		for _, a := range t.at {
			if len(list) < most && (asked || b.mayShow(a, q.chosen.model)) {
				list, of = append(list, files.Attachment{Name: fileName(a), Size: a.Size, URL: a.URL}), append(of, t)
				continue
			}
			t.missing, skipped = append(t.missing, fileName(a)), skipped || asked
		}
	}
	if skipped {
		q.files.notes = append(q.files.notes, fmt.Sprintf(textManyFiles, files.Most))
	}
	return list, of, max(0, left)
}

// refresh gives the files of a turn addresses that work, and returns which of them
// are gone: the addresses from before have expired, or were not kept.
func (b *Bot) refresh(ctx context.Context, t *turn) (gone []string) {
	if len(t.Files) == 0 || len(t.at) > 0 {
		return nil
	}
	m, err := b.out.Message(ctx, t.Channel, t.Message)
	if err != nil {
		b.log.Warn("cannot read a message with files again", "error", err)
	}
	t.at, gone = present(t.Files, ownFiles(&m))
	t.missing = append(t.missing, gone...)
	return gone
}

// mayShow reports whether a file from before a question may be shown: no picture,
// when it is known as one, to a model that takes none.
func (b *Bot) mayShow(a discord.Attachment, model string) bool {
	_, sightless := b.sightless.Load(model)
	return !strings.HasPrefix(a.Type, "image/") || b.options.Pictures && !sightless
}

// askWithoutPictures asks a model once more that turned out to take no pictures,
// when the question neither brought nor quoted one: those were said before it.
func (b *Bot) askWithoutPictures(q question, prompt []llm.Message, w *written, ask func()) {
	var e *llm.Error
	asked := len(q.files.pictures) > 0 || q.quote() != nil && len(q.quote().pictures) > 0
	if !errors.As(w.err, &e) || e.Kind != llm.NoImages || asked {
		return
	}
	b.sightless.Store(q.chosen.model, true)
	for n := range prompt {
		if len(prompt[n].Images) > 0 {
			prompt[n].Content += "\n\n" + fmt.Sprintf(modelNotShown, modelPictures)
		}
		prompt[n].Images = nil
	}
	ask()
}
