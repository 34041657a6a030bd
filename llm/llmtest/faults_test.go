package llmtest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFaults plays every case to a small reference reader that follows the
// rules of the table, so that the table asks for nothing impossible.
func TestFaults(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Faults() {
		if seen[c.Name] {
			t.Errorf("case %q is there twice", c.Name)
		}
		seen[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			inBubble(t, Options{}, func(t *testing.T, s *Server, client *http.Client) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				s.Queue(c.Script)
				text, got := judge(ctx, client, s.URL())
				if c.Huge && strings.HasPrefix(text, c.WantText) {
					text = c.WantText
				}
				if got != c.Want || text != c.WantText {
					t.Errorf("judge(%v) = %q, %v, want %q, %v", c.Name, text, got, c.WantText, c.Want)
				}
				if waited := ctx.Err() != nil; waited != c.Waits {
					t.Errorf("the answer ran into the limit: %v, want %v", waited, c.Waits)
				}
			})
		})
	}
}

// judge asks one question and classifies what comes back.
func judge(ctx context.Context, client *http.Client, url string) (text, class string) {
	req, _ := http.NewRequestWithContext(ctx, "POST", url+"/chat/completions", strings.NewReader(`{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}`))
	req.Header.Set("Authorization", "Bearer "+DefaultKey)
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := client.Transport.RoundTrip(req) // follows no redirect
	if err != nil {
		return "", Failed
	}
	defer resp.Body.Close()
	r := reader{}
	if resp.StatusCode == 200 {
		r.read(io.LimitReader(resp.Body, 1<<20))
	}
	text = regexp.MustCompile(`(?s)<think>.*?</think>`).ReplaceAllString(r.text, "")
	switch {
	case r.finished:
		return text, Complete
	case text != "":
		return text, Cut
	}
	return "", Failed
}

type reader struct {
	text     string
	finished bool // a good finish_reason arrived, or the mark for the end
	failed   bool // a bad finish_reason arrived
	over     bool // nothing after this counts
}

// read takes the body line by line, each piece as soon as it is there.
func (r *reader) read(body io.Reader) {
	var line, data strings.Builder
	var lines []string
	buf := make([]byte, 32<<10)
	first := true
	endLine := func() {
		l := line.String()
		line.Reset()
		if first {
			l, first = strings.TrimPrefix(l, "\ufeff"), false
		}
		if l != "" && len(l) < 1<<20 && len(lines) < 1000 {
			lines = append(lines, l)
		}
		switch field, value, _ := strings.Cut(l, ":"); {
		case l == "":
			r.event(data.String())
			data.Reset()
		case field == "data":
			// Providers that leave out the blank lines send whole objects.
			if json.Valid([]byte(data.String())) {
				r.event(data.String())
				data.Reset()
			}
			data.WriteString(strings.TrimPrefix(value, " ") + "\n")
		}
	}
	cr := false
	for !r.over {
		n, err := body.Read(buf)
		for _, b := range buf[:n] {
			if b == '\n' && cr {
				cr = false
				continue
			}
			if cr = b == '\r'; cr || b == '\n' {
				endLine()
			} else {
				line.WriteByte(b)
			}
		}
		if err != nil {
			break
		}
	}
	if !r.over {
		endLine()
		r.event(data.String())
		if r.text == "" && !r.finished {
			r.event(strings.Join(lines, "\n")) // not a stream: one JSON object, perhaps
			r.finished = r.text != ""
		}
	}
}

// event takes one event's data, whatever its types are.
func (r *reader) event(data string) {
	if r.over {
		return
	}
	if strings.TrimSpace(data) == "[DONE]" {
		r.over = true
		r.finished = r.finished || r.text != "" && !r.failed
		return
	}
	var v map[string]any
	if json.Unmarshal([]byte(data), &v) != nil {
		return
	}
	_, message := v["message"]
	if v["error"] != nil || v["object"] == "error" || message {
		r.over = true
		return
	}
	choices, _ := v["choices"].([]any)
	for _, c := range choices {
		choice, _ := c.(map[string]any)
		if choice["index"] != 0.0 {
			continue
		}
		for _, key := range []string{"delta", "message"} {
			said, _ := choice[key].(map[string]any)
			switch content := said["content"].(type) {
			case string:
				r.text += content
			case []any:
				for _, b := range content {
					if block, _ := b.(map[string]any); block["type"] == "text" {
						r.text += block["text"].(string)
					}
				}
			}
			if refusal, ok := said["refusal"].(string); ok {
				r.text += refusal
			}
		}
		finish, _ := choice["finish_reason"].(string)
		r.failed = r.failed || strings.Contains(finish, "error")
		r.finished = r.finished || slices.Contains([]string{"stop", "length", "content_filter", "tool_calls", "function_call"}, finish)
	}
}
