package llmtest

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Friendly is the built-in answerer: a short deterministic answer that fits
// what was asked, or a polite admission that it is only a script. It keeps to
// the request's token limit and then finishes with "length". A model with the
// name of a [Dialect] speaks in that.
func Friendly(req Request) Script {
	if d, found := dialect(req.Model); found {
		return d.Script(req)
	}
	sc := Script{Text: reply(req)}
	limit := cmp.Or(req.MaxCompletionTokens, req.MaxTokens)
	if tokens := sc.tokens(); limit > 0 && len(tokens) > limit {
		sc.Tokens, sc.Finish = tokens[:limit], "length"
		sc.Text = strings.Join(sc.Tokens, "")
	}
	if len(sc.Text) > 10_000 { // nobody waits for minutes
		sc.TokenDelay = 3 * time.Millisecond
	}
	return sc
}

// reply picks the answer. The order matters: a long text about Go code is long.
func reply(req Request) string {
	asked := tidy(newest(req.LastUser()))
	words := " " + strings.Join(strings.FieldsFunc(strings.ToLower(asked), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	}), " ") + " "
	has := func(phrases ...string) bool {
		for _, p := range phrases {
			if strings.Contains(words, " "+p+" ") {
				return true
			}
		}
		return false
	}
	switch {
	case asked == "":
		return "Your message arrived without any text. What would you like to know?"
	case has("what did i ask", "what did i say", "what i asked", "did i ask before", "my last question", "my previous question", "my first question"):
		return remembered(req)
	case has("who are you", "what are you", "which model", "what model", "are you a bot", "are you human", "are you real", "are you an ai"):
		return "I am a scripted stand-in for a language model. I run on your own machine, cost nothing, and give the same answer to the same question every time."
	case has("bomb", "explosives", "malware", "ransomware", "phishing", "poison someone", "steal a password", "steal passwords", "credit card numbers"):
		return "I'm sorry, but I can't help with that. If there is a safe question behind it, I'm glad to try that one instead."
	}
	if sum, ok := arithmetic(asked); ok {
		return sum
	}
	switch {
	case has("book"):
		return book()
	case !has("how long", "so long", "as long") && has("long", "longer", "essay", "in detail", "at length"):
		return longText(asked)
	case has("code", "golang", "in go", "go program", "go function", "function", "goroutine", "goroutines", "snippet"):
		return code(words)
	case has("list", "ideas", "tips", "steps", "checklist"):
		return list(asked, words)
	case has("egg", "eggs"):
		return "Seven minutes for a soft yolk, ten for a firm one. Start the clock when the water boils, and put the eggs into cold water afterwards."
	case has("capital of france"):
		return "The capital of France is **Paris**."
	case has("joke"):
		return "Why did the test cross the road? To cover the other side."
	case has("thanks", "thank you"):
		return "You're welcome! I'm here whenever the next question comes up."
	case has("hello", "hi", "hey", "good morning", "good evening", "greetings"):
		return "Hello! Nice to hear from you. What can I help you with today?"
	}
	return fmt.Sprintf("You asked: \"%s\" That is a good question, but I am a scripted stand-in and know only a few things. "+
		"Try a sum, some Go code, a list, a long text, a book, or ask me what you asked before.", quote(asked))
}

var named = regexp.MustCompile(`^\p{Lu}[\p{L}\p{N}_.-]{0,31}: `)

// newest is the question at the end of a turn that holds what was said before it
// too: a message that is quoted, what people said in a thread, and files.
func newest(turn string) string {
	parts := slices.DeleteFunc(strings.Split(turn, "\n\n"), func(part string) bool {
		return strings.HasPrefix(part, "File ") || strings.HasPrefix(part, "(Not shown")
	})
	if len(parts) == 0 {
		return turn
	}
	last := parts[len(parts)-1]
	if len(parts) > 1 && strings.HasPrefix(last, "[attached") {
		last = parts[len(parts)-2] + "\n" + last
	}
	lines := strings.Split(last, "\n")
	for n, line := range slices.Backward(lines) {
		if said := named.FindString(line); said != "" && named.MatchString(lines[0]) { // people in a thread
			return strings.TrimPrefix(strings.Join(lines[n:], "\n"), said)
		}
	}
	return last
}

// remembered quotes the user message before the newest one.
func remembered(req Request) string {
	var said []string
	for _, m := range req.Messages {
		if m.Role == "user" {
			said = append(said, tidy(m.Content))
		}
	}
	if len(said) < 2 {
		return "This is the first thing you have asked me here, so there is nothing before it."
	}
	return fmt.Sprintf("Before this you asked: \"%s\"", quote(said[len(said)-2]))
}

// arithmetic answers a single sum of two whole numbers.
func arithmetic(asked string) (string, bool) {
	m := regexp.MustCompile(`(-?\d{1,9})\s*([-+*/×])\s*(-?\d{1,9})`).FindStringSubmatch(asked)
	if m == nil {
		return "", false
	}
	a, _ := strconv.ParseInt(m[1], 10, 64)
	b, _ := strconv.ParseInt(m[3], 10, 64)
	var sum string
	switch m[2] {
	case "+":
		sum = strconv.FormatInt(a+b, 10)
	case "-":
		sum = strconv.FormatInt(a-b, 10)
	case "/":
		if b == 0 {
			return fmt.Sprintf("%d / 0 has no answer: nothing can be divided by zero.", a), true
		}
		sum = strconv.FormatFloat(float64(a)/float64(b), 'g', 10, 64)
	default:
		sum = strconv.FormatInt(a*b, 10)
	}
	return fmt.Sprintf("%d %s %d = **%s**", a, m[2], b, sum), true
}

// list makes as many points as were asked for, five by default.
func list(asked, words string) string {
	points := []string{
		"**Start small.** Pick the one part that helps most, and finish it.",
		"**Write down why.** One sentence is enough to decide by later.",
		"**Ask somebody.** A second pair of eyes finds what yours skip.",
		"**Try it for real.** Ten minutes of use beat an hour of planning.",
		"**Leave out a thing.** What nobody misses was not needed.",
		"**Set a date.** Even a rough one keeps it moving.",
		"**Keep what works.** Change one thing at a time.",
		"**Take a break.** Tired choices are rarely the good ones.",
		"**Say thank you.** Whoever helped will help again.",
		"**Look back.** Note what you would do differently.",
	}
	n := 5
	for w := range strings.FieldsSeq(words) {
		if v, err := strconv.Atoi(w); err == nil && v > 0 {
			n = min(v, len(points))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Here is a list for \"%s\":\n", quote(asked))
	for i, p := range points[:n] {
		fmt.Fprintf(&b, "\n%d. %s", i+1, p)
	}
	return b.String()
}

// longText is well over the 2000 characters of a Discord message, in numbered
// paragraphs, so that a missing or doubled part shows at a glance.
func longText(asked string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Gladly. You asked: \"%s\" Here is a long answer in ten parts.\n", quote(asked))
	for i, about := range []string{"where it begins", "what it is made of", "who needs it", "how it works", "what it costs",
		"where it fails", "how to repair it", "what others do", "what comes next", "what to remember"} {
		fmt.Fprintf(&b, "\n**Part %d of 10: %s.** A scripted stand-in has no opinion here, but it does have patience. "+
			"This paragraph is number %d; it exists to fill a message the way a talkative model would, with whole sentences, "+
			"a little *emphasis*, some `inline code`, and a dash of punctuation: commas, colons; even a question mark? "+
			"When part %d ends, you should have read every word of it exactly once.\n", i+1, about, i+1, i+1)
	}
	b.WriteString("\nThat was the last part. Nothing follows this sentence.")
	return b.String()
}

// book is more than ten messages, words and code in turn.
func book() string {
	var b strings.Builder
	b.WriteString("Gladly. Here is a book in forty chapters.\n")
	for n := range 40 {
		fmt.Fprintf(&b, "\n## Chapter %d\n\nA scripted stand-in writes its books from one sentence, which is this one. It has words of all sizes in it, "+
			"and a number, %d, so that a missing chapter shows at a glance. What a chapter lacks in news it makes up for in code:\n\n```go\n", n+1, n+1)
		for line := range 10 {
			fmt.Fprintf(&b, "fmt.Println(\"chapter %d, line %d\")\n", n+1, line+1)
		}
		b.WriteString("```\n")
	}
	b.WriteString("\nThat was the last chapter.")
	return b.String()
}

// code is a small correct program, in a fenced block.
func code(words string) string {
	intro, body := "Here is a small Go program to start from:", `package main

import "fmt"

func main() {
	fmt.Println("Hello, gopher!")
}`
	switch {
	case strings.Contains(words, " reverse "):
		intro, body = "This reverses a string in Go, rune by rune, so that letters like é survive:", `func Reverse(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}`
	case strings.Contains(words, " goroutine") || strings.Contains(words, " channel"):
		intro, body = "Goroutines started with WaitGroup.Go, and a Wait for all of them:", `var wg sync.WaitGroup
for _, url := range urls {
	wg.Go(func() { fetch(url) })
}
wg.Wait()`
	}
	return intro + "\n\n```go\n" + body + "\n```\n\nTell me what it should do next, and I will show it the same way."
}

// tidy drops Discord mentions and outer space.
func tidy(s string) string {
	return strings.TrimSpace(regexp.MustCompile(`<[@#][!&]?\d+>`).ReplaceAllString(s, ""))
}

// quote makes a text fit between quotation marks on one line.
func quote(s string) string {
	s = strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "\"", "'")
	if runes := []rune(s); len(runes) > 120 {
		s = string(runes[:119]) + "…"
	}
	return s
}
