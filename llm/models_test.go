package llm_test

import (
	"testing"
	"time"

	"feedbackbot/llm"
	"feedbackbot/llm/llmtest"
)

// The model that was chosen answers; one that is down is stood in for, and left
// alone for a minute.
func TestModels(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		client := func(name string) (*llm.Client, *llmtest.Server) {
			t.Helper()
			s := piped(t)
			c, err := llm.New(llm.Options{BaseURL: s.URL(), Key: llmtest.DefaultKey, Model: name})
			if err != nil {
				t.Fatal(err)
			}
			return c, s
		}
		usual, usualServer := client("usual")
		other, otherServer := client("other")
		spare, spareServer := client("spare")
		m := llm.NewModels(spare, usual, other)
		asked := func() [3]int {
			return [3]int{len(usualServer.Requests()), len(otherServer.Requests()), len(spareServer.Requests())}
		}
		for _, step := range []struct {
			name    string
			prepare func()
			want    [3]int // requests so far
			wrong   bool
		}{
			{"", nil, [3]int{1, 0, 0}, false},
			{"other", nil, [3]int{1, 1, 0}, false},
			{"withdrawn", nil, [3]int{2, 1, 0}, false},
			{"usual", func() {
				usualServer.Queue(llmtest.Script{Status: 400, Body: `{"error":{"message":"flagged by moderation"}}`})
			}, [3]int{3, 1, 0}, true},
			{"usual", func() { usualServer.Queue(llmtest.Error(400, "This model does not support image input.")) }, [3]int{4, 1, 1}, false},
			{"usual", nil, [3]int{5, 1, 1}, false}, // it was about that question alone
			{"usual", func() { usualServer.Queue(llmtest.Error(401, "no such key")) }, [3]int{6, 1, 2}, false},
			{"usual", nil, [3]int{6, 1, 3}, false},
			{"other", nil, [3]int{6, 2, 3}, false},
			{"usual", func() { time.Sleep(time.Minute) }, [3]int{7, 2, 3}, false},
		} {
			if step.prepare != nil {
				step.prepare()
			}
			_, err := m.Stream(t.Context(), step.name, long(true), func(string, bool) {})
			if got := asked(); (err != nil) != step.wrong || got != step.want {
				t.Errorf("with %q: %v, requests %v, want %v", step.name, err, got, step.want)
			}
		}
	})
}
