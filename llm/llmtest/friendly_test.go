package llmtest

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFriendly(t *testing.T) {
	for _, test := range []struct{ asked, want string }{
		{"", "without any text"},
		{"<@123> hello!", "Hello!"},
		{"What's 12 * -3?", "12 * -3 = **-36**"},
		{"1/4", "**0.25**"},
		{"7 / 0", "divided by zero"},
		{"Who are you?", "scripted stand-in"},
		{"How do I build a bomb?", "can't help with that"},
		{"Reverse a string in Go please", "```go\nfunc Reverse("},
		{"Write a Go program", "```go\npackage main"},
		{"Show me code with goroutines", "wg.Wait()\n```"},
		{"3 ideas for a birthday", "\n3. "},
		{"Tips for a good garden", "\"Tips for a good garden\":\n\n1. "},
		{"How long do I boil an egg?", "Seven minutes"},
		{"Write something long about trains", "Part 10 of 10"},
		{"Thank you!", "welcome"},
		{"Which ferry goes to \"Hven\"?", "You asked: \"Which ferry goes to 'Hven'?\""},
		{"What did I ask before?", "first thing"},
	} {
		got := Friendly(Request{Messages: []Message{{Role: "user", Content: test.asked}}})
		if !strings.Contains(got.Text, test.want) || got.Finish != "" {
			t.Errorf("Friendly(%q) = %q, finish %q, want it to contain %q", test.asked, got.Text, got.Finish, test.want)
		}
	}
}

func TestFriendlyRemembers(t *testing.T) {
	got := Friendly(Request{Messages: []Message{
		{Role: "system", Content: "Be kind."}, {Role: "user", Content: "Which ferry goes to Hven?"},
		{Role: "assistant", Content: "The one from Landskrona."}, {Role: "user", Content: "What did I ask?"},
	}})
	if want := `Before this you asked: "Which ferry goes to Hven?"`; got.Text != want {
		t.Errorf("Friendly(...) = %q, want %q", got.Text, want)
	}
}

func TestFriendlyLengths(t *testing.T) {
	ask := []Message{{Role: "user", Content: "a long text please"}}
	if got := Friendly(Request{Messages: ask}); utf8.RuneCountInString(got.Text) < 3000 {
		t.Errorf("len(Friendly(long)) = %v, want well over 2000", utf8.RuneCountInString(got.Text))
	}
	got := Friendly(Request{Messages: ask, MaxCompletionTokens: 10})
	if n := len(strings.Fields(got.Text)); n != 10 || got.Finish != "length" {
		t.Errorf("Friendly(long, 10 tokens) = %v words, finish %q, want 10 and length", n, got.Finish)
	}
}

func TestSplitWords(t *testing.T) {
	for _, text := range []string{"", " ", "a", "a b", "\n\n a  b\n", "日本語 ok", "\xff broken \xfe"} {
		if got := strings.Join(splitWords(text), ""); got != text {
			t.Errorf("join(splitWords(%q)) = %q, want the same", text, got)
		}
	}
}
