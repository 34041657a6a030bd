package llmtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// completion is one answer in OpenAI's shape; chunks of it are made on demand.
type completion struct {
	chunk        // what all chunks share
	tokens       []string
	finish       string
	usage        Usage
	includeUsage bool
}

// The types below are OpenAI's, key for key and in OpenAI's order.
type (
	chunk struct {
		ID          string   `json:"id"`
		Object      string   `json:"object"`
		Created     int64    `json:"created"`
		Model       string   `json:"model"`
		ServiceTier string   `json:"service_tier"`
		Fingerprint string   `json:"system_fingerprint"`
		Choices     []choice `json:"choices"`
		// Usage is absent, null, or the usage: three different things.
		Usage json.RawMessage `json:"usage,omitempty"`
	}
	choice struct {
		Index    int             `json:"index"`
		Message  *message        `json:"message,omitempty"`
		Delta    *delta          `json:"delta,omitempty"`
		Logprobs json.RawMessage `json:"logprobs"`
		Finish   *string         `json:"finish_reason"`
	}
	message struct {
		Role        string   `json:"role"`
		Content     string   `json:"content"`
		Refusal     *string  `json:"refusal"`
		Annotations []string `json:"annotations"`
	}
	delta struct {
		Role    string          `json:"role,omitempty"`
		Content *string         `json:"content,omitempty"`
		Refusal json.RawMessage `json:"refusal,omitempty"`
	}
)

func newCompletion(req Request, sc Script) completion {
	now := time.Now()
	return completion{
		chunk: chunk{
			ID: fmt.Sprintf("chatcmpl-%016x", now.UnixNano()), Object: "chat.completion.chunk", Created: now.Unix(),
			Model: req.Model, ServiceTier: "default", Fingerprint: "fp_llmtest",
		},
		tokens: sc.tokens(), finish: cmp.Or(sc.Finish, "stop"), usage: sc.usage(req), includeUsage: req.IncludeUsage,
	}
}

// with is a chunk with one choice.
func (c completion) with(d delta, finish *string) chunk {
	out := c.chunk
	out.Choices = []choice{{Delta: &d, Finish: finish}}
	if c.includeUsage {
		out.Usage = json.RawMessage("null")
	}
	return out
}

// first is the chunk that only says who speaks.
func (c completion) first() chunk {
	return c.with(delta{Role: "assistant", Content: new(string), Refusal: json.RawMessage("null")}, nil)
}

func (c completion) token(text string) chunk { return c.with(delta{Content: &text}, nil) }

// tail is everything after the last token: the finish, the usage, the end mark.
func (c completion) tail() []byte {
	out := event(c.with(delta{}, &c.finish))
	if c.includeUsage {
		last := c.chunk
		last.Choices = []choice{}
		last.Usage, _ = json.Marshal(c.usage)
		out = append(out, event(last)...)
	}
	return append(out, "data: [DONE]\n\n"...)
}

// whole is the answer to a request without stream.
func (c completion) whole() chunk {
	out := c.chunk
	out.Object = "chat.completion"
	out.Choices = []choice{{
		Message: &message{Role: "assistant", Content: strings.Join(c.tokens, ""), Annotations: []string{}},
		Finish:  &c.finish,
	}}
	out.Usage, _ = json.Marshal(c.usage)
	return out
}

// event is one server-sent event. Like OpenAI's it does not escape <, > and &.
func event(v any) []byte {
	var buf bytes.Buffer
	buf.WriteString("data: ")
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // our own types: a mistake here, never in a test
	}
	buf.WriteByte('\n')
	return buf.Bytes()
}

// SSE returns the bytes of the complete stream that answers with this script,
// usage included, as raw material for streams that are cut or mangled.
func SSE(sc Script) []byte {
	c := newCompletion(Request{Model: "scripted-mini", IncludeUsage: true}, sc)
	out := event(c.first())
	for _, t := range c.tokens {
		out = append(out, event(c.token(t))...)
	}
	return append(out, c.tail()...)
}
