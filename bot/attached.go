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
	maxNamed    = 10 // files, as many as a message has
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
			other = append(other, name+nature(a))
		} else {
			read = append(read, name+nature(a))
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
	for line := range strings.SplitSeq(question, "\n") {
		for _, prefix := range []string{attachedFiles, attachedUnread} {
			list, found := strings.CutPrefix(line, prefix)
			if !found || !strings.HasSuffix(list, "]") {
				continue
			}
			for name := range strings.SplitSeq(strings.TrimSuffix(list, "]"), ", ") {
				files = append(files, feedback.File{Name: name})
			}
		}
	}
	return files
}
