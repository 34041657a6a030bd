package bot

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// plainText removes what has no place in a question or an answer: control
// characters, and invisible ones that reorder or hide text. Joiners stay, for
// emoji and for the scripts that need them.
func plainText(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	var flag bool // inside the emoji of a region's flag, which is made of tag characters
	return strings.Map(func(r rune) rune {
		isTag := r >= 0xE0000 && r <= 0xE007F
		flag = r == 0x1F3F4 || flag && isTag
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r) || isHidden(r):
			return -1
		case isTag && !flag:
			return -1
		}
		return r
	}, text)
}

func isHidden(r rune) bool {
	switch {
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // bidi embeddings, overrides, isolates
		return true
	case r == 0x200E || r == 0x200F || r == 0x061C: // bidi marks
		return true
	case r == 0x200B || r == 0x2060 || r == 0xFEFF || r == 0x00AD || r == 0x180E: // zero width
		return true
	}
	return false
}

// visible reports whether a text shows anything on a screen. Discord refuses a
// message that does not.
func visible(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != 0x2800 && r != 0x3164
	}) >= 0
}

// answerText makes what a model wrote fit to show: a masked link, [text](url),
// shows where it leads. Code is left as it is.
func answerText(text string) string {
	text = plainText(text)
	if !strings.Contains(text, "](") {
		return text
	}
	var out strings.Builder
	var unclosed [4]bool // no closing run of so many backticks follows
	for i := 0; i < len(text); {
		switch text[i] {
		case '`':
			n := codeSpan(text[i:], &unclosed)
			out.WriteString(text[i : i+n])
			i += n
		case '[':
			shown, n := maskedLink(text[i:])
			if n == 0 {
				shown, n = "[", 1
			}
			out.WriteString(shown)
			i += n
		case '!':
			if _, n := maskedLink(text[i+1:]); n == 0 {
				out.WriteByte('!')
			} // else an image, of which only the link is shown
			i++
		default:
			next := strings.IndexAny(text[i+1:], "`[!")
			if next < 0 {
				next = len(text) - i - 1
			}
			out.WriteString(text[i : i+1+next])
			i += 1 + next
		}
	}
	return out.String()
}

// codeSpan returns the length of the code that begins with text's backticks, or
// of the backticks alone when nothing closes them. Three that nothing closes
// begin a block that lasts to the end: the rest is still being written.
func codeSpan(text string, unclosed *[4]bool) int {
	n := len(text) - len(strings.TrimLeft(text, "`"))
	width := min(n, 3)
	if !unclosed[width] {
		if end := strings.Index(text[n:], strings.Repeat("`", width)); end >= 0 {
			return n + end + width
		}
		unclosed[width] = true // so that many lone backticks do not each search to the end
	}
	if width == 3 {
		return len(text)
	}
	return n
}

// maxLink bounds how far a link is looked for, so that many lone brackets do
// not each search to the end.
const maxLink = 2000

// maskedLink reads [label](address "title") at the beginning of text, and
// returns how to show it and how long it was; 0 when there is none.
func maskedLink(text string) (string, int) {
	if !strings.HasPrefix(text, "[") {
		return "", 0
	}
	text = text[:min(len(text), maxLink)]
	closing := strings.Index(text, "](")
	if closing < 0 || strings.Contains(text[:closing], "\n\n") {
		return "", 0
	}
	label, rest := text[1:closing], text[closing+2:]
	if inner := strings.LastIndexByte(label, '['); inner >= 0 {
		// [ [a](b): the link begins at the inner bracket.
		return text[:inner+1], inner + 1
	}
	end, depth := -1, 0
	for i := 0; i < len(rest) && end < 0; i++ {
		switch rest[i] {
		case '(':
			depth++
		case ')':
			if depth == 0 {
				end = i
			}
			depth--
		case '\n':
			return "", 0
		}
	}
	if end < 0 {
		return "", 0
	}
	address, _, _ := strings.Cut(strings.TrimSpace(rest[:end]), " ") // behind the blank stands a title
	length := closing + 2 + end + 1
	shown, ok := honestURL(strings.Trim(address, "<>"))
	if !ok {
		return label, length
	}
	if strings.TrimSpace(label) == "" || label == shown {
		return "<" + shown + ">", length
	}
	return label + " (<" + shown + ">)", length
}

// honestURL returns an address as it really is: http or https, with the host in
// ASCII, so that a foreign letter cannot pass for a Latin one.
func honestURL(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", false
	}
	host, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil {
		return "", false
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	u.Host, u.User = host, nil
	return u.String(), true
}

// clip shortens a text to at most n code points, with an ellipsis.
func clip(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	runes := []rune(text)
	return string(runes[:n-1]) + "…"
}
