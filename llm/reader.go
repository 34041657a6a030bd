package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// maxText caps the text of one answer, in bytes; far more than any model says.
const maxText = 256 << 10

// reader puts an answer together from the chunks of a stream. It takes every
// field for itself, so that one of a wrong type does not lose the others.
type reader struct {
	answer Answer // but for its text
	text   strings.Builder
	onText func(piece string, anew bool)
	asked  asked
	key    string
	think  thoughts
	index  string // of the choice that gives text; "" while none has
	ending
	refused  bool // the text is a refusal
	sawChunk bool
}

type chunk struct {
	Object  json.RawMessage `json:"object"`
	Error   json.RawMessage `json:"error"`
	Message json.RawMessage `json:"message"`
	Detail  json.RawMessage `json:"detail"`
	Msg     json.RawMessage `json:"msg"`
	Model   json.RawMessage `json:"model"`
	Choices json.RawMessage `json:"choices"`
	Usage   json.RawMessage `json:"usage"`
}

type choice struct {
	Index   json.RawMessage `json:"index"`
	Delta   json.RawMessage `json:"delta"`
	Message json.RawMessage `json:"message"` // in place of delta when the server does not stream
	Finish  json.RawMessage `json:"finish_reason"`
	Camel   json.RawMessage `json:"finishReason"` // as Gemini writes it
	Error   json.RawMessage `json:"error"`
}

// chunk takes in one data line of the stream. It reports whether the line was a
// chunk of an answer, or only something that is thrown away.
func (r *reader) chunk(line []byte) (useful bool, err error) {
	var list []json.RawMessage
	if bytes.HasPrefix(line, []byte("[")) && json.Unmarshal(line, &list) == nil {
		for _, one := range list {
			if useful, err = r.chunk(one); err != nil {
				return useful, err
			}
		}
		return useful, nil
	}
	var c chunk
	if json.Unmarshal(line, &c) != nil {
		return false, nil // one event that makes no sense must not lose the rest
	}
	isError := filled(c.Error) || plain(c.Object) == "error" ||
		!present(c.Choices) && (filled(c.Message) || filled(c.Detail) || filled(c.Msg))
	if isError && r.sure {
		return false, nil // the answer is over; what else comes is of no interest
	}
	if isError {
		return false, providerError(line, 0, 0, r.asked, r.key)
	}
	r.sawChunk = true
	if model := plain(c.Model); present(c.Model) && model != "" {
		r.answer.Model = model
	}
	r.usage(c.Usage)
	var choices []choice
	if json.Unmarshal(c.Choices, &choices) != nil {
		return false, nil // none, or not a list
	}
	if at := r.ours(choices); at >= 0 {
		err = r.choice(choices[at])
	}
	return true, err
}

// ours picks one choice, for only one answer was asked for: the one that has
// given text, the first until then. Not all servers count from 0.
func (r *reader) ours(choices []choice) int {
	found := -1
	for at, ch := range choices {
		switch n := plain(ch.Index); {
		case r.index != "" && n != r.index:
		case found < 0, n == "0":
			found = at
		}
	}
	return found
}

func (r *reader) choice(ch choice) error {
	body := ch.Delta
	if !present(body) {
		body = ch.Message
	}
	var d map[string]json.RawMessage
	_ = json.Unmarshal(body, &d) // none, or of another type: it says nothing
	r.moved = false
	if filled(d["reasoning_content"]) || filled(d["reasoning"]) || filled(d["thinking"]) {
		r.show(r.think.apart())
	}
	if said := content(d["content"]); said != "" && !isThought(d["extra_content"]) {
		r.index = plain(ch.Index)
		r.goesOn(said)
		r.show(r.think.next(said))
	}
	if refusal := content(d["refusal"]); refusal != "" {
		r.goesOn(refusal)
		r.show(r.think.flush(true))
		r.show(refusal, false)
		r.refused = true
	}
	if filled(ch.Error) {
		return providerError(ch.Error, 0, 0, r.asked, r.key)
	}
	if r.text.Len()+r.think.kept.Len()+len(r.think.held) > maxText {
		return &Error{Kind: Broken, Err: fmt.Errorf("the answer is longer than %d bytes", maxText)}
	}
	reason := ch.Finish
	if !present(reason) {
		reason = ch.Camel
	}
	if !present(reason) {
		return nil
	}
	return r.ends(clean(plain(reason), r.key), says(d))
}

// says reports whether a delta carries anything: text, thoughts, calls of tools.
func says(delta map[string]json.RawMessage) bool {
	for name, value := range delta {
		if name != "role" && filled(value) {
			return true
		}
	}
	return false
}

// show takes in what may be seen of the answer.
func (r *reader) show(piece string, anew bool) {
	if piece == "" && !anew {
		return
	}
	if anew {
		r.text.Reset()
		r.answer.FirstText = time.Time{}
	}
	if r.answer.FirstText.IsZero() && piece != "" {
		r.answer.FirstText = time.Now()
	}
	r.text.WriteString(piece)
	r.onText(piece, anew)
}

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
		if block.Type == "" || block.Type == "text" || block.Type == "output_text" {
			b.WriteString(block.Text)
		}
	}
	return b.String()
}

func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// filled reports whether a field says anything at all.
func filled(raw json.RawMessage) bool {
	switch string(raw) {
	case "", "null", `""`, "{}", "[]", "false", "0":
		return false
	}
	return true
}

// isThought reports whether Gemini says that a piece of text is none of the answer.
func isThought(extra json.RawMessage) bool {
	var e struct {
		Google struct {
			Thought bool `json:"thought"`
		} `json:"google"`
	}
	return len(extra) > 0 && json.Unmarshal(extra, &e) == nil && e.Google.Thought
}
