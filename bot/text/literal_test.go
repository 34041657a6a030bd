package text

import "testing"

// What somebody wrote stays in its line and formats nothing.
func TestLiteral(t *testing.T) {
	for text, want := range map[string]string{
		"what is 2+2?": "what is 2+2?", " a\n\n> b\t c ": "a > b c", "**bold** _it_ ~~no~~": `\*\*bold\*\* \_it\_ \~\~no\~\~`,
		"```go\nx\n```": "\\`\\`\\`go x \\`\\`\\`", "<@1> <#2> <t:3>": `\<@1> \<#2> \<t:3>`, "[a](https://b.c)": `\[a\](https://b.c)`,
		"||x|| \\*": `\|\|x\|\| \\\*`, "a\u202eb": "ab", "": "",
	} {
		if got := Literal(text); got != want {
			t.Errorf("Literal(%q) = %q, want %q", text, got, want)
		}
	}
}
