package llm

import (
	"strings"

	openai "github.com/sashabaranov/go-openai"
)

// The templates of some models have no place for a system prompt, and their
// servers refuse it. Then it begins the first turn of the user.

// saysNoSystem are ways of servers to refuse a system prompt, in lower case. The
// last one is of templates to which it is a turn like others: those of ours
// alternate, so it can mean nothing else.
var saysNoSystem = []string{
	"system role not supported",
	"system role is not supported",
	"does not support 'system'",
	"does not support system",
	"system messages are not supported",
	"system message is not supported",
	"system prompt is not supported",
	"developer instruction is not enabled",
	`unexpected role "system"`,
	"unexpected role 'system'",
	"only user and assistant roles are supported",
	"conversation roles must alternate user/assistant",
}

// takesSystem is the same complaint of a template that takes a system prompt.
const takesSystem = "after the optional system message, conversation roles must alternate"

// adaptSystem reports whether a server refused the system prompt of what was sent,
// and sends none from now on. Servers that run a template themselves may call its
// refusal their own failure.
func (c *Client) adaptSystem(err *Error, sent openai.ChatCompletionRequest) bool {
	if err.Kind != BadRequest && err.Kind != Trouble || len(sent.Messages) == 0 || sent.Messages[0].Role != string(System) {
		return false
	}
	said := strings.ReplaceAll(err.words, inWords(takesSystem), "")
	for _, words := range saysNoSystem {
		if !strings.Contains(said, inWords(words)) {
			continue
		}
		if !c.withoutSystem.Swap(true) {
			c.options.Log.Warn("the model's server refuses a system prompt; it is sent with the first question")
		}
		return true
	}
	return false
}

// withSystem is a conversation with its system prompt where this model takes it.
func (c *Client) withSystem(conversation []Message) []Message {
	if !c.withoutSystem.Load() || len(conversation) < 2 || conversation[0].Role != System || conversation[1].Role != User {
		return conversation
	}
	first := conversation[1]
	first.Content = strings.TrimSuffix(conversation[0].Content+"\n\n"+first.Content, "\n\n")
	return append([]Message{first}, conversation[2:]...)
}
