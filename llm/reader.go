package llm

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// reader puts an answer together from the chunks of a stream. It takes every
// field for itself, so that one of a wrong type does not lose the others.
type reader struct {
	answer   Answer
	onText   func(string)
	key      string
	think    thinkFilter
	finish   Finish
	refused  bool // the text is a refusal
	sawChunk bool
}

type chunk struct {
	Object  json.RawMessage `json:"object"`
	Error   json.RawMessage `json:"error"`
	Message json.RawMessage `json:"message"`
	Model   json.RawMessage `json:"model"`
	Choices json.RawMessage `json:"choices"`
	Usage   json.RawMessage `json:"usage"`
}

type choice struct {
	Index   json.RawMessage `json:"index"`
	Delta   json.RawMessage `json:"delta"`
	Message json.RawMessage `json:"message"` // in place of delta when the server does not stream
	Finish  json.RawMessage `json:"finish_reason"`
	Error   json.RawMessage `json:"error"`
}

type delta struct {
	Content json.RawMessage `json:"content"`
	Refusal json.RawMessage `json:"refusal"`
}

// chunk takes in one data line of the stream.
func (r *reader) chunk(line []byte) error {
	var c chunk
	if json.Unmarshal(line, &c) != nil {
		return nil // one event that makes no sense must not lose the rest
	}
	if r.finish != "" {
		r.usage(c.Usage) // the answer is over; what else comes is of no interest
		return nil
	}
	if present(c.Error) {
		return providerError(c.Error, 0, r.key)
	}
	if plain(c.Object) == "error" {
		return providerError(line, 0, r.key)
	}
	r.sawChunk = true
	if model := plain(c.Model); present(c.Model) && model != "" {
		r.answer.Model = model
	}
	r.usage(c.Usage)
	var choices []choice
	if json.Unmarshal(c.Choices, &choices) != nil {
		return nil // none, or not a list
	}
	for _, ch := range choices {
		if n := plain(ch.Index); n != "" && n != "0" {
			continue // only one answer was asked for
		}
		if err := r.choice(ch); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) choice(ch choice) error {
	body := ch.Delta
	if !present(body) {
		body = ch.Message
	}
	var d delta
	if json.Unmarshal(body, &d) == nil {
		if text := content(d.Content); text != "" {
			r.text(r.think.next(text))
		}
		if refusal := content(d.Refusal); refusal != "" {
			r.text(r.think.flush())
			r.text(refusal)
			r.refused = true
		}
	}
	if present(ch.Error) {
		return providerError(ch.Error, 0, r.key)
	}
	if !present(ch.Finish) {
		return nil
	}
	switch reason := plain(ch.Finish); reason {
	case "stop", "tool_calls", "function_call":
		r.finish = Stop
		if r.refused {
			r.finish = Refusal
		}
	case "length":
		r.finish = Length
	case "content_filter":
		r.finish = Filtered
	case "":
	default:
		return &Error{Kind: Trouble, Err: fmt.Errorf("the provider ended the answer with %q", clean(reason, r.key))}
	}
	return nil
}

func (r *reader) text(text string) {
	if text == "" {
		return
	}
	if r.answer.FirstText.IsZero() {
		r.answer.FirstText = time.Now()
	}
	r.answer.Text += text
	r.onText(text)
}

// flush releases text that the think filter held back.
func (r *reader) flush() { r.text(r.think.flush()) }

// usage reads token counts. Some servers send fractions, texts or nonsense.
func (r *reader) usage(raw json.RawMessage) {
	var u struct {
		Prompt     json.RawMessage `json:"prompt_tokens"`
		Completion json.RawMessage `json:"completion_tokens"`
	}
	if !present(raw) || json.Unmarshal(raw, &u) != nil {
		return
	}
	if n, ok := count(u.Prompt); ok {
		r.answer.InputTokens = n
	}
	if n, ok := count(u.Completion); ok {
		r.answer.OutputTokens = n
	}
}

// maxCount is more tokens than any answer has.
const maxCount = 1e9

func count(raw json.RawMessage) (int64, bool) {
	var n float64
	if json.Unmarshal([]byte(plain(raw)), &n) != nil || math.IsNaN(n) || n < 0 || n > maxCount {
		return 0, false
	}
	return int64(n), true
}

// content reads a text that is a string, or a list of blocks with texts.
func content(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var blocks []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if json.Unmarshal(raw, &blocks) != nil {
		return ""
	}
	var b strings.Builder
	for _, block := range blocks {
		if block.Type == "" || block.Type == "text" {
			b.WriteString(block.Text)
		}
	}
	return b.String()
}

func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// thinkFilter removes the <think>...</think> with which some models begin their
// answer. It works across chunks, and only at the very start, so that an answer
// about such tags is left alone.
type thinkFilter struct {
	held  string // text that cannot be judged yet
	state int
}

const (
	thinkStart = iota // nothing but white space so far
	thinkInside
	thinkAfter // skipping the white space behind it
	thinkOff
)

const (
	thinkOpen  = "<think>"
	thinkClose = "</think>"
)

// next returns what of text may be shown.
func (f *thinkFilter) next(text string) string {
	if f.state == thinkOff {
		return text
	}
	f.held += text
	if f.state == thinkStart {
		begin := strings.TrimLeft(f.held, " \t\r\n")
		switch {
		case strings.HasPrefix(begin, thinkOpen):
			f.state, f.held = thinkInside, begin[len(thinkOpen):]
		case strings.HasPrefix(thinkOpen, begin):
			return "" // it may still become the tag
		default:
			f.state = thinkOff
			return f.take()
		}
	}
	if f.state == thinkInside {
		_, after, found := strings.Cut(f.held, thinkClose)
		if !found {
			f.held = f.held[max(0, len(f.held)-len(thinkClose)):]
			return ""
		}
		f.state, f.held = thinkAfter, after
	}
	f.held = strings.TrimLeft(f.held, " \t\r\n")
	if f.held != "" {
		f.state = thinkOff
	}
	return f.take()
}

// flush returns what was held back when the stream ends. An unfinished thought
// is not an answer.
func (f *thinkFilter) flush() string {
	if f.state != thinkStart {
		f.held = ""
	}
	return f.take()
}

func (f *thinkFilter) take() string {
	text := f.held
	f.held = ""
	return text
}
