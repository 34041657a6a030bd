package text

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
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
// paragraph, a line, a sentence or a word, in that order. It never cuts inside
// a grapheme, a mention, an emoji or a link, unless that alone is too long. A
// code block that is cut is closed, and opened again in the next part. Without
// what was added for that, the parts joined are the text. final says that no
// more text will come: then a last part with only a few words is avoided.
func Split(text string, limit int, final bool) []string {
	var parts []string
	var fence string // the line that opened the code block we are in; "" outside
	for {
		prefix := ""
		if fence != "" {
			prefix = fence + "\n"
		}
		room := limit - utf8.RuneCountInString(prefix)
		rest := utf8.RuneCountInString(text)
		if rest+len("\n"+fenceClose) <= room || fence == "" && rest <= room {
			if len(parts) > 0 && strings.TrimSpace(prefix+text) == "" {
				return parts
			}
			if last := prefix + text; len(parts) == 0 || strings.TrimSpace(last) != "" {
				parts = append(parts, last)
			}
			return parts
		}
		room -= len("\n" + fenceClose)
		wanted := room
		if final && rest <= room+smallRest {
			wanted = max(rest-goodRest, room/2)
		}
		n, after, clean := cut(text, wanted, fence)
		if !clean && wanted < room { // better a short last part than a cut link
			n, after, _ = cut(text, room, fence)
		}
		part := prefix + text[:n]
		if after != "" {
			if !strings.HasSuffix(part, "\n") {
				part += "\n"
			}
			part += fenceClose
		}
		if strings.TrimSpace(part) != "" { // Discord refuses an empty message
			parts = append(parts, part)
		}
		text, fence = text[n:], after
	}
}

// A cut is the better the more it separates.
const (
	anywhere = iota
	afterWord
	afterSentence
	afterLine
	afterParagraph
	kinds
)

// cut returns how many bytes of text go into a part with room for so many code
// points, and the code block's opening line if the cut is inside one. clean
// says that nothing is cut that belongs together.
func cut(text string, room int, fence string) (n int, after string, clean bool) {
	type place struct {
		at    int // bytes
		runes int
		fence string
	}
	var best [kinds]place
	last := place{fence: fence}
	state, rest, at, runes := -1, text, 0, 0
	whole := 0           // up to here something must not be cut
	empty := fence != "" // the code block has no code yet
	for rest != "" {
		var cluster string
		var boundaries int
		from := rest
		cluster, rest, boundaries, state = uniseg.StepString(rest, state)
		for i := range cluster { // not only at its begin: some letters join what follows
			if at+i >= whole {
				was := fence
				var length int
				length, fence = atom(from[i:], was, empty)
				whole = at + i + length
				empty = fence != "" && (was == "" || empty && from[i] == '\n')
			}
		}
		size := utf8.RuneCountInString(cluster)
		if runes+size > room {
			break
		}
		at, runes = at+len(cluster), runes+size
		last = place{at, runes, fence}
		if at < whole || empty || fence != "" && strings.HasPrefix(strings.TrimLeft(rest, "\n"), fenceClose) {
			continue // a block must not be cut off from all its code: Discord would not show it as one
		}
		best[anywhere] = last
		kind := anywhere
		switch {
		case fence == "" && strings.HasSuffix(text[:at], "\n\n"):
			kind = afterParagraph
		case cluster == "\n":
			kind = afterLine
		case fence == "" && boundaries&uniseg.MaskSentence != 0 && strings.HasSuffix(cluster, " "):
			kind = afterSentence
		case boundaries&uniseg.MaskLine == uniseg.LineCanBreak:
			kind = afterWord
		}
		if kind != anywhere {
			best[kind] = last
		}
	}
	for kind := kinds - 1; kind > anywhere; kind-- {
		if best[kind].runes >= room/2 {
			return best[kind].at, best[kind].fence, true
		}
	}
	for kind := kinds - 1; kind > anywhere; kind-- {
		if best[kind].runes >= room/4 {
			return best[kind].at, best[kind].fence, true
		}
	}
	switch {
	case best[anywhere].at > 0:
		return best[anywhere].at, best[anywhere].fence, true
	case last.at > 0: // something that must not be cut is longer than a message
		return last.at, last.fence, false
	}
	// One grapheme is longer than a message.
	for at, runes = 0, 0; runes < max(room, 1) && at < len(text); runes++ {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at, fence, false
}

// atom returns the length of what begins text and must not be cut, 0 for
// nothing in particular, and the fence as it is behind it. What comes first in
// a code block is code, even a backtick.
func atom(text, fence string, empty bool) (int, string) {
	isFence := strings.HasPrefix(text, fenceClose)
	switch {
	case isFence && fence == "":
		return openFence(text)
	case isFence && !empty:
		return len(fenceClose), ""
	case fence != "":
		return 0, fence
	case text[0] == '<':
		if end := strings.IndexByte(text[:min(len(text), maxLink)], '>'); end > 0 && !strings.ContainsAny(text[1:end], "< \t\n`") {
			return end + 1, fence
		}
	case strings.HasPrefix(text, "http://"), strings.HasPrefix(text, "https://"):
		if end := strings.IndexAny(text, " \t\n>"); end >= 0 {
			return end, fence
		}
		return len(text), fence
	}
	return 0, fence
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
