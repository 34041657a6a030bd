// Package text makes what people and models write fit for Discord: it takes out
// what hides or reorders text, shows where links lead, and cuts long answers into
// messages without cutting a block of code, a link or an emoji in two. It is pure.
package text

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Plain removes what has no place in a question or an answer: control
// characters, and invisible ones that reorder text or carry a hidden one.
// Joiners stay, for emoji and for the scripts that need them.
func Plain(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	tags := 0 // that may still follow in the emoji of a region's flag
	var last rune
	return strings.Map(func(r rune) rune {
		isTag := r >= 0xE0000 && r <= 0xE007F
		keepTag := isTag && tags > 0
		switch {
		case r == blackFlag:
			tags = maxTags
		case !isTag || r == cancelTag:
			tags = 0
		default:
			tags--
		}
		before := last
		last = r
		switch {
		case r == '\n' || r == '\t' || keepTag:
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r) || isTag || isHidden(r):
			return -1
		case unicode.Is(unicode.Variation_Selector, r) && unicode.Is(unicode.Variation_Selector, before):
			return -1 // one chooses a glyph, more of them spell something
		}
		return r
	}, text)
}

// The flag of England, say, is a black flag, five letters as tags, and the tag
// that ends them.
const (
	blackFlag = 0x1F3F4
	cancelTag = 0xE007F
	maxTags   = 7
)

// isHidden reports whether a character only formats others: bidi marks and
// overrides, zero-width ones, annotations.
func isHidden(r rune) bool {
	const joiner, nonJoiner = 0x200D, 0x200C
	return unicode.Is(unicode.Cf, r) && r != joiner && r != nonJoiner && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// Visible reports whether a text shows anything on a screen. Discord refuses a
// message that does not.
func Visible(text string) bool {
	const blankBraille = 0x2800
	return strings.IndexFunc(text, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != blankBraille && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
	}) >= 0
}

// Answer makes what a model wrote fit to show: a masked link, [text](url),
// shows where it leads, and what is left of one is taken apart. Code is left as
// it is; a block that nothing closes is closed, for Discord would not take it
// for code.
func Answer(text string) string {
	text = plainFences(Plain(text))
	if !strings.Contains(text, "](") && !strings.Contains(text, fenceClose) {
		return text
	}
	var out strings.Builder
	var unclosed [3]bool // no closing run of so many backticks follows
	bracket := false     // out ends with a bracket, behind which "(" would make a link
	show := func(s string) {
		if s == "" {
			return
		}
		if bracket && s[0] == '(' {
			out.WriteByte(' ')
		}
		out.WriteString(s)
		bracket = strings.HasSuffix(s, "]")
	}
	for text != "" {
		n := 1
		switch text[0] {
		case '`':
			n = codeSpan(text, &unclosed)
			show(text[:n])
			if n == len(text) && isOpenBlock(text) {
				show("\n" + fenceClose)
			}
		case '\\':
			n = min(2, len(text))
			show(text[:n])
		case '[', '!':
			var shown string
			if shown, n = maskedLink(text); n == 0 {
				shown, n = text[:1], 1
			}
			show(shown)
		default:
			if next := strings.IndexAny(text, "`[!\\]("); next > 0 {
				n = next
			} else if next < 0 {
				n = len(text)
			}
			show(text[:n])
		}
		text = text[n:]
	}
	return out.String()
}

// codeSpan returns the length of the code that begins with text's backticks, or
// of the backticks alone when nothing closes them. A block is closed by any
// three backticks, and if nothing closes it lasts to the end: the rest is still
// being written. Other code is closed by just as many as opened it.
func codeSpan(text string, unclosed *[3]bool) int {
	if strings.HasPrefix(text, fenceClose) {
		if end := blockEnd(text); end > 0 {
			return end
		}
		return len(text)
	}
	n := len(text) - len(strings.TrimLeft(text, "`"))
	if unclosed[n] {
		return n
	}
	for at := n; ; {
		open := strings.IndexByte(text[at:], '`')
		if open < 0 {
			unclosed[n] = true // so that many lone backticks do not each search to the end
			return n
		}
		at += open
		run := len(text[at:]) - len(strings.TrimLeft(text[at:], "`"))
		if at += run; run == n {
			return at
		}
	}
}

// blockEnd returns where the block ends that text begins with, 0 for nowhere. A
// block is not empty: what follows the opening is code, even a backtick.
func blockEnd(text string) int {
	code, _ := openFence(text)
	code += len(text[code:]) - len(strings.TrimLeft(text[code:], "\n"))
	if code >= len(text) {
		return 0
	}
	_, first := utf8.DecodeRuneInString(text[code:])
	end := strings.Index(text[code+first:], fenceClose)
	if end < 0 {
		return 0
	}
	return code + first + end + len(fenceClose)
}

// isOpenBlock reports whether text begins with a block of code that nothing
// closes.
func isOpenBlock(text string) bool {
	if !strings.HasPrefix(text, fenceClose) || blockEnd(text) > 0 {
		return false
	}
	code, _ := openFence(text)
	return strings.Trim(text[code:], "\n") != ""
}

// These bound how far a link is looked for, in bytes, so that many lone brackets
// do not each search to the end.
const (
	maxLabel = 500
	maxLink  = 2000
)

// maskedLink reads [label](address "title") at the beginning of text, also with
// the "!" of an image, and returns how to show it and how long it was; 0 when
// there is none.
func maskedLink(text string) (string, int) {
	text = text[:min(len(text), maxLink)]
	label, rest, ok := cutLabel(strings.TrimPrefix(text, "!"))
	if !ok {
		return "", 0
	}
	address, rest, ok := cutAddress(rest)
	if !ok {
		return "", 0
	}
	shown, ok := honestURL(address)
	if !ok {
		return "", 0
	}
	length := len(text) - len(rest)
	if strings.TrimSpace(label) == "" || label == shown {
		return "<" + shown + ">", length
	}
	return label + " (<" + shown + ">)", length
}

// cutLabel reads [label]( and returns what follows. Brackets in a label come in
// pairs, and no link stands in one.
func cutLabel(text string) (label, rest string, ok bool) {
	if !strings.HasPrefix(text, "[") || !strings.Contains(text[:min(len(text), maxLabel)], "](") {
		return "", "", false
	}
	depth := 0
	for i := range min(len(text), maxLabel) {
		switch text[i] {
		case '[':
			depth++
		case ']':
			depth--
		case '\n':
			if strings.HasPrefix(text[i:], "\n\n") {
				return "", "", false
			}
		}
		switch {
		case depth == 0:
			rest, ok = strings.CutPrefix(text[i:], "](")
			return text[1:i], rest, ok
		case strings.HasPrefix(text[i:], "]("):
			return "", "", false
		}
	}
	return "", "", false
}

// cutAddress reads address "title") and returns what follows. Parentheses in an
// address come in pairs; if they do not, the last one ends it.
func cutAddress(text string) (address, rest string, ok bool) {
	inside := strings.TrimLeft(text, " \t\n")
	word := inside
	if blank := strings.IndexAny(inside, " \t\n"); blank >= 0 {
		word = inside[:blank]
	}
	depth, last := 0, -1
	for i := range len(word) {
		switch word[i] {
		case '(':
			depth++
		case ')':
			if last = i; depth == 0 {
				return strings.Trim(word[:i], "<>"), inside[i+1:], i > 0
			}
			depth--
		}
	}
	end := strings.TrimLeft(inside[len(word):], " \t\n")
	if end != "" && (end[0] == '"' || end[0] == '\'') {
		if title := strings.IndexByte(end[1:], end[0]); title >= 0 {
			end = strings.TrimLeft(end[title+2:], " \t\n")
		}
	}
	switch {
	case word != "" && strings.HasPrefix(end, ")"):
		return strings.Trim(word, "<>"), end[1:], true
	case last > 0:
		return strings.Trim(word[:last], "<>"), inside[last+1:], true
	}
	return "", "", false
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
	return strings.NewReplacer("<", "%3C", ">", "%3E", "[", "%5B", "]", "%5D").Replace(u.String()), true
}

// Clip shortens a text to at most n code points, with an ellipsis.
func Clip(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	if n <= 0 {
		return ""
	}
	runes := []rune(text)
	return string(runes[:n-1]) + "…"
}
