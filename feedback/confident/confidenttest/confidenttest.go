// Package confidenttest is a fake Confident AI on a real socket, for tests and
// for trying a bot without an account.
//
// It speaks both generations of the protocol, today's traces and annotations
// and the events and feedback of deepeval up to 2.x, and it is strict: whatever
// the documentation does not allow is refused and kept as a problem.
//
//	s, err := confidenttest.New(confidenttest.Options{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer s.Close()
//	// ... point CONFIDENT_BASE_URL at s.URL(), click a button, then:
//	err = s.Wait(ctx, func(s *confidenttest.Server) bool { return len(s.Annotations()) == 1 })
//	for _, p := range s.Problems() {
//		t.Error(p)
//	}
package confidenttest

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// DefaultKey is the API key a server accepts when Options.Key is empty.
const DefaultKey = "confident_us_test"

// Options configure a Server. The zero value is ready to use.
type Options struct {
	// Addr is where to listen; default 127.0.0.1:0, a free port.
	Addr string
	// Key is the one API key that is accepted; default DefaultKey.
	Key string
	// HideUsers leaves out who made an annotation when it is read back, as
	// the document allows.
	HideUsers bool
	// OpenAPI is the path of Confident AI's own OpenAPI document. With it,
	// whatever the document does not allow is kept as a problem too.
	OpenAPI string
}

// Server is a running fake. Its methods are safe for concurrent use.
type Server struct {
	opts Options
	ln   net.Listener
	http *http.Server
	stop context.CancelFunc // ends every handler that waits
	done sync.WaitGroup     // the accept loop and all handlers
	docs schemas            // nil without Options.OpenAPI

	mu          sync.Mutex
	closed      bool
	down        bool
	key         string
	faults      []*Fault
	requests    []Request
	problems    []string
	traces      []Trace
	annotations []Annotation
	events      []Event
	feedbacks   []Feedback
	changed     chan struct{} // closed and replaced when anything above grows
}

// New starts a server. The caller must Close it.
func New(opts Options) (*Server, error) {
	var docs schemas
	if opts.OpenAPI != "" {
		var err error
		if docs, err = loadSchemas(opts.OpenAPI); err != nil {
			return nil, err
		}
	}
	ln, err := net.Listen("tcp", cmp.Or(opts.Addr, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("confidenttest: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{opts: opts, docs: docs, ln: ln, stop: stop, key: cmp.Or(opts.Key, DefaultKey), changed: make(chan struct{})}
	s.http = &http.Server{
		Handler: http.HandlerFunc(s.serve),
		// Every request's context ends with the server, so nothing outlives Close.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	s.http.SetKeepAlivesEnabled(false) // an open connection would keep a bubble's clock from going on
	s.done.Go(func() { s.http.Serve(ln) })
	return s, nil
}

// URL is the base URL for a client, without a path: what CONFIDENT_BASE_URL takes.
func (s *Server) URL() string { return "http://" + s.ln.Addr().String() }

// Close stops the server and waits until all of it has ended. A second Close
// does nothing.
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

// SetKey replaces the key that is accepted, as a rotation does.
func (s *Server) SetKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = key
}

// Wait returns as soon as ok reports true, or with an error when ctx ends first.
// It asks at once, and again after every arrival; ok may call any method.
func (s *Server) Wait(ctx context.Context, ok func(*Server) bool) error {
	for {
		s.mu.Lock()
		changed := s.changed // taken before asking, so that no arrival is missed
		s.mu.Unlock()
		if ok(s) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("confidenttest: waited in vain, %d requests arrived, problems: %q: %w", len(s.Requests()), s.Problems(), context.Cause(ctx))
		}
	}
}

// Request is one request as it arrived, refused and dropped ones included.
type Request struct {
	Method string
	Path   string
	Query  string
	Header http.Header
	Body   []byte
	At     time.Time
	// KeyHeader is how the key was sent: CONFIDENT_API_KEY,
	// CONFIDENT-API-KEY, or "" for not at all.
	KeyHeader string
	// Status is what was answered; 0 as long as nothing was.
	Status int
}

// Requests returns every request so far, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Problems returns everything a client did against the documentation, one
// sentence each. A correct client leaves it empty.
func (s *Server) Problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.problems)
}

// Traces returns the traces that are stored, in the order of their first arrival.
func (s *Server) Traces() []Trace {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.traces)
}

// Annotations returns the annotations as they stand after all changes, oldest first.
func (s *Server) Annotations() []Annotation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.annotations)
}

// Events returns the legacy events that are stored, oldest first.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Feedbacks returns the legacy feedback that is stored, oldest first.
func (s *Server) Feedbacks() []Feedback {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.feedbacks)
}

// wake ends every Wait's pause. The caller holds the lock.
func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}
