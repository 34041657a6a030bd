package llm_test

import (
	"slices"
	"strings"
	"testing"

	"feedbackbot/llm"
	"feedbackbot/llm/llmtest"
)

// A text is flagged with its categories; a failure says so and never holds the
// key.
func TestFlagged(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := piped(t)
		for _, test := range []struct {
			key, text string
			want      []string
			wrong     bool
		}{
			{llmtest.DefaultKey, "a kind word", nil, false},
			{llmtest.DefaultKey, "a " + llmtest.FlaggedWord, []string{"harassment"}, false},
			{"canary-key", "a kind word", nil, true},
		} {
			c, err := llm.New(llm.Options{BaseURL: s.URL(), Key: test.key, Model: "m"})
			if err != nil {
				t.Fatal(err)
			}
			got, err := llm.NewModels(nil, c).Flagged(t.Context(), test.text)
			if !slices.Equal(got, test.want) || (err != nil) != test.wrong || err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("Flagged(%q) = %q, %v, want %q", test.text, got, err, test.want)
			}
		}
	})
}
