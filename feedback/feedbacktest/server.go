package feedbacktest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
)

// Server is the HTTP server of a fake platform, with the faults of a [Harness].
type Server struct {
	URL string

	mu     sync.Mutex
	fault  Fault
	calls  []Call
	server *httptest.Server
}

// Call is a request as it arrived, and the status of its answer; 0 for none.
type Call struct {
	Method, Path string
	Header       http.Header
	Body         []byte
	Status       int
}

// maxBody is more than any request of a test.
const maxBody = 16 << 20

// NewServer starts a server in which handle does what a healthy platform does.
// It ends with the test.
func NewServer(t testing.TB, handle http.Handler) *Server {
	s := &Server{}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, handle) }))
	s.server.Config.SetKeepAlivesEnabled(false) // an open connection would keep a bubble's clock from going on
	s.URL = s.server.URL
	t.Cleanup(s.server.Close)
	return s
}

// Fail sets what the server does from now on.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Calls returns what has arrived so far.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, handle http.Handler) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	answer := httptest.NewRecorder()
	switch fault {
	case Works, LoseAnswer:
		handle.ServeHTTP(answer, r)
	case Refuse:
		http.Error(answer, "this item is not good", http.StatusUnprocessableEntity)
	case Unauthorized:
		http.Error(answer, "who are you?", http.StatusUnauthorized)
	case Busy:
		answer.Header().Set("Retry-After", strconv.Itoa(int(RetryAfter.Seconds())))
		http.Error(answer, "slower, please", http.StatusTooManyRequests)
	case Down:
		http.Error(answer, "<html>down</html>", http.StatusServiceUnavailable)
	case WebPage:
		answer.Header().Set("Content-Type", "text/html; charset=utf-8")
		answer.WriteString("<!DOCTYPE html><title>Log in</title>")
	case Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	default:
		panic(fmt.Sprintf("unknown fault %q", fault))
	}
	status := answer.Code
	if fault == LoseAnswer {
		status = 0
	}
	s.mu.Lock()
	s.calls = append(s.calls, Call{r.Method, r.URL.RequestURI(), r.Header.Clone(), body, status})
	s.mu.Unlock()
	if status == 0 {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	w.Write(answer.Body.Bytes())
}
