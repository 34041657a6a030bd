package llmtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sashabaranov/go-openai"
)

func start(t *testing.T, opts Options) (*Server, *openai.Client) {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	config := openai.DefaultConfig(DefaultKey)
	config.BaseURL = s.URL()
	return s, openai.NewClientWithConfig(config)
}

// inBubble runs a test of a server and a client on a clock that jumps.
func inBubble(t *testing.T, opts Options, test func(t *testing.T, s *Server, c *http.Client)) {
	synctest.Test(t, func(t *testing.T) {
		pipe := NewPipe()
		opts.Listener = pipe
		s, _ := start(t, opts)
		transport := &http.Transport{DialContext: pipe.DialContext}
		t.Cleanup(transport.CloseIdleConnections)
		test(t, s, &http.Client{Transport: transport})
	})
}

func question(text string) openai.ChatCompletionRequest {
	return openai.ChatCompletionRequest{
		Model:         "scripted-mini",
		StreamOptions: &openai.StreamOptions{IncludeUsage: true},
		Messages:      []openai.ChatCompletionMessage{{Role: "user", Content: text}},
	}
}

// heard is what an unmodified client made of a stream.
type heard struct {
	Text, Finish string
	Pieces       int
	Usage        *openai.Usage
	Err          error
}

func listen(ctx context.Context, c *openai.Client, req openai.ChatCompletionRequest) (h heard) {
	stream, err := c.CreateChatCompletionStream(ctx, req)
	if err != nil {
		h.Err = err
		return h
	}
	defer stream.Close()
	for {
		got, err := stream.Recv()
		if err != nil {
			h.Err = err
			return h
		}
		if got.Usage != nil {
			h.Usage = got.Usage
		}
		for _, choice := range got.Choices {
			h.Text += choice.Delta.Content
			h.Finish += string(choice.FinishReason)
			if choice.Delta.Content != "" {
				h.Pieces++
			}
		}
	}
}

func TestStream(t *testing.T) {
	s, c := start(t, Options{})
	s.Queue(Script{Text: "Seven minutes,  for a <soft> yolk.\n", Usage: &Usage{5, 6, 11}})
	got := listen(t.Context(), c, question("egg?"))
	want := heard{
		Text: "Seven minutes,  for a <soft> yolk.\n", Finish: "stop", Pieces: 7, Err: io.EOF,
		Usage: &openai.Usage{PromptTokens: 5, CompletionTokens: 6, TotalTokens: 11,
			PromptTokensDetails: &openai.PromptTokensDetails{}, CompletionTokensDetails: &openai.CompletionTokensDetails{}},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) || errors.Is(b, a) })); diff != "" {
		t.Errorf("stream (-want +got):\n%s", diff)
	}
	req := s.Requests()[0]
	if !req.Stream || !req.IncludeUsage || req.Model != "scripted-mini" || req.LastUser() != "egg?" {
		t.Errorf("Requests()[0] = %+v, want a streamed question with usage", req)
	}
}

func TestPlainCompletion(t *testing.T) {
	s, c := start(t, Options{})
	s.Queue(Script{Text: "four", Finish: "length"})
	req := question("2+2")
	req.StreamOptions = nil
	got, err := c.CreateChatCompletion(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Choices[0]; c.Message.Content != "four" || c.FinishReason != "length" || got.Usage.TotalTokens == 0 {
		t.Errorf("CreateChatCompletion = %+v, want four, length and a usage", got)
	}
}

func TestModels(t *testing.T) {
	_, c := start(t, Options{})
	got, err := c.ListModels(t.Context())
	if err != nil || len(got.Models) != 1 || got.Models[0].ID != "scripted-mini" {
		t.Errorf("ListModels() = %v, %v, want scripted-mini", got, err)
	}
}

func TestBreakingOff(t *testing.T) {
	text := "one two three four"
	for _, test := range []struct {
		name   string
		script Script
		text   string
		err    error
	}{
		{"cut", Script{Text: text, CutAfter: 2}, "one two", io.EOF},
		{"cut at once", Script{Text: text, CutAfter: AtOnce}, "", io.EOF},
		{"cut after all", Script{Text: text, CutAfter: 4}, text, io.EOF},
		{"drop", Script{Text: text, DropAfter: 3}, "one two three", syscall.ECONNRESET},
		{"drop at once", Script{Text: text, DropAfter: AtOnce}, "", syscall.ECONNRESET},
		{"drop raw", Script{Raw: []byte(": hello\n"), DropAfter: AtOnce}, "", syscall.ECONNRESET},
		{"short length", Script{Raw: []byte(": hello\n"), Header: http.Header{"Content-Length": {"99"}}}, "", io.ErrUnexpectedEOF},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, c := start(t, Options{})
			s.Queue(test.script)
			got := listen(t.Context(), c, question("count"))
			if got.Text != test.text || got.Finish != "" || !errors.Is(got.Err, test.err) {
				t.Errorf("stream of %v = %q, finish %q, %v, want %q, no finish, %v", test.name, got.Text, got.Finish, got.Err, test.text, test.err)
			}
		})
	}
}

// A stalled answer must end in three ways: by the client, by Close, and never alone.
func TestStall(t *testing.T) {
	for _, script := range []Script{{Text: "one two", StallAfter: 1}, {Raw: SSE(Script{Text: "one"})[:700], StallAfter: AtOnce}, {Forever: true, Raw: []byte(": x\n"), RawDelay: time.Millisecond}, {HeaderDelay: time.Hour}} {
		s, c := start(t, Options{})
		s.Queue(script, script)

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan heard)
		go func() { ended <- listen(ctx, c, question("wait")) }()
		if _, err := s.WaitRequests(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		cancel()
		if got := <-ended; !errors.Is(got.Err, context.Canceled) {
			t.Errorf("stalled stream, cancelled = %v, want %v", got.Err, context.Canceled)
		}

		go func() { ended <- listen(t.Context(), c, question("wait")) }()
		if _, err := s.WaitRequests(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if got := <-ended; got.Err == nil || got.Err == io.EOF || got.Finish != "" {
			t.Errorf("stalled stream, server closed = %+v, want a broken connection and no finish", got)
		}
	}
}

func TestWaitRequestsEnds(t *testing.T) {
	s, _ := start(t, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if got, err := s.WaitRequests(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("WaitRequests(1) = %v, %v, want a deadline error", got, err)
	}
}

func TestRefusals(t *testing.T) {
	s, _ := start(t, Options{Key: "sk-right"})
	post := func(key, body string) (int, string) {
		t.Helper()
		req, _ := http.NewRequestWithContext(t.Context(), "POST", s.URL()+"/chat/completions", strings.NewReader(body))
		if key != "" {
			req.Header.Set("Authorization", "Bearer "+key)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	const good = `"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]`
	for _, test := range []struct {
		key, body string
		status    int
		says      string
	}{
		{"sk-right", `{` + good + `}`, 200, "Hello!"},
		{"", `{` + good + `}`, 401, "didn't provide an API key"},
		{"sk-wrong-and-long", `{` + good + `}`, 401, "Incorrect API key provided: sk-w*********long."},
		{"sk-right", `{`, 400, "could not parse"},
		{"sk-right", `{"model":"m","messages":[]}`, 400, "empty array"},
		{"sk-right", `{"messages":[{"role":"user","content":"hi"}]}`, 400, "model"},
		{"sk-right", `{"model":"m","messages":[{"role":"bot","content":"hi"}]}`, 400, "Invalid value: 'bot'"},
		{"sk-right", `{"model":"m","messages":[{"role":"user","content":7}]}`, 400, "messages[0].content"},
		{"sk-right", `{"stream_options":{},` + good + `}`, 400, "stream_options"},
		{"sk-right", `{"max_tokens":1,"max_completion_tokens":1,` + good + `}`, 400, "same time"},
	} {
		status, body := post(test.key, test.body)
		if status != test.status || !strings.Contains(body, test.says) {
			t.Errorf("POST(%v, %v) = %v %v, want %v with %q", test.key, test.body, status, body, test.status, test.says)
		}
	}
	if got := len(s.Requests()); got != 10 {
		t.Errorf("len(Requests()) = %v, want 10: refused requests count too", got)
	}
}

func TestErrorScripts(t *testing.T) {
	s, c := start(t, Options{})
	s.Queue(Error(500, "The server had an error."), RateLimited(1500*time.Millisecond))
	for _, want := range []int{500, 429} {
		got := listen(t.Context(), c, question("hi"))
		var api *openai.APIError
		if !errors.As(got.Err, &api) || api.HTTPStatusCode != want || api.Message == "" {
			t.Errorf("error answer = %#v, want an APIError with status %v", got.Err, want)
		}
	}
	if got := RateLimited(1500 * time.Millisecond).Header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After = %q, want 2", got)
	}
}

func TestRawIsExact(t *testing.T) {
	s, _ := start(t, Options{})
	want := "\ufeff\x00: odd\r\rdata"
	for step := range 4 {
		s.Queue(Script{Raw: []byte(want), RawStep: step, ContentType: "text/odd"})
		rec := httptest.NewRequest("POST", s.URL()+"/chat/completions", strings.NewReader(`{"model":"m","messages":[{"role":"user"}]}`))
		rec.RequestURI = ""
		rec.Header.Set("Authorization", "Bearer "+DefaultKey)
		resp, err := http.DefaultClient.Do(rec)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(got) != want || resp.Header.Get("Content-Type") != "text/odd" {
			t.Errorf("raw with step %v = %q (%v), want %q", step, got, resp.Header.Get("Content-Type"), want)
		}
	}
}

func TestTokenDelay(t *testing.T) {
	inBubble(t, Options{TokenDelay: 5 * time.Millisecond}, func(t *testing.T, s *Server, c *http.Client) {
		config := openai.DefaultConfig(DefaultKey)
		config.BaseURL, config.HTTPClient = s.URL(), c
		begin := time.Now()
		got := listen(t.Context(), openai.NewClientWithConfig(config), question("hello"))
		if took, want := time.Since(begin), time.Duration(got.Pieces-1)*5*time.Millisecond; took != want || want == 0 {
			t.Errorf("a paced stream of %v tokens took %v of the bubble's time, want 5ms for each after the first", got.Pieces, took)
		}
	})
}

func TestCloseTwice(t *testing.T) {
	s, c := start(t, Options{})
	s.Close()
	s.Close()
	if got := listen(t.Context(), c, question("hi")); !errors.Is(got.Err, syscall.ECONNREFUSED) {
		t.Errorf("request after Close = %v, want %v", got.Err, syscall.ECONNREFUSED)
	}
	if _, err := New(Options{Addr: "256.0.0.1:0"}); err == nil {
		t.Error("New with an impossible address = nil error, want one")
	}
}

func Example() {
	s, err := New(Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	config := openai.DefaultConfig(DefaultKey)
	config.BaseURL = s.URL()
	client := openai.NewClientWithConfig(config)
	ask := func(text string) {
		got, err := client.CreateChatCompletion(context.Background(), openai.ChatCompletionRequest{
			Model:    "scripted-mini",
			Messages: []openai.ChatCompletionMessage{{Role: "user", Content: text}},
		})
		if err != nil {
			fmt.Println("error:", err)
			return
		}
		fmt.Println(got.Choices[0].Message.Content)
	}

	ask("What is 2+2?")
	s.Queue(Script{Text: "Four, I think."}, RateLimited(0))
	ask("What is 2+2?")
	ask("What is 2+2?")
	// Output:
	// 2 + 2 = **4**
	// Four, I think.
	// error: error, status code: 429, status: 429 Too Many Requests, message: Rate limit reached for requests. Please slow down.
}
