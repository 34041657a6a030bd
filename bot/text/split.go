package text

import (
	"strings"
	"unicode/utf8"
)

const (
	// MaxMessage is Discord's limit of one message, in code points.
	MaxMessage = 2000
	// fenceClose is what ends a part inside a code block.
	fenceClose = "```"
	// smallRest is a last part so short that it looks lost alone; goodRest is
	// how much it is then given.
	smallRest = 160
	goodRest  = 400
)

// Split cuts a text into messages of at most limit code points, at the end of a
// paragraph or a block of code, a line, a sentence or a word, in that order, where
// that fills most of a message. It never cuts inside a grapheme, a mention, an
// emoji or a link, nor inside a list item, a row of a table or a line of code,
// unless that alone is too long. A code block that is cut is closed, and opened
// again in the next part, and so is a quote. Without what was added for that, the
// parts joined are the text. final says that no more text will come: then a last
// part with only a few words is avoided.
func Split(text string, limit int, final bool) []string {
	var parts []string
	var open open
	for {
		prefix := open.again()
		room := limit - utf8.RuneCountInString(prefix)
		rest := utf8.RuneCountInString(text)
		if rest+len("\n")+len(open.end()) <= room || open.fence == "" && rest <= room {
			if len(parts) > 0 && strings.TrimSpace(text) == "" && open.fence == "" {
				return parts
			}
			if last := prefix + text; len(parts) == 0 || strings.TrimSpace(last) != "" {
				parts = append(parts, last)
			}
			return parts
		}
		room -= len("\n" + fenceClose)
		if open.quote != "" || strings.HasPrefix(text, quoteMark) || strings.Contains(text, "\n"+quoteMark) {
			room -= len(quoteMark)
		}
		wanted := room
		if final && rest <= room+smallRest {
			wanted = max(rest-goodRest, room/2)
		}
		p, clean := cut(text, wanted, open)
		if !clean && wanted < room { // better a short last part than a cut link
			p, _ = cut(text, room, open)
		}
		part := prefix + text[:p.at]
		if end := p.open.end(); end != "" {
			if !strings.HasSuffix(part, "\n") {
				part += "\n"
			}
			part += end
		}
		if strings.TrimSpace(text[:p.at]) != "" || p.open.fence != "" { // Discord refuses an empty message
			parts = append(parts, part)
		}
		text, open = text[p.at:], p.open
		open.empty = open.fence != "" // in the next part
	}
}

// open is what a cut leaves open, so that the next part opens it again.
type open struct {
	fence  string // the line that opened the block of code; "" outside
	empty  bool   // the block has no code yet
	quote  string // what stands before the line, or before each line of the block
	all    bool   // everything that follows is quoted
	inside bool   // in the middle of a line
}

const (
	quoteMark    = "> "
	quoteAllMark = ">>> "
)

// end is what closes the block of code.
func (o open) end() string {
	if o.fence == "" {
		return ""
	}
	return o.quote + fenceClose
}

// again is what a part begins with.
func (o open) again() (again string) {
	if o.all {
		again = quoteAllMark
	}
	if o.fence != "" {
		again += o.quote + o.fence + "\n"
	}
	if o.inside {
		again += o.quote
	}
	return again
}

// line returns what is open behind a line.
func (o open) line(line string) open {
	content := line
	if !o.inside {
		content = o.startLine(line, &o)
	}
	o.inside = false
	if o.fence != "" && o.empty && strings.TrimLeft(content, "\n") == "" || o.fence == "" && !strings.Contains(content, fenceClose) {
		return o
	}
	if !strings.Contains(content, fenceClose) {
		o.empty = false
		return o
	}
	for content != "" {
		n := 0
		if n, o = atom(content, o); n == 0 {
			_, n = utf8.DecodeRuneInString(content)
		}
		content = content[n:]
	}
	return o
}

// startLine notes how a line is quoted, and returns it without that. A quote ends
// with the first line that is not one, and a block of code in it with it.
func (open) startLine(line string, o *open) string {
	quote := ""
	if strings.HasPrefix(line, quoteMark) {
		quote = quoteMark
	}
	switch {
	case o.all, o.fence != "" && o.quote == "":
		return line
	case o.fence == "" && strings.HasPrefix(line, quoteAllMark):
		o.all, o.quote = true, ""
		return line[len(quoteAllMark):]
	case o.fence != "" && quote == "":
		o.fence, o.empty = "", false
	}
	o.quote = quote
	return line[len(quote):]
}

// atom returns the length of what begins a text and must not be cut, 0 for
// nothing in particular, and what is open behind it. What comes first in a code
// block is code, even a backtick.
func atom(text string, o open) (int, open) {
	isFence := strings.HasPrefix(text, fenceClose)
	switch {
	case isFence && o.fence == "":
		n, fence := openFence(text)
		o.fence, o.empty = fence, true
		return n, o
	case isFence && !o.empty:
		o.fence = ""
		return len(fenceClose), o
	case o.fence != "":
		o.empty = o.empty && text[0] == '\n'
		return 0, o
	}
	return linkLength(text), o
}

// linkLength returns how long the link, the mention or the emoji is that a text
// begins with; 0 for none.
func linkLength(text string) int {
	switch {
	case text[0] == '<':
		if end := strings.IndexByte(text[:min(len(text), maxLink)], '>'); end > 0 && !strings.ContainsAny(text[1:end], "< \t\n`") {
			return end + 1
		}
	case strings.HasPrefix(text, "http://"), strings.HasPrefix(text, "https://"):
		if end := strings.IndexAny(text, " \t\n>"); end >= 0 {
			return end
		}
		return len(text)
	}
	return 0
}

// openFence reads ``` and the language behind it.
func openFence(text string) (int, string) {
	n := len(fenceClose)
	for n < len(text) && (text[n] == '+' || text[n] == '-' || text[n] == '#' || text[n] == '.' || text[n] == '_' ||
		text[n] >= '0' && text[n] <= '9' || text[n] >= 'a' && text[n] <= 'z' || text[n] >= 'A' && text[n] <= 'Z') {
		n++
	}
	if n-len(fenceClose) > 30 {
		n = len(fenceClose)
	}
	if n < len(text) && text[n] == '\n' {
		return n + 1, text[:n]
	}
	return len(fenceClose), fenceClose // code begins on the same line: that is no language
}
