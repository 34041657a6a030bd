package llm_test

import (
	"io"
	"net/http"
	"net/http/httptest"
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

// Texts are shown at the same address as chats, with its query behind the path.
func TestFlaggedAtAddress(t *testing.T) {
	asked := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.String()
		io.WriteString(w, `{"results":[]}`)
	}))
	defer s.Close()
	c, err := llm.New(llm.Options{BaseURL: s.URL + "/v1/chat/completions/?api-version=1", Key: "key", Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := llm.NewModels(nil, c).Flagged(t.Context(), "text"); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != "/v1/moderations?api-version=1" {
		t.Errorf("asked %s", got)
	}
}
