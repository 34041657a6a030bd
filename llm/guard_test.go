package llm

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// Whatever a server sends, go-openai gets lines of data and blank lines, and
// the same ones however the bytes arrive.
func FuzzEventStream(f *testing.F) {
	for _, seed := range []string{
		"data: {\"a\":1}\n\ndata: [DONE]\n\n", ": comment\r\rdata: x\r\rdata: y", "event: error\ndata: {\"message\":\"m\"}\n\n",
		"data: {\"a\":\ndata: 1}\n\n", "\ufeffdata:{\"a\":1}\ndata:{\"b\":2}\n", "{\"error\":\"no\"}", "<html>", "data: \x00\n\n", "   \r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		read := func(r io.Reader) string {
			stream, err := normalise(r)
			if err != nil {
				return "error"
			}
			out, err := io.ReadAll(stream)
			if err != nil {
				return "error"
			}
			return string(out)
		}
		whole := read(bytes.NewReader(input))
		if pieces := read(iotest.OneByteReader(bytes.NewReader(input))); pieces != whole {
			t.Errorf("in pieces %q, at once %q", pieces, whole)
		}
		for line := range strings.Lines(whole) {
			if line != "\n" && line != "error" && !strings.HasPrefix(line, "data: ") {
				t.Errorf("line %q of %q", line, whole)
			}
		}
	})
}

// However a thought is cut into pieces, the same text is shown, and none of the
// thought.
func FuzzThink(f *testing.F) {
	f.Add("<think>secret</think>\n\nanswer", 3)
	f.Add("  <thi", 1)
	f.Add("about <think> tags", 2)
	f.Fuzz(func(t *testing.T, text string, size int) {
		filter := func(size int) string {
			var think thinkFilter
			var shown strings.Builder
			for rest := text; rest != ""; {
				n := min(size, len(rest))
				shown.WriteString(think.next(rest[:n]))
				rest = rest[n:]
			}
			return shown.String() + think.flush()
		}
		whole := filter(len(text) + 1)
		if pieces := filter(max(1, size%10)); pieces != whole {
			t.Errorf("in pieces %q, at once %q", pieces, whole)
		}
		if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), thinkOpen) && whole != text {
			t.Errorf("%q shows as %q, want it as it is", text, whole)
		}
	})
}

// A chunk of any shape neither panics nor takes back text.
func FuzzChunk(f *testing.F) {
	f.Add([]byte(`{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1e400}}`))
	f.Add([]byte(`{"choices":[{"delta":{"content":[{"type":"text","text":"b"}]}}],"usage":"x"}`))
	f.Add([]byte(`{"error":{"message":{"a":1},"code":[]}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var shown strings.Builder
		r := reader{onText: func(text string) { shown.WriteString(text) }, answer: Answer{Text: "before"}}
		if err := r.chunk(line); err != nil {
			_ = err.Error()
		}
		if want := "before" + shown.String(); r.answer.Text != want {
			t.Errorf("text = %q, want %q", r.answer.Text, want)
		}
		if r.answer.InputTokens < 0 || r.answer.InputTokens > maxCount {
			t.Errorf("input tokens = %d", r.answer.InputTokens)
		}
	})
}
