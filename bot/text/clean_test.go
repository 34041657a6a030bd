package text

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// What hides or reorders text goes; what emoji and scripts need stays.
func TestPlainText(t *testing.T) {
	const england = "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"
	for _, test := range []struct{ text, want string }{
		{"a\x00b\x07c\x1b[31md\x7f\u0085e", "abc[31mde"},
		{"a\r\nb\rc\td\n", "a\nb\nc\td\n"},
		{"\u202Eevil\u202C\u2066x\u2069\u200F\u200E\u061C\u202A\u202B\u202D\u2067\u2068", "evilx"},
		{"in\u200Bvi\u2060si\uFEFFble\u00AD\u180E\u2061\u2064\u206A\u206F\uFFF9", "invisible"},
		{"👨‍👩‍👧‍👦 ❤️ 🏳️‍🌈", "👨‍👩‍👧‍👦 ❤️ 🏳️‍🌈"},
		{"می\u200cخواهم", "می\u200cخواهم"},
		{england + " ok", england + " ok"},
		{england + england, england + england},
		{"hi\U000E0041\U000E0042\U000E007F", "hi"},
		{"\U000E0001🏴 \U000E0067x", "🏴 x"},
		{england + "\U000E0068\U000E0069", england}, // smuggled behind a flag
		{"\xff\xfe", "\uFFFD"},
	} {
		if got := Plain(test.text); got != test.want {
			t.Errorf("plainText(%q) = %q, want %q", test.text, got, test.want)
		}
	}
	if got := Plain("🏴" + strings.Repeat("\U000E0061", 500)); strings.Count(got, "\U000E0061") > 7 {
		t.Errorf("plainText(a flag and 500 tags) keeps %d tags, want 7 at most", strings.Count(got, "\U000E0061"))
	}
}

// A masked link shows where it leads; code is left as it is.
func TestAnswerText(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"[docs](https://example.org/a)", "docs (<https://example.org/a>)"},
		{"[docs](<https://example.org/a>)", "docs (<https://example.org/a>)"},
		{"[docs](https://example.org/a \"title\")", "docs (<https://example.org/a>)"},
		{"[docs](  <http://example.org:81/a?b=c#d> 'title' )", "docs (<http://example.org:81/a?b=c#d>)"},
		{"[docs](\thttps://example.org/a\t\"t\")", "docs (<https://example.org/a>)"},
		{"[docs](\nhttps://example.org/a\n)", "docs (<https://example.org/a>)"},
		{"[1](\nsee below)", "[1] (\nsee below)"},
		{"[https://bank.com](https://evil.com)", "https://bank.com (<https://evil.com>)"},
		{"[https://evil.com](https://evil.com)", "<https://evil.com>"},
		{"[](https://example.org)", "<https://example.org>"},
		{"[do\u200bcs]\u200b(https://example.org)", "docs (<https://example.org>)"},
		{"[a](https://user:pass@evil.com/x)", "a (<https://evil.com/x>)"},
		{"[a](https://bank.com@evil.com)", "a (<https://evil.com>)"},
		{"[a](https://аpple.com)", "a (<https://xn--pple-43d.com>)"},
		{"[a](HTTPS://Bücher.Example/ü)", "a (<https://xn--bcher-kva.example/%C3%BC>)"},
		{"[a](javascript:alert(1))", "[a] (javascript:alert(1))"}, {"![a](discord://x)", "![a] (discord://x)"}, {"[a](https://)", "[a] (https://)"},
		{"![cat](https://example.org/c.png) !", "cat (<https://example.org/c.png>) !"},
		{"[![i](https://a.example)](https://b.example)", "[i (<https://a.example>)] (https://b.example)"},
		{"[w](https://en.wikipedia.org/wiki/A_(b))", "w (<https://en.wikipedia.org/wiki/A_(b)>)"},
		{"[w](https://evil.com/()", "w (<https://evil.com/(>)"},
		{"[[a](https://example.org)", "[a (<https://example.org>)"},
		{"[a[b]c](https://example.org)", "a[b]c (<https://example.org>)"},
		{"[x] [a](https://example.org)", "[x] a (<https://example.org>)"},
		{"[evil [a](https://good.example)](https://evil.com)", "[evil a (<https://good.example>)] (https://evil.com)"},
		{"[[a]](javascript:x)(https://evil.com)", "[[a]] (javascript:x)(https://evil.com)"},
		{"[a](https://x.example/?>[b](https://evil.com))", "a (<https://x.example/?%3E%5Bb%5D(https://evil.com)>)"},
		{"`[a](https://example.org)` `` ` [a](https://b.c) ``", "`[a](https://example.org)` `` ` [a](https://b.c) ``"},
		{"`[a](https://example.org)``", "`a (<https://example.org>)``"},
		{"\\`[a](https://example.org)\\`", "\\`a (<https://example.org>)\\`"},
		{"\\\\`[a](https://example.org)`", "\\\\`[a](https://example.org)`"},
		{"` [a](https://example.org)", "` a (<https://example.org>)"},
		{"```\n[a](https://example.org)\n``` [a](https://b.c)", "```\n[a](https://example.org)\n``` a (<https://b.c>)"},
		{"```\n[a](https://example.org)", "```\n[a](https://example.org)\n```"}, // still being written, or cut
		{"``````[a](https://example.org)", "``````[a](https://example.org)\n```"}, {"done:\n```go\n", "done:\n```go\n"},
		{"````markdown\n```go\nx\n```\n````\nso", "```markdown\nˋˋˋgo\nx\nˋˋˋ\n```\nso"}, {"~~~python\n[a](https://b.c)\n~~~\n~~gone~~", "```python\n[a](https://b.c)\n```\n~~gone~~"},
		{"```go\n~~~\n```\n~~~\nx\n~~~~", "```go\n~~~\n```\n```\nx\n```"}, {"> ~~~ts\n> x\n> ~~~", "> ```ts\n> x\n> ```"}, {"````\nstill written", "```\nstill written\n```"},
		{"~~~ is no `fence`", "~~~ is no `fence`"}, {"````\n~~~\n```\n`````", "```\n~~~\nˋˋˋ\n```"},
		{"[0](x) [docs](/guide)", "[0] (x) [docs] (/guide)"},
		{"```````[a](https://example.org)```", "```````a (<https://example.org>)```"},
		{"f[i](https://a.b", "f[i] (https://a.b"}, {"a [b] (c) !", "a [b] (c) !"},
	} {
		if got := Answer(test.text); got != test.want {
			t.Errorf("answerText(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

var maskedAny = regexp.MustCompile(`(?i)\[[^\[\]]*\]\(\s*<?https?://`)

// No text makes it panic; no hidden character and no masked link survives.
func FuzzAnswerText(f *testing.F) {
	for _, seed := range []string{"[a](https://b.c)", "![a](b)", "`[`](", "[[[](", "```[a](https://b.c)", "\u202Ex", "[[a]](x:y)(https://b.c)",
		"[a [b](https://c.d)](https://e.f)", "[a](https://b.c/?>[d](https://e.f))", "\\`[a](https://b.c)`", "[a](https://b.c/()"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Answer(text)
		if i := strings.IndexFunc(got, func(r rune) bool {
			return isHidden(r) || unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
		}); i >= 0 {
			t.Errorf("answerText(%q) = %q, want nothing hidden", text, got)
		}
		if strings.Contains(got, "`") { // code is judged by the table above
			return
		}
		if masked := maskedAny.FindString(got); masked != "" {
			t.Errorf("answerText(%q) = %q, want no %q", text, got, masked)
		}
	})
}

// BenchmarkAnswerText is over texts that a careless parser reads again and
// again.
func BenchmarkAnswerText(b *testing.B) {
	for _, piece := range []string{"[", "`", "](", "![", "[]", "`` ` ", "[a](https://b.c) "} {
		text := strings.Repeat(piece, 20_000/len(piece)) + "]("
		b.Run(piece, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Answer(text)
			}
		})
	}
}
