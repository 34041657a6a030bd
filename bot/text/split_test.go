package text

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"
)

// whole finds what begins a text and belongs together: a fence with its
// language, a mention, a custom emoji, a link.
var (
	fenceUnit = regexp.MustCompile("^```(?:[A-Za-z0-9+#._-]{0,30}\n)?")
	onlyCode  = regexp.MustCompile("```[A-Za-z0-9+#._-]+\n```$") // without code behind it, Discord takes a language for code
	markUnit  = regexp.MustCompile("^(?:<(?:@[!&]?[0-9]+|#[0-9]+|a?:[0-9A-Za-z_]{2,32}:[0-9]+|https?://[^ \t\n>`]+)>|https?://[^ \t\n>]+)")
)

// state is what is open somewhere in a text.
type state struct {
	fence, quote string // the line that opened a block of code; what stands before its lines, or before this one
	all          bool   // quoted to the end
	inside       bool   // a line has begun
}

// again is what has to open it anew.
func (s state) again() (again string) {
	if s.all {
		again = ">>> "
	}
	if s.fence != "" {
		again += s.quote + s.fence + "\n"
	}
	if s.inside {
		again += s.quote
	}
	return again
}

// scan reads a text that begins in a state, up to byte n. It returns the state at
// n, whether a block has no code yet there, and, if something that belongs
// together lies across n, its bounds.
func scan(text string, s state, n int) (after state, empty bool, from, to int) {
	empty = s.fence != ""
	for at := 0; at < n; {
		unit, next, blank := 1, s, empty && text[at] == '\n'
		next.inside = text[at] != '\n'
		begins, quotable := !s.inside, !s.all && (s.fence == "" || s.quote != "")
		if begins && quotable && s.fence != "" && !strings.HasPrefix(text[at:], "> ") { // the quote with the code has ended
			s.fence, s.quote, empty = "", "", false
			continue
		}
		f, code := fenceUnit.FindString(text[at:]), s.fence != ""
		if begins && quotable && !code {
			next.quote = ""
		}
		switch {
		case begins && quotable && !code && strings.HasPrefix(text[at:], ">>> "):
			unit, next.all, next.quote = 4, true, ""
		case begins && quotable && strings.HasPrefix(text[at:], "> "):
			unit, next.quote, blank = 2, "> ", empty
		case f != "" && code && !empty:
			unit, next.fence = len(fenceClose), ""
		case f != "" && !code:
			unit, next.fence, blank = len(f), strings.TrimSuffix(f, "\n"), true
			next.inside = !strings.HasSuffix(f, "\n")
		case !code:
			unit = max(1, len(markUnit.FindString(text[at:])))
		}
		if at+unit > n {
			return s, empty, at, at + unit
		}
		at, s, empty = at+unit, next, blank
	}
	return s, empty, n, n
}

// closesAt reports whether nothing but the end of a block follows.
func closesAt(text string, s state) bool {
	for {
		text = strings.TrimLeft(text, "\n")
		if s.quote == "" || !strings.HasPrefix(text, "> ") {
			return strings.HasPrefix(text, fenceClose)
		}
		text = text[2:]
	}
}

// clusters returns where each grapheme of a text begins and ends.
func clusters(text string) [][2]int {
	var found [][2]int
	for g := uniseg.NewGraphemes(text); g.Next(); {
		from, to := g.Positions()
		found = append(found, [2]int{from, to})
	}
	return found
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkSplit takes the parts of a text apart again and holds each cut against
// the promises of split.
func checkSplit(t fataler, text string, limit int, final bool) {
	t.Helper()
	parts := Split(text, limit, final)
	if len(parts) == 0 || len(parts) > 1 && strings.TrimSpace(text) == "" {
		t.Fatalf("split(%q, %d) = %d parts, want one", text, limit, len(parts))
	}
	for n, part := range parts {
		if size := utf8.RuneCountInString(part); size > limit {
			t.Fatalf("split(%q, %d): part %d has %d code points", text, limit, n, size)
		}
		if strings.TrimSpace(part) == "" && strings.TrimSpace(text) != "" {
			t.Fatalf("split(%q, %d): part %d is blank: %q", text, limit, n, part)
		}
		if open, _, _, _ := scan(part, state{}, len(part)); open.fence != "" && n < len(parts)-1 && !onlyCode.MatchString(part) {
			t.Fatalf("split(%q, %d): part %d leaves %s open: %q", text, limit, n, open.fence, part)
		}
	}
	graphemes := clusters(text)
	across := func(pos int) (int, int) { // the grapheme that lies across pos
		for _, c := range graphemes {
			if c[0] < pos && pos < c[1] {
				return c[0], c[1]
			}
		}
		return pos, pos
	}
	// match follows the parts through the text; where a fence could be the
	// text's own or an added one it tries both. It returns what is wrong.
	var match func(n, pos int, open state) string
	match = func(n, pos int, open state) string {
		if n == len(parts) {
			if strings.TrimSpace(text[pos:]) != "" {
				return "the text goes on: " + text[pos:]
			}
			return ""
		}
		prefix := open.again()
		body, ok := strings.CutPrefix(parts[n], prefix)
		if !ok {
			return "part " + parts[n] + " does not reopen " + prefix
		}
		room := limit - utf8.RuneCountInString(prefix) - len("\n> "+fenceClose)
		wrong := "not the text: " + parts[n]
		blank := len(text[pos:]) - len(strings.TrimLeft(text[pos:], " \t\n"))
		for skip := 0; skip <= blank; skip++ { // of a part that was blank
			for _, added := range []string{"", fenceClose, "\n" + fenceClose, "> " + fenceClose, "\n> " + fenceClose} {
				own, ok := strings.CutSuffix(body, added)
				if !ok || own == "" && text != "" || !strings.HasPrefix(text[pos+skip:], own) {
					continue
				}
				cut := pos + skip + len(own)
				after, empty, from, to := scan(text[pos+skip:], open, len(own))
				want := "" // what split has to add
				if cut < len(text) && after.fence != "" {
					want = "\n" + after.quote + fenceClose
					if strings.HasSuffix(own, "\n") {
						want = after.quote + fenceClose
					}
				}
				if added != want {
					continue
				}
				if from, to = from+pos+skip, to+pos+skip; from == to {
					from, to = across(cut)
				}
				switch {
				case cut < len(text) && utf8.RuneCountInString(text[from:to]) > room: // too long for any message
				case cut < len(text) && from != to:
					wrong = "cut inside " + text[from:to]
					continue
				case cut < len(text) && after.fence != "" && (empty || closesAt(text[cut:], after)):
					wrong = "a code block without code: " + parts[n]
					continue
				}
				if wrong = match(n+1, cut, after); wrong == "" {
					return ""
				}
			}
			if open.fence != "" {
				break
			}
		}
		return wrong
	}
	if wrong := match(0, 0, state{}); wrong != "" {
		t.Fatalf("split(%.300q…, %d, %v) = %.300q…, want every promise kept: %.200q", text, limit, final, parts, wrong)
	}
	if rest := utf8.RuneCountInString(parts[len(parts)-1]); final && limit == MaxMessage && len(parts) > 1 && rest < smallRest && !strings.HasSuffix(text, " ") && !strings.Contains(text, "\n\n\n") && len(markUnit.FindString(text)) == 0 {
		t.Fatalf("split(%q, %d, final) ends with %d code points, want at least %d", text, limit, rest, smallRest)
	}
}

// seeds are texts that are hard to cut.
func seeds() []string {
	return []string{
		"", "short", strings.Repeat("word ", 900), strings.Repeat("A sentence. ", 400), strings.Repeat("line\n", 800),
		strings.Repeat("A paragraph of some length, for the cut.\n\n", 100), strings.Repeat("x", 5000), strings.Repeat("\n", 4500),
		"x" + strings.Repeat("\n", 2100), strings.Repeat("x", 1500) + strings.Repeat("\n", 600), strings.Repeat(" ", 3000) + "x",
		"```go\n" + strings.Repeat("fmt.Println(\"hello\")\n", 200) + "```\nand then some", strings.Repeat("👨‍👩‍👧‍👦", 900),
		"z" + strings.Repeat("\u0301", 3000), strings.Repeat("<@123456789012345678> ", 200), strings.Repeat("<a:smile:123456789012345678>", 150),
		strings.Repeat("https://example.org/a/very/long/path?with=query ", 100), strings.Repeat("漢字", 2000), strings.Repeat("🇸🇪🇩🇰", 700),
		strings.Repeat("text ```python\nprint(1)\n``` ", 90), "```" + strings.Repeat("code on the same line ", 150), strings.Repeat("`", 4100),
		"https://example.org/" + strings.Repeat("a", 1960) + " " + strings.Repeat("rest ", 20), "https://example.org/" + strings.Repeat("b", 3000),
		strings.Repeat("> Somebody said something. ", 1) + strings.Repeat("It went on. ", 400), "> ```go\n" + strings.Repeat("> fmt.Println(1)\n", 300) + "> ```\nThat was it.",
		">>> " + strings.Repeat("All of this is quoted.\n", 200), "> ```\n> a\nno more\n" + strings.Repeat("words ", 500), strings.Repeat("- An item of a list that has some words in it.\n", 100),
		"```go\n" + strings.Repeat("x", 1985) + "\n```\nbehind it", "<```> a\u0600```go\nb" + strings.Repeat("c", 100) + "```",
	}
}

// Text by text: parts fit, none is blank, fences are balanced, nothing that
// belongs together is cut, and together they are the text.
func TestSplitSeeds(t *testing.T) {
	t.Parallel() // it computes while others wait
	for _, seed := range seeds() {
		for _, limit := range []int{50, 51, 60, 100, 1989, MaxMessage} {
			checkSplit(t, seed, limit, true)
			checkSplit(t, seed, limit, false)
		}
	}
}

// The same holds for any mixture of what an answer is made of.
func TestSplitProperties(t *testing.T) {
	piece := rapid.SampledFrom([]string{"word", " ", "\n", "\n\n", ". ", "```", "```go\n", "\n```\n", "```c++\n", "`", "``", "````", "<@123456789012345678>",
		"<:smile:123456789012345678>", "https://example.org/path", "<https://example.org/a?b=c>", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇸🇪", "e\u0301\u0301", "漢字", "# ", "- item\n", "\n> ", "> quoted words\n", "\n>>> ", "**bold words**", "`a b`", "\n| a | b |\n", "\n- an item of some words",
		"```" + strings.Repeat("l", 30) + "\n", strings.Repeat("x", 70), strings.Repeat("A sentence of some words. ", 6)})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 80).Draw(t, "pieces"), "")
		text = strings.Repeat(text, rapid.IntRange(1, 4).Draw(t, "times"))
		limit := rapid.OneOf(rapid.IntRange(50, 120), rapid.Just(MaxMessage)).Draw(t, "limit")
		checkSplit(t, text, limit, rapid.Bool().Draw(t, "final"))
	})
}

// The same holds for any text at all.
func FuzzSplit(f *testing.F) {
	for _, seed := range seeds() {
		f.Add(seed, uint16(0), true)
		f.Add(seed, uint16(1950), false)
	}
	f.Fuzz(func(t *testing.T, text string, limit uint16, final bool) {
		checkSplit(t, Plain(text[:min(len(text), 5000)]), 50+int(limit)%1951, final)
	})
}

// A text is cut where it separates most: a paragraph before a line, a line
// before a sentence, a sentence before a word, a word before anything.
func TestSplitPrefers(t *testing.T) {
	fill := strings.Repeat("a", 86)
	for _, test := range []struct{ text, want string }{
		{fill + "\n\nb b. b\nb" + fill, fill + "\n\n"},
		{fill + "\nb b. b " + fill, fill + "\n"},
		{fill + ". Bb b " + fill, fill + ". "},
		{fill + " bb " + fill, fill + " bb "},
		{fill + fill, strings.Repeat("a", 96)},
		{"a\n\n" + fill + " b " + fill, "a\n\n" + fill + " b "}, // too early to be a good place
	} {
		if got := Split(test.text, 100, false)[0]; got != test.want {
			t.Errorf("split(%q)[0] = %q, want %q", test.text, got, test.want)
		}
	}
}

// A last part of a few words gets more to go with it, once the text is complete.
func TestSplitAvoidsTinyRest(t *testing.T) {
	text := strings.TrimSpace(strings.Repeat("A sentence of ten words stands here for the test. ", 41))
	for _, final := range []bool{true, false} {
		parts := Split(text, MaxMessage, final)
		if last := utf8.RuneCountInString(parts[len(parts)-1]); len(parts) != 2 || (last >= smallRest) != final {
			t.Errorf("split(final %v) = %d parts, the last of %d code points, want 2, and at least %d: %v", final, len(parts), last, smallRest, final)
		}
	}
}

// A code block that is cut goes on in its language.
func TestSplitCode(t *testing.T) {
	text := "Look:\n```go\n" + strings.Repeat("fmt.Println(1)\n", 60) + "```\nDone."
	parts := Split(text, 300, true)
	for n, part := range parts[1 : len(parts)-1] {
		if !strings.HasPrefix(part, "```go\n") || !strings.HasSuffix(part, "\n```") {
			t.Errorf("split()[%d] = %q, want it in ```go", n+1, part)
		}
	}
	checkSplit(t, text, 300, true)
}
