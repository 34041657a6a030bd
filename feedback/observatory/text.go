package observatory

import (
	"context"
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"

	"feedbackbot/feedback"
)

const (
	// maxText is how long what a reviewer writes may be, in characters, and maxShown
	// how much of an answer is shown.
	maxText  = 40_000
	maxShown = 40_000
	// diffTime bounds how long a difference is looked for; a coarser one is shown then.
	diffTime = 200 * time.Millisecond
)

// saving is how a store keeps an opinion.
type saving = func(ctx context.Context, responseID string, reviewer feedback.Rater, revision int64, o feedback.Opinion, now time.Time) (feedback.Review, error)

// turns reports whether a character changes how the text around it reads: it turns
// the direction of writing, or is a control.
func turns(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r < 0x20 && r != '\n' && r != '\t' || r >= 0x7F && r < 0xA0
}

// plain shows that such characters are there.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if turns(r) {
			return '␣'
		}
		return r
	}, text)
}

// straight takes them out, from what a reviewer goes on with.
func straight(text string) string {
	return strings.Map(func(r rune) rune {
		if turns(r) {
			return -1
		}
		return r
	}, text)
}

// typed is what somebody wrote in a field: forms send line ends of two
// characters, and what is too long is cut.
func typed(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\r\n", "\n")
	cut, _ := first(text, maxText)
	return cut
}

// clip returns what is shown of an answer, and how many characters are not.
func clip(text string) (shown string, hidden int) {
	cut, whole := first(text, maxShown)
	if whole {
		return text, 0
	}
	return cut, utf8.RuneCountInString(text[len(cut):])
}

// first returns the first n characters of a text, and whether that is all.
func first(text string, n int) (cut string, whole bool) {
	for i := range text {
		if n == 0 {
			return text[:i], false
		}
		n--
	}
	return text, true
}

// difference shows what was taken out of an answer and what was put in; "" when
// nothing is expected, or the same.
func difference(answer, expected string) template.HTML {
	if expected == "" || expected == answer {
		return ""
	}
	answer, _ = clip(answer)
	d := diffmatchpatch.New()
	d.DiffTimeout = diffTime
	var b strings.Builder
	for _, part := range d.DiffCleanupSemantic(d.DiffMain(answer, expected, false)) {
		tag := map[diffmatchpatch.Operation]string{diffmatchpatch.DiffDelete: "del", diffmatchpatch.DiffInsert: "ins", diffmatchpatch.DiffEqual: "span"}[part.Type]
		fmt.Fprintf(&b, "<%s>%s</%s>", tag, template.HTMLEscapeString(plain(part.Text)), tag)
	}
	return template.HTML(b.String())
}

// ago says how long something is past.
func ago(now, then time.Time) string {
	d := now.Sub(then)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return counted(int(d.Minutes()), "minute") + " ago"
	case d < 48*time.Hour:
		return counted(int(d.Hours()), "hour") + " ago"
	}
	return counted(int(d.Hours()/24), "day") + " ago"
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprint(n, " ", what, "s")
}

// stars says a rating.
func stars(kind feedback.Kind, rating int) string {
	switch {
	case kind == feedback.Thumbs && rating >= 3:
		return "👍 good"
	case kind == feedback.Thumbs:
		return "👎 bad"
	case rating == 0:
		return "no rating yet"
	}
	return strings.Repeat("★", rating) + strings.Repeat("☆", 5-rating)
}

// short is the beginning of a text, or of a pseudonym.
func short(n int, text any) string {
	cut, whole := first(strings.Join(strings.Fields(plain(fmt.Sprint(text))), " "), n)
	if whole {
		return cut
	}
	return cut + "…"
}
