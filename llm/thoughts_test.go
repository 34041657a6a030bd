package llm

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// thinkIn feeds a text in pieces of so many bytes, and returns what is shown in
// the end.
func thinkIn(text string, size int, wait, complete bool) (shown string, f *thoughts) {
	f = &thoughts{wait: wait}
	show := func(piece string, anew bool) {
		if anew {
			shown = ""
		}
		shown += piece
	}
	for rest := text; rest != ""; {
		n := min(size, len(rest))
		show(f.next(rest[:n]))
		rest = rest[n:]
	}
	show(f.flush(complete))
	return shown, f
}

// Thoughts go, whatever marks are around them; marks in code and in sentences stay.
func TestThoughts(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{" \n\t", " \n\t"},
		{"  plain", "  plain"},
		{"<think>hm</think>\n\nyes", "yes"},
		{"\n<think>hm</think>yes", "yes"},
		{"hm\n</think>\n\nyes", "yes"},
		{"</think>\n\nyes", "yes"},
		{"hm. </think> yes", "yes"},
		{"hm</think>yes", "yes"},
		{"hm `code\n</think>\nyes", "yes"},
		{"<think>a</think>b\n</think>\nyes", "yes"},
		{"<think>hm", ""},
		{"Well.\n<think>hm</think>\nyes", "Well.\nyes"},
		{"Sure! <think>hm</think> yes", "Sure! yes"},
		{"<Thinking>hm</THINKING>yes", "yes"},
		{"<think>`</think>`</think>yes", "yes"},
		{"<think>a ``` b</think>yes", "yes"},
		{"The <think> tag.", "The <think> tag."},
		{"Use <think>...</think> tags.", "Use <think>...</think> tags."},
		{"End it with </think>", "End it with </think>"},
		{"End it with </think>.", "End it with </think>."},
		{"End it with \"</think>\".", "End it with \"</think>\"."},
		{"| </think> | ends |", "| </think> | ends |"},
		{"`</think>` ends", "`</think>` ends"},
		{"``a ` </think>`` ends", "``a ` </think>`` ends"},
		{"```\n</think>\n``\n```\nyes", "```\n</think>\n``\n```\nyes"},
		{"```</think>``` yes", "```</think>``` yes"},
		{"~~~\n<think>\n~~~\nyes", "~~~\n<think>\n~~~\nyes"},
		{"a ~~~ b\n<think>hm</think>yes", "a ~~~ b\nyes"},
		{"List<think> and a<b", "List<think> and a<b"},
		{"1 < 2 [x] ◁ <thin", "1 < 2 [x] ◁ <thin"},
		{"◁think▷hm◁/think▷yes", "yes"},
		{"[THINK]hm[/THINK]yes", "yes"},
		{"<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>yes<|return|>", "yes"},
		{"<|channel|>final<|message|>yes", "yes"},
		{"hm<|end|><|start|>assistant<|channel|>final<|message|>yes", "yes"},
		{"<|channel|>analysis<|message|>hm", ""},
		{"analysisWe hm.assistantfinalYes", "Yes"},
		{"analysisWe", "analysisWe"},
		{"analysis of it", "analysis of it"},
		{"analys", "analys"},
		{"The token <|end|> ends.", "The token <|end|> ends."},
		{"<|start_thinking|>hm<|end_thinking|><|start_response|>yes<|end_response|>", "yes"},
	} {
		for size := 1; size <= len(test.text)+1; size++ {
			for _, wait := range []bool{false, true} {
				if got, _ := thinkIn(test.text, size, wait, true); got != test.want {
					t.Errorf("%q in pieces of %d shows %q, want %q", test.text, size, got, test.want)
					break
				}
			}
		}
	}
}

// A model that marks only the end of its thoughts is shown from there on when it
// is known, and until then not at all: not even when it breaks off.
func TestThoughtsWait(t *testing.T) {
	if _, f := thinkIn("hm\n</think>\nyes", 3, false, true); !f.bare {
		t.Error("a thought without a begin is not noticed")
	}
	if _, f := thinkIn("<think>hm</think>yes", 3, false, true); f.bare {
		t.Error("a thought with a begin counts as one without")
	}
	f := thoughts{wait: true}
	if got, anew := f.next("hm"); got != "" || anew {
		t.Errorf("next() = %q, %v, want nothing yet", got, anew)
	}
	if got, anew := f.next("\n</think>\nyes"); got != "yes" || anew {
		t.Errorf("next() = %q, %v, want yes", got, anew)
	}
	for known, want := range map[bool]string{true: "", false: "hm"} {
		f := thoughts{wait: true, known: known}
		f.next("hm")
		if got, _ := f.flush(false); got != want {
			t.Errorf("what broke off, with the model known %v, shows %q, want %q", known, got, want)
		}
	}
}

// However an answer is cut into pieces, the same text is shown; and without a
// mark all of it.
func FuzzThink(f *testing.F) {
	f.Add("<think>secret</think>\n\nanswer", 3)
	f.Add("  <thi", 1)
	f.Add("about <think> tags `</think>`", 2)
	f.Add("hm\n</think>\nyes ◁/think▷ no", 4)
	f.Add("<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>y", 5)
	f.Add("analysisA assistantfinal```\n</think>", 6)
	f.Fuzz(func(t *testing.T, text string, size int) {
		for _, wait := range []bool{false, true} {
			whole, _ := thinkIn(text, len(text)+1, wait, true)
			if pieces, _ := thinkIn(text, max(1, size%10), wait, true); pieces != whole {
				t.Errorf("%q in pieces %q, at once %q", text, pieces, whole)
			}
			if !strings.ContainsAny(text, "<[◁") && !strings.HasPrefix(strings.TrimSpace(text), strippedOpen) && whole != text {
				t.Errorf("%q shows as %q, want it as it is", text, whole)
			}
		}
	})
}

// The same of texts that are full of marks and their halves.
func TestThoughtsInPieces(t *testing.T) {
	words := []string{"<think>", "</think>", "</thi", "nk>", "<thinking>", "[THINK]", "[/THINK]", "◁think▷", "◁/think▷", "◁", "`", "``", "```", "~~~", "\n", "\n\n", " ", "hm", "Hm.", "é",
		"<|channel|>analysis", "<|channel|>final", "<|message|>", "<|end|>", "<|start|>assistant", "analysis", "assistantfinal", "A", "<", "[", "\"", "\r\n", "\xe2", "\x97"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var b strings.Builder
		for range 1 + random.IntN(12) {
			b.WriteString(words[random.IntN(len(words))])
		}
		text, wait := b.String(), random.IntN(2) == 0
		whole, _ := thinkIn(text, len(text), wait, true)
		if pieces, _ := thinkIn(text, 1+random.IntN(7), wait, true); pieces != whole {
			t.Fatalf("%q in pieces %q, at once %q", text, pieces, whole)
		}
	}
}
