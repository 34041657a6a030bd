package text

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// place is where a text may be cut: behind so many bytes and code points.
type place struct {
	at, runes int
	open      open
}

// A cut is the better the more it separates.
const (
	anywhere  = iota
	afterWord // or what belongs to the next line
	afterSentence
	afterCode // a line of it
	afterLine
	afterParagraph
	kinds
)

// wish is a kind of place that is taken if it fills so many percent of a message.
type wish struct{ kind, percent int }

// Messages are to be full, so that a long answer fits into those it may take. Only
// then it matters what a cut separates.
var (
	// Ends of lines are looked at first, and mostly one of them will do.
	betweenLines = []wish{{afterParagraph, 88}, {afterLine, 88}, {afterCode, 88}}
	// What must not be cut moves to the next message as a whole.
	beforeWhole = []wish{{afterParagraph, 75}, {afterLine, 75}, {afterCode, 75}, {afterParagraph, 25}, {afterLine, 25}, {afterCode, 25}, {afterWord, 25},
		{afterLine, 1}, {afterParagraph, 1}, {afterCode, 1}, {afterWord, 1}}
	insideLine = []wish{{afterSentence, 88}, {afterParagraph, 75}, {afterLine, 75}, {afterCode, 75}, {afterSentence, 70}, {afterParagraph, 50}, {afterLine, 50},
		{afterCode, 50}, {afterSentence, 50}, {afterWord, 50}, {afterParagraph, 25}, {afterLine, 25}, {afterCode, 25}, {afterSentence, 25}, {afterWord, 25}}
)

// places are the last place of each kind.
type places [kinds]place

func (all places) choose(wishes []wish, room int) (place, bool) {
	for _, w := range wishes {
		if p := all[w.kind]; p.at > 0 && 100*p.runes >= w.percent*room {
			return p, true
		}
	}
	return place{}, false
}

// cut returns where a text is cut that has no room as a whole. clean says that
// nothing is cut that belongs together.
func cut(text string, room int, o open) (p place, clean bool) {
	var all places
	here := place{open: o}
	var line, before string // before is the last line that is not blank
	for {
		line = firstLine(text[here.at:])
		size := utf8.RuneCountInString(line)
		if here.runes+size > room || line == "" {
			break
		}
		was := here.open
		here = place{here.at + len(line), here.runes + size, here.open.line(line)}
		rest := text[here.at:]
		if kind := behind(line, before, rest, was, here.open); kind != anywhere {
			all[kind] = here
		}
		if strings.TrimSpace(line) != "" {
			before = line
		}
	}
	if p, ok := all.choose(betweenLines, room); ok {
		return p, true
	}
	if utf8.RuneCountInString(line) <= room && (here.open.fence != "" || isWhole(line) || isWhole(before) && isIndented(line)) {
		if p, ok := all.choose(beforeWhole, room); ok {
			return p, true
		}
	}
	var last place
	for _, loose := range []bool{false, true} {
		for _, from := range []place{here, {open: o}} { // mostly the line that has no room is enough
			inside := all
			last = within(text, room, from, &inside, loose)
			if p, ok := inside.choose(insideLine, room); ok {
				return p, true
			}
			if p = inside[anywhere]; p.at > 0 && from.at == 0 {
				return p, true
			}
		}
	}
	if last.at > 0 { // something that must not be cut is longer than a message
		return last, false
	}
	// One grapheme is longer than a message.
	p.open = o
	p.open.inside = true
	for ; p.runes < max(room, 1) && p.at < len(text); p.runes++ {
		_, size := utf8.DecodeRuneInString(text[p.at:])
		p.at += size
	}
	return p, false
}

// firstLine returns a line with its end.
func firstLine(text string) string {
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		return text[:end+1]
	}
	return text
}

// within looks for places in the line that does not fit, and returns the last
// place that does. loose allows to cut what is only better kept together.
func within(text string, room int, here place, all *places, loose bool) place {
	o, rest := here.open, text[here.at:]
	state, whole := -1, here.at // up to there something must not be cut
	begins := !o.inside         // a line
	for rest != "" {
		if line := firstLine(rest); begins {
			whole = here.at + len(line) - len(o.startLine(line, &o))
		}
		var cluster string
		var boundaries int
		from := rest
		cluster, rest, boundaries, state = uniseg.StepString(rest, state)
		begins = cluster == "\n"
		for i := range cluster { // not only at its begin: some letters join what follows
			if here.at+i < whole {
				continue
			}
			var length int
			was := o.fence
			if length, o = atom(from[i:], o); length == 0 && was == "" && !loose {
				length = spanLength(from[i:])
			}
			whole = here.at + i + length
		}
		size := utf8.RuneCountInString(cluster)
		if here.runes+size > room {
			return here
		}
		here = place{here.at + len(cluster), here.runes + size, o}
		here.open.inside = !begins
		if here.at < whole || o.fence != "" && (o.empty || closes(rest, o)) {
			continue // a block must not be cut off from all its code: Discord would not show it as one
		}
		all[anywhere] = here
		switch {
		case o.fence == "" && boundaries&uniseg.MaskSentence != 0 && strings.HasSuffix(cluster, " "):
			all[afterSentence] = here
		case boundaries&uniseg.MaskLine == uniseg.LineCanBreak:
			all[afterWord] = here
		}
	}
	return here
}

// closes reports whether a block of code ends before anything else comes.
func closes(rest string, o open) bool {
	for {
		rest = strings.TrimLeft(rest, "\n")
		content, quoted := strings.CutPrefix(rest, quoteMark)
		if o.quote == "" || !quoted {
			return strings.HasPrefix(rest, fenceClose)
		}
		rest = content
	}
}

// behind returns how good it is to cut behind a line, anywhere for not at all.
func behind(line, before, rest string, was, now open) int {
	if now.fence != "" {
		if now.empty || closes(rest, now) {
			return anywhere
		}
		return afterCode
	}
	next := firstLine(rest)
	content := strings.TrimSpace(line)
	leads := content
	if content == "" {
		leads = strings.TrimSpace(before)
	}
	switch {
	case was.fence != "":
		return afterParagraph
	case strings.HasPrefix(leads, "#"), strings.HasSuffix(leads, ":"), strings.HasSuffix(leads, ":**"):
		return afterWord
	case content == "", strings.HasPrefix(strings.TrimSpace(next), fenceClose):
		return afterParagraph
	case isIndented(next) && !isWhole(next), isRule(next), isRule(line):
		return afterWord
	}
	return afterLine
}

var item = regexp.MustCompile(`^(?:> )?[ \t]*(?:[-*+•]|[0-9]{1,9}[.)])[ \t]`)

// isWhole reports whether a line is an item of a list or a row of a table.
func isWhole(line string) bool {
	return strings.HasPrefix(strings.TrimLeft(line, " "), "|") || item.MatchString(line)
}

// isIndented reports whether a line goes on with what the line before began.
func isIndented(line string) bool {
	return strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "\t")
}

// isRule reports whether a line separates the head of a table from its rows.
func isRule(line string) bool {
	return strings.HasPrefix(line, "|") && strings.Trim(line, "|-: \t\n") == ""
}

// maxSpan bounds how long something is, in bytes, that is only better kept
// together.
const maxSpan = 300

// spanLength returns how long the code in a line, or the bold words are that a
// text begins with; 0 for neither.
func spanLength(text string) int {
	mark := ""
	switch {
	case text[0] == '`':
		mark = text[:len(text)-len(strings.TrimLeft(text, "`"))]
	case strings.HasPrefix(text, "**"):
		mark = "**"
	default:
		return 0
	}
	inside := text[len(mark):min(len(text), maxSpan)]
	if line := strings.IndexByte(inside, '\n'); line >= 0 {
		inside = inside[:line]
	}
	end := strings.Index(inside, mark)
	if end < 1 || strings.HasPrefix(inside[end+len(mark):], mark[:1]) || strings.Contains(inside[:end], fenceClose) ||
		mark == "**" && (inside[0] == ' ' || strings.Contains(inside[:end], "<") || strings.Contains(inside[:end], "://")) { // links come first
		return 0
	}
	return end + 2*len(mark)
}
