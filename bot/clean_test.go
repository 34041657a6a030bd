package bot

import (
	"strings"
	"testing"
)

// What hides or reorders text goes; what emoji and scripts need stays.
func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"a\x00b\x07c\x1b[31md": "abc[31md", "a\r\nb\rc\td\n": "a\nb\nc\td\n", "\u202Eevil\u202C\u2066x\u2069\u200F": "evilx",
		"in\u200Bvi\u2060si\uFEFFble\u00AD": "invisible", "👨‍👩‍👧‍👦 ❤️ 🏳️‍🌈": "👨‍👩‍👧‍👦 ❤️ 🏳️‍🌈", "🏴󠁧󠁢󠁥󠁮󠁧󠁿": "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
		"hi\U000E0041\U000E0042": "hi", "\xff\xfe": "\uFFFD", "می\u200cخواهم": "می\u200cخواهم",
	} {
		if got := plainText(in); got != want || plainText(got) != got {
			t.Errorf("plainText(%q) = %q, want %q", in, got, want)
		}
	}
}

// A masked link shows where it leads; code is left as it is.
func TestAnswerText(t *testing.T) {
	for in, want := range map[string]string{
		"[docs](https://example.org/a)":            "docs (<https://example.org/a>)",
		"[docs](<https://example.org/a>)":          "docs (<https://example.org/a>)",
		"[docs](https://example.org/a \"title\")":  "docs (<https://example.org/a>)",
		"[https://bank.com](https://evil.com)":     "https://bank.com (<https://evil.com>)",
		"[a](https://user:pass@evil.com/x)":        "a (<https://evil.com/x>)",
		"[a](https://аpple.com)":                   "a (<https://xn--pple-43d.com>)",
		"[a](javascript:alert(1))":                 "a",
		"[a](discord://x)":                         "a",
		"![cat](https://example.org/c.png)":        "cat (<https://example.org/c.png>)",
		"[w](https://en.wikipedia.org/wiki/A_(b))": "w (<https://en.wikipedia.org/wiki/A_(b)>)",
		"[[a](https://example.org)":                "[a (<https://example.org>)",
		"`[a](https://example.org)`":               "`[a](https://example.org)`",
		"```\n[a](https://example.org)\n```":       "```\n[a](https://example.org)\n```",
		"```\n[a](https://example.org)":            "```\n[a](https://example.org)",
		"list[0](x) and f[i](https://a.b":          "list0 and f[i](https://a.b",
		"a [b] (c) !":                              "a [b] (c) !", "[](https://example.org)": "<https://example.org>",
	} {
		if got := answerText(in); got != want {
			t.Errorf("answerText(%q) = %q, want %q", in, got, want)
		}
	}
}

// No text makes it panic, and no hidden character survives.
func FuzzAnswerText(f *testing.F) {
	for _, seed := range []string{"[a](https://b.c)", "![a](b)", "`[`](", "[[[](", "```[a](https://b.c)", "\u202Ex"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := answerText(text)
		if strings.ContainsFunc(got, isHidden) {
			t.Errorf("answerText(%q) = %q, want nothing hidden", text, got)
		}
	})
}

// BenchmarkAnswerText is over texts that a careless parser reads again and
// again.
func BenchmarkAnswerText(b *testing.B) {
	for _, piece := range []string{"[", "`", "](", "![", "[a](https://b.c) "} {
		text := strings.Repeat(piece, 20_000/len(piece)) + "]("
		b.Run(piece, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				answerText(text)
			}
		})
	}
}
