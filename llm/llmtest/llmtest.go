// Package llmtest is a scripted OpenAI-compatible chat server on a real
// socket, for tests and for trying a bot without an account.
//
// Left alone it gives short, friendly, deterministic answers ([Friendly]). A
// [Script] decides what a single answer looks like, down to its bytes, its pace
// and the way it breaks off; [Faults] is a table of the ways real providers do.
//
//	s, err := llmtest.New(llmtest.Options{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer s.Close()
//	s.Queue(llmtest.RateLimited(time.Second), llmtest.Script{Text: "Seven minutes."})
//
//	config := openai.DefaultConfig(llmtest.DefaultKey)
//	config.BaseURL = s.URL()
//	client := openai.NewClientWithConfig(config)
package llmtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// DefaultKey is the API key a server accepts when Options.Key is empty.
const DefaultKey = "test-key"

// Options configure a Server. The zero value is ready to use.
type Options struct {
	// Addr is where to listen; default 127.0.0.1:0, a free port.
	Addr string
	// Listener, when set, is what to listen on instead, such as a [Pipe].
	Listener net.Listener
	// Key is the one API key that is accepted; default DefaultKey.
	Key string
	// Template is what the model's chat template takes; default Any.
	Template Template
	// TokenDelay is the pause before each token of a stream, unless the script
	// says otherwise. 0 streams as fast as it can; 20ms reads like a human pace.
	TokenDelay time.Duration
	// Answer decides what is sent when nothing is queued; default Friendly.
	// It may be called from several goroutines at once.
	Answer func(Request) Script
}

// Server is a running chat server. Its methods are safe for concurrent use.
type Server struct {
	opts Options
	ln   net.Listener
	http *http.Server
	stop context.CancelFunc // ends every handler that waits
	done sync.WaitGroup     // the accept loop and all handlers

	mu       sync.Mutex
	closed   bool
	answer   func(Request) Script
	queue    []Script
	requests []Request
	arrived  chan struct{} // closed and replaced when a request arrives
}

// New starts a server. The caller must Close it.
func New(opts Options) (*Server, error) {
	opts.Addr = cmp.Or(opts.Addr, "127.0.0.1:0")
	opts.Key = cmp.Or(opts.Key, DefaultKey)
	ln := opts.Listener
	if ln == nil {
		var err error
		if ln, err = net.Listen("tcp", opts.Addr); err != nil {
			return nil, fmt.Errorf("llmtest: %w", err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{opts: opts, ln: ln, stop: stop, arrived: make(chan struct{})}
	s.SetAnswer(opts.Answer)
	s.http = &http.Server{
		Handler: s.tracked(s.routes()),
		// Every request's context ends with the server, so nothing outlives Close.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	s.done.Go(func() { s.http.Serve(ln) })
	return s, nil
}

// URL is the base URL for a client; it ends in /v1.
func (s *Server) URL() string { return "http://" + s.ln.Addr().String() + "/v1" }

// Close cuts every open answer, stops the server and waits until all of it has
// ended. A second Close does nothing.
func (s *Server) Close() {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if !closed {
		s.stop()
		s.http.Close()
	}
	s.done.Wait()
}

// Queue adds scripts for the next chat requests, one each, in order. Requests
// with a wrong key or a malformed body do not use one up.
func (s *Server) Queue(scripts ...Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, scripts...)
}

// SetAnswer replaces what is sent when nothing is queued; nil means Friendly.
func (s *Server) SetAnswer(answer func(Request) Script) {
	if answer == nil {
		answer = Friendly
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// Requests returns the chat requests that arrived so far, oldest first,
// including those that were refused.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// WaitRequests returns as soon as at least n chat requests have arrived, or
// with an error when ctx ends first.
func (s *Server) WaitRequests(ctx context.Context, n int) ([]Request, error) {
	for {
		s.mu.Lock()
		got, arrived := slices.Clone(s.requests), s.arrived
		s.mu.Unlock()
		if len(got) >= n {
			return got, nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return got, fmt.Errorf("llmtest: %d of %d requests arrived: %w", len(got), n, context.Cause(ctx))
		}
	}
}

// record keeps a request and wakes those who wait for it.
func (s *Server) record(req Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	close(s.arrived)
	s.arrived = make(chan struct{})
}

// next takes the script for a request: the queue's first, else the answerer's.
func (s *Server) next(req Request) Script {
	s.mu.Lock()
	if len(s.queue) > 0 {
		defer s.mu.Unlock()
		sc := s.queue[0]
		s.queue = s.queue[1:]
		return sc
	}
	answer := s.answer
	s.mu.Unlock()
	return answer(req) // unlocked: it may call the server's own methods
}

// tracked makes Close wait for the handlers, which http.Server.Close does not.
func (s *Server) tracked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			panic(http.ErrAbortHandler)
		}
		s.done.Add(1)
		s.mu.Unlock()
		defer s.done.Done()
		next.ServeHTTP(w, r)
		if r.Context().Err() != nil {
			panic(http.ErrAbortHandler) // to return would end the answer as if it were whole
		}
	})
}

// pause waits for d, or returns an error when the client leaves or the server
// closes. A negative d waits for just that.
func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	var over <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return errors.New("llmtest: nobody is listening any more")
	}
}
