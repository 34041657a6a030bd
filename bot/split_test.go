package bot

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// checkSplit reports a part that breaks one of the promises of split.
func checkSplit(t *testing.T, text string, limit int, final bool) {
	t.Helper()
	parts := split(text, limit, final)
	var joined strings.Builder
	prefix := "" // that was added to the part to reopen a code block
	for n, part := range parts {
		if size := utf8.RuneCountInString(part); size > limit {
			t.Errorf("part %d has %d code points, want at most %d", n, size, limit)
		}
		if strings.TrimSpace(part) == "" && strings.TrimSpace(text) != "" {
			t.Errorf("part %d is blank: %q", n, part)
		}
		body := strings.TrimPrefix(part, prefix)
		rest := text[min(joined.Len(), len(text)):]
		if n < len(parts)-1 && !strings.HasPrefix(rest, body) { // a fence was added at its end
			body = strings.TrimSuffix(body, fenceClose)
			if !strings.HasPrefix(rest, body) {
				body = strings.TrimSuffix(body, "\n")
			}
		}
		joined.WriteString(body)
		prefix = reopened(parts, n, text[min(joined.Len(), len(text)):])
	}
	if squash(joined.String()) != squash(text) {
		t.Errorf("joined parts are not the text:\n%q\nwant\n%q", joined.String(), text)
	}
}

// reopened returns what was added to the part behind n, given the text that it
// continues.
func reopened(parts []string, n int, rest string) string {
	if n+1 >= len(parts) || !strings.HasPrefix(parts[n+1], fenceClose) {
		return ""
	}
	line, after, _ := strings.Cut(parts[n+1], "\n")
	if head := after[:min(len(after), 20)]; strings.HasPrefix(rest, strings.TrimSuffix(head, fenceClose)) && !strings.HasPrefix(rest, parts[n+1][:min(len(parts[n+1]), 20)]) {
		return line + "\n"
	}
	return ""
}

// squash leaves out white space, of which blank parts are made.
func squash(text string) string { return strings.Join(strings.Fields(text), "") }

// seeds are texts that are hard to cut.
func seeds() []string {
	return []string{
		"", "short", strings.Repeat("word ", 900), strings.Repeat("A sentence. ", 400), strings.Repeat("line\n", 800),
		strings.Repeat("A paragraph of some length, for the cut.\n\n", 100), strings.Repeat("x", 5000), strings.Repeat("\n", 4500),
		"```go\n" + strings.Repeat("fmt.Println(\"hello\")\n", 200) + "```\nand then some", strings.Repeat("👨‍👩‍👧‍👦", 900),
		"z" + strings.Repeat("\u0301", 3000), strings.Repeat("<@123456789012345678> ", 200), strings.Repeat("<:smile:123456789012345678>", 150),
		strings.Repeat("https://example.org/a/very/long/path?with=query ", 100), strings.Repeat("`", 4100), strings.Repeat("漢字", 2000),
	}
}

// However a text is cut: parts fit, none is blank, and together they are the
// text.
func FuzzSplit(f *testing.F) {
	for _, seed := range seeds() {
		f.Add(seed, 2000, true)
		f.Add(seed, 100, false)
	}
	f.Fuzz(func(t *testing.T, text string, limit int, final bool) {
		text = plainText(text)
		if strings.Contains(text, fenceClose) {
			// The judge cannot tell an added fence from one of a hostile text in
			// every case; those are only held to the limits.
			for n, part := range split(text, 60+abs(limit)%2000, final) {
				if size := utf8.RuneCountInString(part); size > 60+abs(limit)%2000 || strings.TrimSpace(part) == "" && strings.TrimSpace(text) != "" {
					t.Errorf("part %d has %d code points: %q", n, size, part)
				}
			}
			return
		}
		checkSplit(t, text, 60+abs(limit)%2000, final)
	})
}

func abs(n int) int { return max(n, -(n + 1)) }

// A text is cut where it separates most: a paragraph before a line, a line
// before a sentence, a sentence before a word.
func TestSplitPrefers(t *testing.T) {
	fill := strings.Repeat("a", 60)
	for text, want := range map[string]string{
		fill + "\n\n" + "b b. b\nb" + fill: fill + "\n\n",
		fill + "\nb b. b " + fill:          fill + "\n",
		fill + ". Bb b " + fill:            fill + ". ",
		fill + " bb " + fill:               fill + " bb ",
	} {
		if got := split(text, 100, false)[0]; got != want {
			t.Errorf("split(%q) begins with %q, want %q", text, got, want)
		}
	}
}

// Nothing that belongs together is cut, unless it alone is longer than a
// message.
func TestSplitKeepsTogether(t *testing.T) {
	for _, atom := range []string{"<@123456789012345678>", "<:smile:123456789012345678>", "<a:dance:123456789012345678>", "https://example.org/some/path", "👨‍👩‍👧‍👦", "🏳️‍🌈", "e\u0301"} {
		for pad := range 40 {
			text := strings.Repeat("x", pad) + strings.Repeat(atom, 30)
			if strings.HasPrefix(atom, "http") {
				text = strings.Repeat("x", pad) + " " + strings.Repeat(atom+" ", 30)
			}
			for _, part := range split(text, 100, true) {
				rest := strings.TrimLeft(strings.TrimSpace(part), "x")
				if rest = strings.ReplaceAll(rest, atom, ""); strings.TrimSpace(rest) != "" {
					t.Fatalf("%s is cut: %q is left of %q", atom, rest, part)
				}
			}
		}
	}
	for _, part := range split("z"+strings.Repeat("\u0301", 3000), 2000, true) {
		if utf8.RuneCountInString(part) > 2000 {
			t.Error("one endless grapheme makes a part that is too long")
		}
	}
}

// A code block that is cut is closed and opened again, in its language.
func TestSplitCode(t *testing.T) {
	text := "Look:\n```go\n" + strings.Repeat("fmt.Println(1)\n", 60) + "```\nDone."
	parts := split(text, 300, true)
	if len(parts) < 3 {
		t.Fatalf("%d parts, want several", len(parts))
	}
	for n, part := range parts {
		if strings.Count(part, fenceClose)%2 != 0 {
			t.Errorf("part %d leaves a block open:\n%s", n, part)
		}
		if n > 0 && n < len(parts)-1 && !strings.HasPrefix(part, "```go\n") {
			t.Errorf("part %d begins %q, want ```go", n, part[:10])
		}
	}
	checkSplit(t, text, 300, true)
}

// The last part is not a lost few words.
func TestSplitAvoidsTinyRest(t *testing.T) {
	text := strings.Repeat("A sentence of ten words stands here for the test. ", 41)
	parts := split(text, maxMessage, true)
	if last := utf8.RuneCountInString(parts[len(parts)-1]); len(parts) != 2 || last < smallRest {
		t.Errorf("%d parts, the last with %d code points, want 2 and at least %d", len(parts), last, smallRest)
	}
}

func TestSplitSeeds(t *testing.T) {
	for n, seed := range seeds() {
		for _, limit := range []int{100, 2000} {
			t.Run(fmt.Sprint(n, "/", limit), func(t *testing.T) {
				if !strings.Contains(seed, "````") {
					checkSplit(t, plainText(seed), limit, true)
				}
				for _, part := range split(seed, limit, true) {
					if g, _, _, _ := uniseg.FirstGraphemeClusterInString(part, -1); utf8.RuneCountInString(part) > limit {
						t.Errorf("a part that begins %q is too long", g)
					}
				}
			})
		}
	}
}

func BenchmarkSplit(b *testing.B) {
	text := strings.Repeat("A paragraph with **bold** words, a [link](https://example.org) and `code`. It goes on.\n\n", 200)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		split(text, maxMessage, true)
	}
}
