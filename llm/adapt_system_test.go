package llm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"feedbackbot/llm"
	"feedbackbot/llm/llmtest"
)

// talk is a conversation of so many turns, with a system prompt.
func talk(turns int) []llm.Message {
	list := []llm.Message{{Role: llm.System, Content: "Be kind."}}
	for n := range turns {
		list = append(list, llm.Message{Role: []llm.Role{llm.User, llm.Assistant}[n%2], Content: fmt.Sprint("turn ", n+1)})
	}
	return list
}

// roles are what a request shows, as "role: text".
func roles(r llmtest.Request) (list []string) {
	for _, m := range r.Messages {
		list = append(list, m.Role+": "+m.Content)
	}
	return list
}

// A model without a place for a system prompt gets it with the first question,
// however its server says so. That is learned once.
func TestNoSystemRole(t *testing.T) {
	for name, body := range map[string]string{
		"vLLM and Gemma":         `{"object":"error","message":"System role not supported","type":"BadRequestError","param":null,"code":400}`,
		"llama.cpp":              `{"error":{"code":500,"message":"Value is not callable: System role not supported","type":"server_error"}}`,
		"Google":                 `[{"error":{"code":400,"message":"Developer instruction is not enabled for models/gemma-3-27b-it","status":"INVALID_ARGUMENT"}}]`,
		"OpenAI's first o1":      `{"error":{"message":"Unsupported value: 'messages[0].role' does not support 'system' with this model.","type":"invalid_request_error","param":"messages[0].role","code":"unsupported_value"}}`,
		"a Mistral of early age": `{"object":"error","message":"Conversation roles must alternate user/assistant/user/assistant/...","type":"BadRequestError","param":null,"code":400}`,
	} {
		s := serve(t)
		s.SetAnswer(func(r llmtest.Request) llmtest.Script {
			if r.Messages[0].Role != "system" {
				return llmtest.Script{Text: "ok"}
			}
			if strings.Contains(body, `"code":500`) {
				return llmtest.Script{Status: 500, Body: body}
			}
			return llmtest.Script{Status: 400, Body: body}
		})
		lines, logger := log()
		c := client(t, llm.Options{BaseURL: s.URL(), Log: logger})
		for range 2 {
			if _, _, err := stream(t.Context(), c, talk(3)); err != nil {
				t.Errorf("%s: Stream() = %v", name, err)
			}
		}
		requests := s.Requests()
		want := []string{"user: Be kind.\n\nturn 1", "assistant: turn 2", "user: turn 3"}
		if len(requests) != 3 || !slices.Equal(roles(requests[1]), want) || !slices.Equal(roles(requests[2]), want) {
			t.Errorf("%s: %d requests, the last %q, want three, and %q", name, len(requests), roles(requests[len(requests)-1]), want)
		}
		if n := strings.Count(lines.String(), "refuses a system prompt"); n != 1 {
			t.Errorf("%s: %d lines about it, want one:\n%s", name, n, lines)
		}
	}
}

// Without a system prompt there is nothing to leave out, and the same refusal is an
// error; so is one of a conversation whose system prompt the template takes.
func TestOtherRefusalsOfRoles(t *testing.T) {
	for _, refusal := range []string{"System role not supported", "After the optional system message, conversation roles must alternate user/assistant/user/assistant/..."} {
		s := serve(t)
		s.SetAnswer(func(llmtest.Request) llmtest.Script { return llmtest.Error(400, refusal) })
		conversation := talk(1)
		if refusal == "System role not supported" {
			conversation = conversation[1:]
		}
		if _, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL()}), conversation); err == nil || len(s.Requests()) != 1 {
			t.Errorf("Stream() = %v after %d requests, want the refusal after one", err, len(s.Requests()))
		}
	}
}

// However long a conversation is: shortened, it is less, and still begins with the
// user, as strict templates want.
func TestShortenedConversationsAlternate(t *testing.T) {
	for _, template := range []llmtest.Template{llmtest.Alternating, llmtest.WithoutSystem} {
		for turns := 3; turns <= 11; turns += 2 {
			s, err := llmtest.New(llmtest.Options{Template: template})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			s.Queue(llmtest.Error(400, "This model's maximum context length is 10 tokens"), llmtest.Script{Text: "ok"})
			if _, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL()}), talk(turns)); err != nil {
				t.Errorf("%s, %d turns: %v", template, turns, err)
			}
			requests := s.Requests()
			if got := roles(requests[len(requests)-1]); len(got) > turns-1 || got[len(got)-1] != fmt.Sprint("user: turn ", turns) && len(got) > 1 {
				t.Errorf("%s: of %d turns %q are left", template, turns, got)
			}
		}
	}
}
