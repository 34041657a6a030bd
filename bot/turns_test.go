package bot

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// drawTurn is something that somebody may have said.
func drawTurn(t *rapid.T) turn {
	one := turn{Turn: feedback.Turn{Role: rapid.SampledFrom([]string{fromUser, fromModel}).Draw(t, "role"),
		Name: rapid.SampledFrom([]string{"", "Ada", "Bert"}).Draw(t, "name"), Quoted: rapid.Bool().Draw(t, "quoted"),
		Text: strings.Repeat("é", rapid.SampledFrom([]int{0, 1, 40, 300, 4000}).Draw(t, "length"))}}
	if one.Role == fromUser && rapid.IntRange(0, 3).Draw(t, "pictures") == 0 {
		one.pictures = []llm.Image{{Type: "image/png"}}
	}
	if one.Role == fromUser && rapid.IntRange(0, 3).Draw(t, "files") == 0 {
		one.texts, one.missing = []string{"File a.txt:\nwords"}, []string{"b.png"}
	}
	return one
}

// Whatever was said before a question, and however little of it fits: the user
// speaks first and last, the sides alternate, no turn is empty, all of it is within
// the budget, and what a question is about is not lost while there is room for some.
func TestShape(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(rapid.Custom(drawTurn), 0, 8).Draw(t, "before")
		asked := turn{Turn: feedback.Turn{Role: fromUser, Name: rapid.SampledFrom([]string{"", "Ada"}).Draw(t, "asker"), Text: "why?"}}
		system := rapid.SampledFrom([]string{"", "Be kind."}).Draw(t, "system")
		most := rapid.SampledFrom([]int{0, 30, 60, 420, 4000, 100_000}).Draw(t, "budget")
		list := shape(system, before, asked, most)
		sum, turns := 0, list
		for _, m := range list {
			sum += tokens(m.Content)
		}
		if system != "" {
			if list[0].Role != llm.System || list[0].Content != system {
				t.Fatalf("begins with %+v", list[0])
			}
			turns = list[1:]
		}
		for n, m := range turns {
			if want := []llm.Role{llm.User, llm.Assistant}[n%2]; m.Role != want || m.Content == "" && len(m.Images) == 0 {
				t.Fatalf("turn %d is %+v, want one of the %s", n, m, want)
			}
		}
		last := turns[len(turns)-1]
		if last.Role != llm.User || !strings.HasSuffix(last.Content, asked.said()) {
			t.Fatalf("ends with %+v", last)
		}
		if alone := tokens(system) + asked.size(); sum > max(most, alone) {
			t.Errorf("%d tokens, want at most %d", sum, max(most, alone))
		}
		spoken := 0
		for _, one := range before {
			if !one.empty() {
				spoken++
			}
		}
		if most >= 420 && spoken > 0 && len(turns) == 1 && turns[0].Content == asked.said() && len(turns[0].Images) == 0 {
			t.Errorf("with room for %d tokens nothing is left of %+v", most, before)
		}
	})
}

// Exactly what is shown.
func TestAlternate(t *testing.T) {
	t.Parallel()
	said := func(role, name, text string, quoted bool) turn {
		return turn{Turn: feedback.Turn{Role: role, Name: name, Text: text, Quoted: quoted}}
	}
	user := func(text string) llm.Message { return llm.Message{Role: llm.User, Content: text} }
	model := func(text string) llm.Message { return llm.Message{Role: llm.Assistant, Content: text} }
	long := strings.Repeat("word ", 300)
	for name, test := range map[string]struct {
		before []turn
		asked  turn
		most   int
		want   []llm.Message
	}{
		"quote":                {[]turn{said(fromUser, "Bert", "Hallo.", true)}, said(fromUser, "", "translate this", false), 1000, []llm.Message{user("Bert wrote:\nHallo.\n\ntranslate this")}},
		"quote alone":          {[]turn{said(fromUser, "Bert", "Hallo.", true)}, said(fromUser, "", "", false), 1000, []llm.Message{user("Bert wrote:\nHallo.")}},
		"people in a thread":   {[]turn{said(fromUser, "Bert", "Hi.", false), said(fromUser, "Ada", "Hey.", false)}, said(fromUser, "Ada", "who?", false), 1000, []llm.Message{user("Bert: Hi.\nAda: Hey.\nAda: who?")}},
		"quote in a thread":    {[]turn{said(fromUser, "Bert", "Hi.", false), said(fromUser, "News", "Rain.", true)}, said(fromUser, "Ada", "who?", false), 1000, []llm.Message{user("Bert: Hi.\n\nNews wrote:\nRain.\n\nAda: who?")}},
		"our answer first":     {[]turn{said(fromModel, "", "Blue.", false)}, said(fromUser, "", "why?", false), 1000, []llm.Message{user("You wrote:\nBlue.\n\nwhy?")}},
		"parts of an answer":   {[]turn{said(fromUser, "", "more?", false), said(fromModel, "", "One.", false), said(fromModel, "", "Two.", false)}, said(fromUser, "", "why?", false), 1000, []llm.Message{user("more?"), model("One.\nTwo."), user("why?")}},
		"an empty turn":        {[]turn{said(fromUser, "", "a?", false), said(fromModel, "", "", false)}, said(fromUser, "", "b?", false), 1000, []llm.Message{user("a?\n\nb?")}},
		"cut before an answer": {[]turn{said(fromUser, "", long, false), said(fromModel, "", "Short.", false)}, said(fromUser, "", "go on", false), 200, []llm.Message{user("You wrote:\nShort.\n\ngo on")}},
		"long quote":           {[]turn{said(fromUser, "Bert", long, true)}, said(fromUser, "", "who?", false), 40, []llm.Message{user("Bert wrote:\n" + long[:76] + "…\n\nwho?")}},
		"long answer":          {[]turn{said(fromModel, "", long, false)}, said(fromUser, "", "go on", false), 40, []llm.Message{user("You wrote:\n…" + long[len(long)-88:] + "\n\ngo on")}},
	} {
		got := shape("", test.before, test.asked, test.most)
		if len(got) != len(test.want) {
			t.Errorf("%s: shown %+v, want %+v", name, got, test.want)
			continue
		}
		for n := range got {
			if got[n].Role != test.want[n].Role || got[n].Content != test.want[n].Content {
				t.Errorf("%s: turn %d is %+v, want %+v", name, n, got[n], test.want[n])
			}
		}
	}
}
