package llm_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"feedbackbot/llm"
	"feedbackbot/llm/llmtest"
)

// long is a conversation of several turns, whose last has a picture where one is
// wanted.
func long(pictures bool) []llm.Message {
	last := llm.Message{Role: llm.User, Content: "hello"}
	if pictures {
		last.Images = []llm.Image{{Type: "image/png", Data: []byte("png")}}
	}
	return []llm.Message{{Role: llm.System, Content: "Be kind."}, {Role: llm.User, Content: "one"}, {Role: llm.Assistant, Content: "1"},
		{Role: llm.User, Content: "two"}, {Role: llm.Assistant, Content: "2"}, last}
}

// screen is what a member sees of an answer while it is written.
type screen struct {
	text   string
	leaked bool // a thought was on it
}

func (s *screen) show(piece string, anew bool) {
	if anew {
		s.text = ""
	}
	s.text += piece
	s.leaked = s.leaked || strings.Contains(s.text, "SECRET")
}

// Whatever a provider speaks, its complete answers are complete, its cut ones are
// cut, its thoughts stay its own, and its errors are taken for what they mean.
func TestDialects(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range llmtest.Dialects() {
		if seen[d.Name] {
			t.Errorf("two dialects are called %s", d.Name)
		}
		seen[d.Name] = true
		about := strings.Contains(d.Wrong, "image")
		t.Run(d.Name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) { testDialect(t, piped(t), d, about) })
		})
		if !about {
			t.Run(d.Name+", with a picture", func(t *testing.T) {
				inBubble(t, func(t *testing.T) { testDialect(t, piped(t), d, true) })
			})
		}
	}
}

func testDialect(t *testing.T, s *llmtest.Server, d llmtest.Dialect, pictured bool) {
	o := llm.Options{BaseURL: s.URL(), Model: d.Name, MaxTokens: 8192}
	var seen screen
	answer, err := client(t, o).Stream(t.Context(), long(pictured), seen.show)
	if seen.text != answer.Text {
		t.Errorf("shown is %q, want the answer %q", seen.text, answer.Text)
	}
	if strings.Contains(answer.Text, "SECRET") {
		t.Errorf("answer = %q, with a thought in it", answer.Text)
	}
	if d.Heals || d.Wrong == "" {
		if err != nil || !d.Heals && (answer.Text != d.Text || string(answer.Finish) != d.Finish) || answer.Finish == "" {
			t.Errorf("Stream() = %q, %q, %v, want %q, %q", answer.Text, answer.Finish, err, d.Text, d.Finish)
		}
		if last := s.Requests()[len(s.Requests())-1]; d.Heals && last.LastUser() != "hello" {
			t.Errorf("the last request asks %q, want the question itself", last.LastUser())
		}
		return
	}
	var e *llm.Error
	if !errors.As(err, &e) || string(e.Kind) != d.Wrong || answer.Text != d.Text {
		t.Fatalf("Stream() = %q, %v, want %q and %s", answer.Text, err, d.Text, d.Wrong)
	}
	again := map[string]bool{"busy": true, "trouble": true, "timed out": true, "broken off": true}[d.Wrong]
	want := 1
	if again && d.Text == "" && e.After < 30*time.Second { // a person waits no longer
		want = 3
	}
	if e.After > 15*time.Second {
		want = min(want, 2)
	}
	if got := len(s.Requests()); got != want {
		t.Errorf("%d requests, want %d", got, want)
	}
	if e.After != d.Wait() && (d.Wait() != 0 || e.After < 30*time.Second) {
		t.Errorf("waits %v, want %v", e.After, d.Wait())
	}
}

// What a provider asks to wait is waited, and then it is asked again.
func TestWaitsAsTold(t *testing.T) {
	ran := 0
	for _, d := range llmtest.Dialects() {
		if d.Wait() == 0 || d.Wait() > 10*time.Second {
			continue
		}
		ran++
		t.Run(d.Name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := piped(t)
				s.Queue(d.Script(llmtest.Request{}), llmtest.Script{Text: "ok"})
				began := time.Now()
				answer, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL()}), hello)
				if took := time.Since(began); err != nil || answer.Text != "ok" || took < d.Wait() {
					t.Errorf("Stream() = %q, %v after %v, want ok after %v", answer.Text, err, took, d.Wait())
				}
			})
		})
	}
	if ran < 4 {
		t.Errorf("%d dialects ask to wait, want at least 4", ran)
	}
}

// A model that begins with a thought and marks only its end is shown thinking at
// most once, and not at all where its name tells.
func TestThinksFirst(t *testing.T) {
	for name, wants := range map[string][]bool{"m": {true, false}, "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B": {false, false}, "qwq:32b": {false, false}} {
		s := serve(t)
		c := client(t, llm.Options{BaseURL: s.URL(), Model: name})
		s.SetAnswer(func(llmtest.Request) llmtest.Script {
			return llmtest.Script{Tokens: []string{"Okay, SECRET.\n", "</think>", "\n\nIt leaves", " at nine."}}
		})
		for n, want := range wants {
			var seen screen
			answer, err := c.Stream(t.Context(), hello, seen.show)
			if err != nil || answer.Text != "It leaves at nine." || seen.text != answer.Text || seen.leaked != want {
				t.Errorf("answer %d of %s = %q, %v, a thought was shown: %v, want %v", n, name, answer.Text, err, seen.leaked, want)
			}
		}
		// It need not: what is held back is shown in the end, and at once from then on.
		s.SetAnswer(nil)
		for range 2 {
			if answer, shown, err := stream(t.Context(), c, hello); err != nil || answer.Text == "" || shown != answer.Text {
				t.Errorf("an answer of %s without a thought = %q, shown %q, %v", name, answer.Text, shown, err)
			}
		}
	}
}

// Thoughts in a field of their own tell that the text is the answer, which is then
// not held back.
func TestThoughtsApart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := piped(t)
		s.Queue(llmtest.Script{StallAfter: 1, Raw: []byte(`data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm."}}]}` + "\n\n" +
			`data: {"choices":[{"index":0,"delta":{"content":"It leaves"}}]}` + "\n\n")})
		ctx, cancel := context.WithCancel(t.Context())
		answer, err := client(t, llm.Options{BaseURL: s.URL(), Model: "qwq"}).Stream(ctx, hello, func(string, bool) { cancel() })
		var e *llm.Error
		if !errors.As(err, &e) || e.Kind != llm.Canceled || answer.Text != "It leaves" {
			t.Errorf("Stream() = %q, %v, want what has arrived as soon as it has", answer.Text, err)
		}
	})
}
