package llmtest

import "testing"

// A strict template takes a conversation that alternates, and complains about
// every other.
func TestTemplates(t *testing.T) {
	turns := func(list ...string) (messages []Message) {
		for n := 0; n < len(list); n += 2 {
			messages = append(messages, Message{Role: list[n], Content: list[n+1]})
		}
		return messages
	}
	for _, test := range []struct {
		messages                   []Message
		alternating, withoutSystem string
	}{
		{turns("user", "hi"), "", ""},
		{turns("user", "hi", "assistant", "hello", "user", "why?"), "", ""},
		{turns("system", "be kind", "user", "hi"), "", "System role not supported"},
		{[]Message{{Role: "user", Pictures: 1}}, "", ""},
		{turns("user", "hi", "user", "why?"), "Conversation roles must alternate user/assistant/user/assistant/...", ""},
		{turns("assistant", "hello", "user", "why?"), "Conversation roles must alternate user/assistant/user/assistant/...", ""},
		{turns("user", "hi", "assistant", "hello"), "Last message must have role `user`.", ""},
		{turns("user", " "), "messages: text content blocks must be non-empty", ""},
	} {
		if got := Any.refuses(test.messages); got != "" {
			t.Errorf("any template says %q of %v", got, test.messages)
		}
		if got := Alternating.refuses(test.messages); got != test.alternating {
			t.Errorf("the strict template says %q of %v, want %q", got, test.messages, test.alternating)
		}
		if got, want := WithoutSystem.refuses(test.messages), test.alternating+test.withoutSystem; got != want {
			t.Errorf("the template without a system prompt says %q of %v, want %q", got, test.messages, want)
		}
	}
}
