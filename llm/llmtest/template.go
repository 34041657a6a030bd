package llmtest

import "strings"

// Template is what a model's chat template takes. Servers answer 400 with its complaint.
type Template string

const (
	// Any takes whatever OpenAI takes.
	Any Template = ""
	// Alternating wants user and assistant by turns, beginning and ending with the user, and no turn without content,
	// as the templates and servers of Mistral, Llama and Perplexity do.
	Alternating Template = "alternating"
	// WithoutSystem is Alternating without a system prompt, as Gemma's.
	WithoutSystem Template = "without system"
)

// refuses returns the template's complaint about a conversation, "" for none.
func (t Template) refuses(messages []Message) string {
	if t == Any {
		return ""
	}
	if len(messages) > 0 && messages[0].Role == "system" {
		if t == WithoutSystem {
			return "System role not supported"
		}
		messages = messages[1:]
	}
	for n, m := range messages {
		switch {
		case strings.TrimSpace(m.Content) == "" && m.Pictures == 0:
			return "messages: text content blocks must be non-empty"
		case (m.Role == "user") != (n%2 == 0) || m.Role != "user" && m.Role != "assistant":
			return "Conversation roles must alternate user/assistant/user/assistant/..."
		}
	}
	if len(messages)%2 == 0 {
		return "Last message must have role `user`."
	}
	return ""
}

// templateError is how vLLM says it.
func templateError(complaint string) string {
	return `{"object":"error","message":"` + complaint + `","type":"BadRequestError","param":null,"code":400}`
}
