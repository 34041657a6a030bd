package llm_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"feedbackbot/llm"
	"feedbackbot/llm/llmtest"
)

// events are the pieces of a sound stream: its beginning up to the last text,
// and its end.
func events(text string) (head, end string) {
	whole := string(llmtest.SSE(llmtest.Script{Text: text}))
	at := strings.Index(whole, `"finish_reason":"stop"`)
	at = strings.LastIndex(whole[:at], "data: ")
	return whole[:at], whole[at:]
}

// once answers with a script, and a second try with what ends all tries.
func once(s *llmtest.Server, script llmtest.Script) {
	s.SetAnswer(func(llmtest.Request) llmtest.Script { return llmtest.Error(401, "once is enough") })
	s.Queue(script)
}

// No server can make us take more memory than the cap and some copies of it,
// not even all the hostile ones at once.
func TestMemory(t *testing.T) {
	const bound = 256 << 20
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var all sync.WaitGroup
	ran := 0
	for _, c := range llmtest.Faults() {
		if !c.Huge {
			continue
		}
		ran++
		s := serve(t)
		once(s, c.Script)
		model := client(t, llm.Options{BaseURL: s.URL()})
		all.Go(func() {
			answer, _, err := stream(t.Context(), model, hello)
			if err == nil || len(answer.Text) > 4<<20 {
				t.Errorf("Stream(%v) = %v bytes, %v, want at most the cap and an error", c.Name, len(answer.Text), err)
			}
		})
	}
	all.Wait()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > bound {
		t.Errorf("%v huge answers took %v MB, want at most %v", ran, grown>>20, bound>>20)
	}
	if ran < 8 {
		t.Errorf("%v huge answers, want at least 8", ran)
	}
}

// An event of many lines, which would be judged over and over, is given up for
// their number, long before its size is too much.
func TestManyLines(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"numbers": "data:[1\n" + strings.Repeat("data:,1\n", 500_000),
		"blanks":  "data:  \n" + strings.Repeat("data:\n", 600_000),
	} {
		s := serve(t)
		once(s, llmtest.Script{Raw: []byte(raw)})
		lines, logger := log()
		_, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL(), Log: logger}), hello)
		if told := fmt.Sprint(err, lines); !strings.Contains(told, "lines") {
			t.Errorf("Stream(%v) = %v, want an error about the number of lines; the log says\n%s", name, err, lines)
		}
	}
}

// After the end of an answer, keep-alives do not hold it back: what is waited
// for is only the token counts, and only so long.
func TestTail(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		head, end := events("one two")
		end, _, _ = strings.Cut(end, "\n\n")
		flushed := make(chan struct{})
		listener := pipe(t)
		server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out := http.NewResponseController(w)
			w.Write([]byte(head + end + "\n\n"))
			out.Flush()
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			defer close(flushed)
			for r.Context().Err() == nil {
				w.Write([]byte(": keep-alive\n\n"))
				out.Flush()
				<-tick.C
			}
		})}
		go server.Serve(listener)
		defer server.Close()
		began := time.Now()
		answer, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: "http://" + listener.Addr().String()}), hello)
		if took := time.Since(began); err != nil || answer.Text != "one two" || took != 2*time.Second {
			t.Errorf("Stream() = %q, %v after %v, want the answer after 2 s", answer.Text, err, took)
		}
		<-flushed // the connection was let go
	})
}

// Comments keep a slow model alive; silence does not.
func TestIdle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		head, end := events("one two")
		comment := ": " + strings.Repeat("-", 56) + "\n\n"
		raw := strings.Repeat(comment, 30) + head + end // the comments alone take longer than Idle
		s := piped(t)
		s.Queue(llmtest.Script{Raw: []byte(raw), RawStep: len(comment), RawDelay: 20 * time.Millisecond})
		const idle = 400 * time.Millisecond
		c := client(t, llm.Options{BaseURL: s.URL(), Idle: idle})
		if answer, _, err := stream(t.Context(), c, hello); err != nil || answer.Text != "one two" {
			t.Errorf("Stream() with comments = %q, %v, want the answer", answer.Text, err)
		}
		s.Queue(llmtest.Script{Text: "one two three", StallAfter: 2})
		began := time.Now()
		answer, _, err := stream(t.Context(), c, hello)
		var e *llm.Error
		if took := time.Since(began); !errors.As(err, &e) || e.Kind != llm.Silent || answer.Text != "one two" || took != idle {
			t.Errorf("Stream() with a stall = %q, %v after %v, want the text and silent after %v", answer.Text, err, took, idle)
		}
	})
}

// Nobody waits for a try that is not made.
func TestNoWaitAfterTheLastTry(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := piped(t)
		var last time.Time
		tries := 0 // requests come one after another
		s.SetAnswer(func(llmtest.Request) llmtest.Script {
			last = time.Now()
			if tries++; tries < 3 {
				return llmtest.Error(503, "down")
			}
			return llmtest.RateLimited(20 * time.Second)
		})
		_, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL()}), hello)
		var e *llm.Error
		if waited := time.Since(last); !errors.As(err, &e) || e.Kind != llm.Busy || tries != 3 || waited != 0 {
			t.Errorf("Stream() = %v after %v tries and %v, want busy after 3 at once", err, tries, waited)
		}
	})
}

// A redirect says what to do about it.
func TestRedirectText(t *testing.T) {
	for _, status := range []int{302, 307} {
		s := serve(t)
		s.Queue(llmtest.Script{Status: status, Header: http.Header{"Location": {"https://example.org/"}}})
		if _, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL()}), hello); err == nil || !strings.Contains(err.Error(), "base URL") {
			t.Errorf("Stream(%v) = %v, want a word about the base URL", status, err)
		}
	}
}

// Token counts are what the provider says, and nothing absurd.
func TestTokenCounts(t *testing.T) {
	faults := llmtest.Faults()
	for name, want := range map[string][2]int64{
		"normal": {-1, 6}, "negative usage": {0, 0}, "huge usage": {0, 0}, "usage with fractions": {1, 2}, "usage with texts": {1, 0}, "usage as text": {0, 0},
	} {
		for _, c := range faults {
			if c.Name != name {
				continue
			}
			s := serve(t)
			s.Queue(c.Script)
			answer, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL()}), hello)
			if err != nil || want[0] >= 0 && answer.InputTokens != want[0] || want[0] < 0 && answer.InputTokens <= 0 || answer.OutputTokens != want[1] {
				t.Errorf("Stream(%v) counts %v and %v (%v), want %v", name, answer.InputTokens, answer.OutputTokens, err, want)
			}
		}
	}
}

// What is thrown away counts for nothing: long thoughts come before some answers.
func TestLongThoughts(t *testing.T) {
	s := serve(t)
	var raw strings.Builder
	for range 12_000 {
		raw.WriteString(`data: {"id":"gen-1","object":"chat.completion.chunk","created":1767225600,"model":"m","provider":"p","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":" and","reasoning_details":[{"type":"reasoning.text","text":" and","format":"unknown","index":0,"signature":"`)
		raw.WriteString(strings.Repeat("x", 120) + `"}]},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]}` + "\n\n")
	}
	head, end := events("one two")
	once(s, llmtest.Script{Raw: []byte(raw.String() + head + end)})
	answer, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL(), MaxTokens: 32_000}), hello)
	if err != nil || answer.Text != "one two" || len(s.Requests()) != 1 || raw.Len() < 4<<20 {
		t.Errorf("Stream() = %q, %v after %d bytes and %d requests, want the answer at once", answer.Text, err, raw.Len(), len(s.Requests()))
	}
}
