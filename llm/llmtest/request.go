package llmtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Request is one chat request as it arrived.
type Request struct {
	Model    string
	Messages []Message
	Stream   bool
	// IncludeUsage is stream_options.include_usage.
	IncludeUsage bool
	// MaxTokens and MaxCompletionTokens are 0 when they were not sent.
	MaxTokens           int
	MaxCompletionTokens int
	// Temperature and TopP are nil when they were not sent.
	Temperature *float64
	TopP        *float64
	// Raw is the whole body, for everything not named here.
	Raw    json.RawMessage
	Header http.Header
}

// Message is one turn of the conversation. Content that came as a list of parts
// is the text of its parts.
type Message struct {
	Role     string
	Content  string
	Pictures int
	Name     string
}

// LastUser is the text of the newest user message, or "" if there is none.
func (r Request) LastUser() string {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		if r.Messages[i].Role == "user" {
			return r.Messages[i].Content
		}
	}
	return ""
}

// parseRequest reads a body as OpenAI does. If wrong is not empty, it is the
// message of a 400 answer; what could be read is returned even then.
func parseRequest(header http.Header, body []byte) (req Request, wrong string) {
	req = Request{Raw: bytes.Clone(body), Header: header.Clone()}
	var in struct {
		Model    string `json:"model"`
		Messages []struct {
			Role    string          `json:"role"`
			Content json.RawMessage `json:"content"`
			Name    string          `json:"name"`
		} `json:"messages"`
		Stream        bool `json:"stream"`
		StreamOptions *struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
		MaxTokens           *int     `json:"max_tokens"`
		MaxCompletionTokens *int     `json:"max_completion_tokens"`
		Temperature         *float64 `json:"temperature"`
		TopP                *float64 `json:"top_p"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return req, fmt.Sprintf("We could not parse the JSON body of your request: %v", err)
	}
	req.Model, req.Stream = in.Model, in.Stream
	req.Temperature, req.TopP = in.Temperature, in.TopP
	if in.StreamOptions != nil {
		req.IncludeUsage = in.StreamOptions.IncludeUsage
	}
	if in.MaxTokens != nil {
		req.MaxTokens = *in.MaxTokens
	}
	if in.MaxCompletionTokens != nil {
		req.MaxCompletionTokens = *in.MaxCompletionTokens
	}
	for i, m := range in.Messages {
		text, pictures, ok := content(m.Content)
		if !ok {
			return req, fmt.Sprintf("Invalid type for 'messages[%d].content': expected a string or an array of parts.", i)
		}
		req.Messages = append(req.Messages, Message{Role: m.Role, Content: text, Pictures: pictures, Name: m.Name})
	}
	return req, req.check(in.StreamOptions != nil, in.MaxTokens != nil && in.MaxCompletionTokens != nil)
}

// check refuses what OpenAI refuses, so that a client cannot grow careless.
func (r Request) check(streamOptions, bothLimits bool) string {
	switch {
	case r.Model == "":
		return "you must provide a model parameter"
	case len(r.Messages) == 0:
		return "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."
	case streamOptions && !r.Stream:
		return "The 'stream_options' parameter is only allowed when 'stream' is enabled."
	case bothLimits:
		return "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
	}
	for i, m := range r.Messages {
		if !strings.Contains(" system developer user assistant tool function ", " "+m.Role+" ") {
			return fmt.Sprintf("Invalid value: '%s'. Supported values for 'messages[%d].role' are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.", m.Role, i)
		}
	}
	return ""
}

// content flattens a message's content to its text and the number of its pictures; it reports false for other types.
func content(raw json.RawMessage) (text string, pictures int, ok bool) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", 0, true // an assistant message that only calls tools
	}
	if json.Unmarshal(raw, &text) == nil {
		return text, 0, true
	}
	var parts []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return "", 0, false
	}
	for _, p := range parts {
		text += p.Text
		if p.Type == "image_url" {
			pictures++
		}
	}
	return text, pictures, true
}
