package llm_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"feedbackbot/llm"
	"feedbackbot/llm/llmtest"
)

// log collects lines; a slog handler writes each with one call, under a lock.
func log() (*bytes.Buffer, *slog.Logger) {
	var b bytes.Buffer
	return &b, slog.New(slog.NewTextHandler(&b, nil))
}

// picky refuses requests as servers do that do not know a parameter.
func picky(refuses func(llmtest.Request) string) func(llmtest.Request) llmtest.Script {
	return func(r llmtest.Request) llmtest.Script {
		if wrong := refuses(r); wrong != "" {
			return llmtest.Error(400, wrong)
		}
		return llmtest.Script{Text: "ok"}
	}
}

// Many first chats at once learn together what a server refuses: each is
// answered, none unlearns it for the others, and one line is logged.
func TestAdaptTogether(t *testing.T) {
	const chats = 12
	temperature := float32(0.5)
	for name, test := range map[string]struct {
		refuses func(llmtest.Request) string
		model   string
		word    string // in the log
	}{
		"StreamOptions": {func(r llmtest.Request) string {
			return map[bool]string{true: "Extra inputs are not permitted: stream_options"}[r.IncludeUsage]
		}, "mistral", "stream_options"},
		"MaxTokens": {func(r llmtest.Request) string {
			return map[bool]string{true: "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."}[r.MaxTokens != 0]
		}, "openai/gpt-5-mini", "sending max_completion_tokens"},
		"Temperature": {func(r llmtest.Request) string {
			return map[bool]string{true: "Unsupported value: 'temperature' does not support 0.5 with this model."}[r.Temperature != nil]
		}, "openai/o3", "temperature"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			// The refusals wait for each other, so that all chats are refused.
			var refused sync.WaitGroup
			refused.Add(chats)
			var mu sync.Mutex
			seen := 0
			answer := picky(test.refuses)
			s.SetAnswer(func(r llmtest.Request) llmtest.Script {
				mu.Lock()
				seen++
				early := seen <= chats
				mu.Unlock()
				if early {
					refused.Done()
					refused.Wait()
				}
				return answer(r)
			})
			lines, logger := log()
			c := client(t, llm.Options{BaseURL: s.URL(), Model: test.model, MaxTokens: 100, Temperature: &temperature, Log: logger})
			var all sync.WaitGroup
			for range chats {
				all.Go(func() {
					if answer, _, err := stream(t.Context(), c, hello); answer.Text != "ok" {
						t.Errorf("Stream() = %q, %v, want ok", answer.Text, err)
					}
				})
			}
			all.Wait()
			if got := len(s.Requests()); got != 2*chats {
				t.Errorf("%v requests, want %v", got, 2*chats)
			}
			if got := strings.Count(lines.String(), test.word); got != 1 {
				t.Errorf("%q is in %v lines, want one:\n%s", test.word, got, lines)
			}
		})
	}
}

// A server that knows only the older name of the limit gets that.
func TestOnlyMaxTokens(t *testing.T) {
	s := serve(t)
	s.Queue(llmtest.Error(422, `{"detail":"extra fields not permitted: max_completion_tokens"}`))
	s.SetAnswer(func(llmtest.Request) llmtest.Script { return llmtest.Script{Text: "ok"} })
	c := client(t, llm.Options{BaseURL: s.URL(), Model: "gpt-4.1", MaxTokens: 50})
	// Only OpenAI's own hosts get max_completion_tokens at first, so this server
	// is never asked with it: the refusal is about nothing that was sent.
	if _, _, err := stream(t.Context(), c, hello); err == nil {
		t.Error("Stream() = nil, want the refusal of what was not sent")
	}
	if r := s.Requests()[0]; len(s.Requests()) != 1 || r.MaxTokens != 50 || r.MaxCompletionTokens != 0 {
		t.Errorf("%v requests, the first with max_tokens %v, want one with 50", len(s.Requests()), r.MaxTokens)
	}
}

// A temperature that is configured for a reasoning model is left out, for
// go-openai refuses to send it and nobody is helped by an error.
func TestReasoningTemperature(t *testing.T) {
	for _, model := range []string{"gpt-5-mini", "o3", "gpt-6-sol"} {
		s := serve(t)
		temperature := float32(0.3)
		c := client(t, llm.Options{BaseURL: s.URL(), Model: model, MaxTokens: 9, Temperature: &temperature})
		if _, _, err := stream(t.Context(), c, hello); err != nil {
			t.Fatalf("Stream(%v) = %v, want an answer", model, err)
		}
		r := s.Requests()
		if len(r) != 1 || r[0].Temperature != nil || r[0].MaxCompletionTokens != 9 {
			t.Errorf("Stream(%v) sent %s, want no temperature", model, r[0].Raw)
		}
	}
}

// A temperature of 0 is sent, as nearly as the library can.
func TestZeroTemperature(t *testing.T) {
	s := serve(t)
	if _, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL(), Temperature: new(float32)}), hello); err != nil {
		t.Fatal(err)
	}
	if got := s.Requests()[0].Temperature; got == nil || *got > 1e-5 {
		t.Errorf("temperature = %v, want almost 0", got)
	}
}

// Every body that leaves is one that OpenAI's own description allows.
func TestRequestsOpenAPI(t *testing.T) {
	path := os.Getenv("OPENAI_OPENAPI")
	if path == "" {
		t.Skip("set OPENAI_OPENAPI to a copy of openapi.yaml from github.com/openai/openai-openapi to check our requests against it")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	schema := doc.Components.Schemas["CreateChatCompletionRequest"].Value
	s := serve(t)
	temperature := float32(0.2)
	conversation := []llm.Message{{Role: llm.System, Content: "Be kind."}, {Role: llm.User, Content: "Hi"}, {Role: llm.Assistant, Content: "Hello!"}, {Role: llm.User, Content: "2+2?"}}
	for _, o := range []llm.Options{{}, {MaxTokens: 100, Temperature: &temperature}, {Model: "gpt-5-mini", MaxTokens: 100}} {
		o.BaseURL = s.URL()
		if _, _, err := stream(t.Context(), client(t, o), conversation); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range s.Requests() {
		var v any
		if err := json.Unmarshal(r.Raw, &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.VisitJSON(v); err != nil {
			t.Errorf("OpenAI does not allow %s: %v", r.Raw, err)
		}
		if fmt.Sprint(v.(map[string]any)["stream"]) != "true" {
			t.Errorf("%s does not stream", r.Raw)
		}
	}
}

// An answer that may be too long is asked for shorter, and from then on at once;
// but not so short that nobody is helped.
func TestAsksForLess(t *testing.T) {
	for _, test := range []struct {
		limit int
		fits  int // what the server takes; it says so without a number
		want  []int
	}{
		{8192, 4096, []int{8192, 4096, 4096}},
		{8192, 3000, []int{8192, 4096, 2048, 2048}},
		{100, 10, []int{100, 100}},
	} {
		s := serve(t)
		s.SetAnswer(picky(func(r llmtest.Request) string {
			return map[bool]string{true: "max_tokens is too large"}[r.MaxTokens > test.fits]
		}))
		c := client(t, llm.Options{BaseURL: s.URL(), MaxTokens: test.limit})
		for range 2 {
			_, _, _ = stream(t.Context(), c, hello)
		}
		var got []int
		for _, r := range s.Requests() {
			got = append(got, r.MaxTokens)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("of %d, where %d fit, are asked %v, want %v", test.limit, test.fits, got, test.want)
		}
	}
}
