package llm_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"feedbackbot/llm"
	"feedbackbot/llm/llmtest"
)

// pipes are the servers that clients reach through memory, by address.
var pipes sync.Map

// TestMain makes these known to every client, which copies the transport.
func TestMain(m *testing.M) {
	transport := http.DefaultTransport.(*http.Transport)
	network := transport.DialContext
	transport.DialContext = func(ctx context.Context, kind, addr string) (net.Conn, error) {
		if p, ok := pipes.Load(addr); ok {
			return p.(*llmtest.Pipe).DialContext(ctx, kind, addr)
		}
		return network(ctx, kind, addr)
	}
	os.Exit(m.Run())
}

// inBubble runs a test on a clock that jumps: nothing in it waits for real time,
// and only what it waits for itself makes time go by.
func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Parallel()
	synctest.Test(t, test)
}

// pipe returns a listener for a server in a bubble.
func pipe(t testing.TB) *llmtest.Pipe {
	p := llmtest.NewPipe()
	pipes.Store(p.Addr().String(), p)
	t.Cleanup(func() { pipes.Delete(p.Addr().String()) })
	return p
}

// piped is serve for a test in a bubble.
func piped(t testing.TB) *llmtest.Server {
	t.Helper()
	s, err := llmtest.New(llmtest.Options{Listener: pipe(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func serve(t testing.TB) *llmtest.Server {
	t.Helper()
	s, err := llmtest.New(llmtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func client(t testing.TB, o llm.Options) *llm.Client {
	t.Helper()
	if o.Key == "" {
		o.Key = llmtest.DefaultKey
	}
	if o.Model == "" {
		o.Model = "scripted"
	}
	c, err := llm.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var hello = []llm.Message{{Role: llm.User, Content: "hello"}}

// stream asks and returns the answer, what was shown piece by piece, and the
// error.
func stream(ctx context.Context, c *llm.Client, conversation []llm.Message) (llm.Answer, string, error) {
	var shown strings.Builder
	answer, err := c.Stream(ctx, conversation, func(text string, anew bool) {
		if anew {
			shown.Reset()
		}
		shown.WriteString(text)
	})
	return answer, shown.String(), err
}

// Whatever a provider gets wrong, an answer counts as complete only with a good
// finish reason, and no text that arrived is lost.
func TestFaults(t *testing.T) {
	for _, c := range llmtest.Faults() {
		t.Run(c.Name, func(t *testing.T) {
			if c.Script.DropAfter != 0 || c.Huge { // a huge one is faster over a real socket // a reset needs a real connection
				t.Parallel()
				testFault(t, serve(t), c)
				return
			}
			inBubble(t, func(t *testing.T) { testFault(t, piped(t), c) })
		})
	}
}

func testFault(t *testing.T, s *llmtest.Server, c llmtest.Case) {
	s.SetAnswer(func(llmtest.Request) llmtest.Script { return c.Script })
	o := llm.Options{BaseURL: s.URL()}
	if c.Waits {
		o.Idle, o.Total = time.Second, 3*time.Second
	}
	answer, shown, err := stream(t.Context(), client(t, o), hello)
	class := llmtest.Complete
	switch {
	case err != nil && answer.Text != "":
		class = llmtest.Cut
	case err != nil:
		class = llmtest.Failed
	}
	var e *llm.Error
	if err != nil && !errors.As(err, &e) {
		t.Errorf("error %T, want *llm.Error", err)
	}
	if err != nil && (len(err.Error()) > 400 || strings.ContainsFunc(err.Error(), unicode.IsControl) || strings.Contains(err.Error(), llmtest.DefaultKey)) {
		t.Errorf("error %.500q, want one short line without the key", err)
	}
	// A complete answer that shows nothing is an error of its own kind.
	blank := c.Want == llmtest.Complete && e != nil && (e.Kind == llm.Empty || e.Kind == llm.Moderated)
	if class != c.Want && !blank {
		t.Errorf("class = %s (%v), want %s", class, err, c.Want)
	}
	ok := answer.Text == c.WantText
	if c.Huge {
		ok = strings.HasPrefix(answer.Text, c.WantText)
	}
	if !ok || shown != answer.Text {
		t.Errorf("text = %q, shown %q, want %q", answer.Text, shown, c.WantText)
	}
}

// A stream that is cut anywhere is either complete or an error with the text
// that had arrived; delivered byte by byte it is the same as at once.
func TestEveryCut(t *testing.T) {
	whole := llmtest.SSE(llmtest.Script{Tokens: []string{"One ", "two\n", "*three* ", "🎉 ", "five."}})
	const text = "One two\n*three* 🎉 five."
	s := serve(t)
	c := client(t, llm.Options{BaseURL: s.URL()})
	first := strings.Index(string(whole), "One ") // before it, a cut is tried again, with pauses
	first += strings.Index(string(whole[first:]), "\n\n") + 2
	for n := first; n <= len(whole); n++ {
		s.SetAnswer(func(llmtest.Request) llmtest.Script {
			return llmtest.Script{Raw: whole[:n:n], ContentType: "text/event-stream"}
		})
		answer, _, err := stream(t.Context(), c, hello)
		if err == nil && answer.Text != text || !strings.HasPrefix(text, answer.Text) {
			t.Fatalf("cut at %d: %q, %v, want all of %q or an error with its beginning", n, answer.Text, err, text)
		}
	}
	s.SetAnswer(func(llmtest.Request) llmtest.Script { return llmtest.Script{Raw: whole, RawStep: 1} })
	if answer, _, err := stream(t.Context(), c, hello); err != nil || answer.Text != text || answer.Finish != llm.Stop {
		t.Errorf("byte by byte: %+v, %v, want %q", answer, err, text)
	}
}

// A busy provider is asked again before the first text, and never after it.
func TestRetries(t *testing.T) {
	for _, test := range []struct {
		name    string
		scripts []llmtest.Script
		want    int // requests
		ok      bool
	}{
		{"Busy", []llmtest.Script{llmtest.RateLimited(10 * time.Millisecond), {Text: "ok"}}, 2, true},
		{"Trouble", []llmtest.Script{llmtest.Error(503, "down"), {Text: "ok"}}, 2, true},
		{"AfterText", []llmtest.Script{{Text: "one two three", CutAfter: 2}, {Text: "ok"}}, 1, false},
		{"BadKey", []llmtest.Script{llmtest.Error(401, "no"), {Text: "ok"}}, 1, false},
		{"TooPatient", []llmtest.Script{llmtest.RateLimited(time.Hour), {Text: "ok"}}, 1, false},
		{"NoStreamOptions", []llmtest.Script{llmtest.Error(422, "extra_forbidden: stream_options"), {Text: "ok"}}, 2, true},
		{"NoMaxTokens", []llmtest.Script{llmtest.Error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'."), {Text: "ok"}}, 2, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := piped(t)
				s.Queue(test.scripts...)
				_, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL(), MaxTokens: 100}), hello)
				if got := len(s.Requests()); got != test.want || (err == nil) != test.ok {
					t.Errorf("%d requests, %v, want %d, ok %v", got, err, test.want, test.ok)
				}
			})
		})
	}
}

// What a server refuses is left out from then on, not only once.
func TestRefusedParametersStayOut(t *testing.T) {
	s := serve(t)
	c := client(t, llm.Options{BaseURL: s.URL(), MaxTokens: 100})
	s.Queue(llmtest.Error(422, "stream_options is not permitted"), llmtest.Script{Text: "a"}, llmtest.Script{Text: "b"})
	for range 2 {
		if _, _, err := stream(t.Context(), c, hello); err != nil {
			t.Fatal(err)
		}
	}
	for n, want := range []bool{true, false, false} {
		if r := s.Requests()[n]; r.IncludeUsage != want || r.MaxTokens != 100 {
			t.Errorf("request %d asks for usage %v and %d tokens, want %v and 100", n, r.IncludeUsage, r.MaxTokens, want)
		}
	}
}

// A conversation that is too long is shortened once, from its old end.
func TestTooLong(t *testing.T) {
	s := serve(t)
	s.Queue(llmtest.Error(400, "This model's maximum context length is 10 tokens"), llmtest.Script{Text: "ok"})
	conversation := []llm.Message{{Role: llm.System, Content: "sys"}, {Role: llm.User, Content: "old"}, {Role: llm.Assistant, Content: "older"}, {Role: llm.User, Content: "new"}}
	if _, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL()}), conversation); err != nil {
		t.Fatal(err)
	}
	got := s.Requests()[1].Messages
	if len(got) >= 4 || got[0].Content != "sys" || got[len(got)-1].Content != "new" {
		t.Errorf("the second request shows %v, want sys, less in between, and new", got)
	}
}

// The key goes to the configured host only, and into no error.
func TestKeyStaysHome(t *testing.T) {
	const key = "sk-canary-1234567890"
	var visits atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer thief.Close()
	for _, status := range []int{301, 302, 307, 308} {
		redirect := httptest.NewServer(http.RedirectHandler(thief.URL, status))
		_, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: redirect.URL, Key: key}), hello)
		redirect.Close()
		if err == nil || visits.Load() != 0 {
			t.Errorf("redirect %d: %v and %d visits elsewhere, want an error and none", status, err, visits.Load())
		}
	}
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":{"message":"bad\nkey %s"}}`, r.Header.Get("Authorization"))
	}))
	defer echo.Close()
	_, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: echo.URL, Key: key}), hello)
	var e *llm.Error
	if !errors.As(err, &e) || e.Kind != llm.BadKey || strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error = %q, want a bad key in one line, without the key", err)
	}
}

// A caller who goes away gets what had arrived.
func TestCanceled(t *testing.T) {
	s := serve(t)
	s.Queue(llmtest.Script{Text: "one two three", StallAfter: 1})
	ctx, cancel := context.WithCancel(t.Context())
	c := client(t, llm.Options{BaseURL: s.URL()})
	answer, err := c.Stream(ctx, hello, func(string, bool) { cancel() })
	var e *llm.Error
	if !errors.As(err, &e) || e.Kind != llm.Canceled || answer.Text == "" {
		t.Errorf("Stream() = %q, %v, want the first text and canceled", answer.Text, err)
	}
}

// A reasoning model's limit has a name of its own, wherever it runs.
func TestLimitField(t *testing.T) {
	s := serve(t)
	for model, completion := range map[string]bool{"gpt-5-mini": true, "o3": true, "llama3": false} {
		before := len(s.Requests())
		if _, _, err := stream(t.Context(), client(t, llm.Options{BaseURL: s.URL(), Model: model, MaxTokens: 77}), hello); err != nil {
			t.Fatal(err)
		}
		r := s.Requests()[before]
		if (r.MaxCompletionTokens == 77) != completion || (r.MaxTokens == 77) == completion {
			t.Errorf("%s: max_completion_tokens %d, max_tokens %d", model, r.MaxCompletionTokens, r.MaxTokens)
		}
	}
}

func ExampleClient_Stream() {
	server, err := llmtest.New(llmtest.Options{})
	if err != nil {
		panic(err)
	}
	defer server.Close()
	model, err := llm.New(llm.Options{BaseURL: server.URL(), Key: llmtest.DefaultKey, Model: "scripted"})
	if err != nil {
		panic(err)
	}
	answer, err := model.Stream(context.Background(), []llm.Message{{Role: llm.User, Content: "What is 2+2?"}}, func(string, bool) {})
	fmt.Println(answer.Text, answer.Finish, err)
	// Output: 2 + 2 = **4** stop <nil>
}
