package text

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// alternating are texts as models write them when they explain code: words, then
// a block, and so on, with lists and tables between. most bounds, in code points,
// how long one block is.
func alternating(most int) (texts []string) {
	r := rand.New(rand.NewPCG(uint64(most), 7))
	words := strings.Fields("the ferry leaves when its captain has had coffee and nobody on board knows why that takes so long in winter")
	sentence := func(n int) string {
		var s []string
		for range n {
			s = append(s, words[r.IntN(len(words))])
		}
		return "So " + strings.Join(s, " ") + ". "
	}
	block := func(line func() string, end string) string {
		var b strings.Builder
		for size := most/5 + r.IntN(most); b.Len() < size; {
			b.WriteString(line() + end)
		}
		return b.String()
	}
	for range 20 {
		var b strings.Builder
		for b.Len() < 16_000 {
			switch r.IntN(8) {
			case 0:
				b.WriteString("## " + strings.TrimSuffix(sentence(4), ". ") + "\n\n")
			case 1:
				b.WriteString(block(func() string { return "- **Step:** " + sentence(3+r.IntN(20)) }, "\n") + "\n")
			case 2:
				b.WriteString("| a | b |\n|---|---|\n" + block(func() string { return "| " + sentence(4) + "| `x` |" }, "\n") + "\n")
			}
			b.WriteString(strings.TrimSpace(block(func() string { return sentence(3 + r.IntN(20)) }, "")) + "\n\n")
			code := block(func() string {
				return strings.Repeat("\t", r.IntN(4)) + "fmt.Println(" + strings.TrimSpace(sentence(1+r.IntN(8))) + ")"
			}, "\n")
			b.WriteString("```go\n" + code + "```\n\n")
		}
		texts = append(texts, b.String())
	}
	// And one that is the same over and over, in the worst of lengths.
	said, code := strings.Repeat("A sentence of ten words stands here for the test. ", most/50), strings.Repeat("fmt.Println(\"So 1\")\n", most/20)
	return append(texts, strings.Repeat(said+"\n\n```go\n"+code+"```\n\n", 17_000/most))
}

// blocks are how long the blocks of the texts are.
var blocks = []int{200, 500, 800, 1200, 2500}

// fill is how many code points the parts have on average that others follow.
func fill(texts []string) (average float64) {
	sum, n := 0, 0
	for _, text := range texts {
		parts := Split(text, MaxMessage, false)
		for _, part := range parts[:len(parts)-1] {
			sum, n = sum+utf8.RuneCountInString(part), n+1
		}
	}
	return float64(sum) / float64(n)
}

// Where words and code alternate, parts are full: 16,000 characters go into ten.
// And what should stay whole does.
func TestSplitFills(t *testing.T) {
	for _, most := range blocks {
		texts := alternating(most)
		if got := fill(texts); got < 1750 {
			t.Errorf("with blocks of up to %d the parts have %.0f code points on average, want at least 1,750", most, got)
		}
		if got := fill(texts[20:]); got < 1750 {
			t.Errorf("with blocks of always %d the parts have %.0f code points on average, want at least 1,750", most, got)
		}
		for n, text := range texts[:20] {
			if parts := Split(text[:16_000], MaxMessage, true); len(parts) > 10 {
				t.Errorf("with blocks of up to %d text %d takes %d messages", most, n, len(parts))
			}
			lines := map[string]bool{}
			for line := range strings.SplitSeq(text, "\n") {
				lines[line] = true
			}
			for _, part := range Split(text, MaxMessage, true) {
				all := strings.Split(strings.TrimSuffix(part, "\n"), "\n")
				for at, line := range all {
					isWords := strings.HasPrefix(line, "So ") || at == 0 || at == len(all)-1
					if !lines[line] && (!isWords || item.MatchString(line) || strings.HasPrefix(line, "|") || strings.Contains(line, "fmt.")) {
						t.Errorf("with blocks of up to %d text %d: a part has %q, which is no whole line", most, n, line)
					}
				}
				if last := strings.TrimSpace(all[len(all)-1]); strings.HasPrefix(last, "## ") || strings.HasPrefix(last, "|--") {
					t.Errorf("with blocks of up to %d text %d: a part ends with %q", most, n, last)
				}
			}
		}
	}
}

// BenchmarkSplit prints how fast texts are cut, and how full the parts are.
func BenchmarkSplit(b *testing.B) {
	for _, most := range blocks {
		b.Run(fmt.Sprintf("blocks=%d", most), func(b *testing.B) {
			texts := alternating(most)
			all := int64(0)
			for _, text := range texts {
				all += int64(len(text))
			}
			b.SetBytes(all)
			for b.Loop() {
				for _, text := range texts {
					Split(text, MaxMessage, true)
				}
			}
			b.ReportMetric(fill(texts), "fill")
		})
	}
	b.Run("words", func(b *testing.B) {
		text := strings.Repeat("A paragraph with **bold** words, a [link](https://example.org) and `code`. It goes on.\n\n", 200)
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			Split(text, MaxMessage, true)
		}
		b.ReportMetric(fill([]string{text}), "fill")
	})
}
