package bot

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// What a question brings along, by name. attachments.go reads it.

const (
	maxNamed    = 5 // files
	maxFileName = 80
	maxNature   = 200
)

// brought is what a question brought along.
type brought struct {
	texts    []string // quoted, with their names
	pictures []llm.Image
	notes    []string // what could not be taken, a sentence each for the person
	missing  []string // what could not be taken, by name, for the model
	release  func()   // gives back the memory they take; nil for none
}

// letGo forgets what only the model needed.
func (q *question) letGo() {
	q.files.pictures = nil
	for n := range q.turns {
		q.turns[n].pictures = nil
	}
	if q.files.release != nil {
		q.files.release()
	}
}

// tell tells the person that files are gone that were there before.
func (f *brought) tell(gone []string) {
	for _, name := range gone {
		if note := fmt.Sprintf(textFileGone, name); !slices.Contains(f.notes, note) {
			f.notes = append(f.notes, note)
		}
	}
}

// note is what the person is told about files that could not be taken.
func (f brought) note() string { return strings.Join(f.notes, " ") }

// attachedPrefix begins what stands in a question for its files, so that the
// conversation and the people who review it know of them.
const attachedPrefix = "[attached: "

// named adds the names of files to the text of a question.
func named(question string, list []discord.Attachment) string {
	if len(list) == 0 {
		return question
	}
	names := make([]string, 0, len(list))
	for _, a := range list[:min(len(list), maxNamed)] {
		names = append(names, fileName(a)+nature(a))
	}
	return strings.TrimSpace(question + "\n" + attachedPrefix + strings.Join(names, ", ") + "]")
}

// withoutNames is a question without what named has added.
func withoutNames(question string) string {
	question, _, _ = strings.Cut(question, attachedPrefix)
	return strings.TrimSpace(question)
}

// nature is what is to be said about a file besides its name: that it is a voice
// message and how long, or what describes it for those who cannot see it.
func nature(a discord.Attachment) string {
	switch words := strings.Join(strings.Fields(text.Plain(a.Description)), " "); {
	case a.IsVoice():
		return fmt.Sprintf(heldVoice, counted(int64(math.Ceil(a.Seconds)), "second"))
	case words != "":
		return " (" + text.Clip(words, maxNature) + ")"
	}
	return ""
}

func fileName(a discord.Attachment) string {
	return text.Clip(text.Plain(path.Base(a.Filename)), maxFileName)
}

// hasWords reports whether a question asks something by itself, without its files
// and what it points at.
func hasWords(question string) bool {
	return question != askedNothing && withoutNames(question) != ""
}

// filesIn returns the files that named has added to a question.
func filesIn(question string) (files []feedback.File) {
	_, list, found := strings.Cut(question, attachedPrefix)
	if !found {
		return nil
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(list, "]"), ", ") {
		files = append(files, feedback.File{Name: name})
	}
	return files
}
