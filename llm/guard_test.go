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
			stream, err := normalise(r, new(bool))
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

// A chunk of any shape neither panics nor shows what is not in the answer.
func FuzzChunk(f *testing.F) {
	f.Add([]byte(`{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1e400}}`))
	f.Add([]byte(`{"choices":[{"delta":{"content":[{"type":"text","text":"b"}]}}],"usage":"x"}`))
	f.Add([]byte(`{"error":{"message":{"a":1},"code":[]}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var shown strings.Builder
		r := reader{onText: func(text string, anew bool) {
			if anew {
				shown.Reset()
			}
			shown.WriteString(text)
		}}
		if _, err := r.chunk(line); err != nil {
			_ = err.Error()
		}
		answer, _ := r.end(t.Context(), io.EOF, true)
		if answer.Text != shown.String() {
			t.Errorf("text = %q, shown %q", answer.Text, shown.String())
		}
		if r.answer.InputTokens < 0 || r.answer.InputTokens > maxCount {
			t.Errorf("input tokens = %d", r.answer.InputTokens)
		}
	})
}
