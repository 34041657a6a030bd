package discordtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is one REST request as the server saw it and how it was answered.
type Request struct {
	Method   string
	Path     string // below /api/vN
	Query    string
	Route    string // the pattern, such as /channels/{channel_id}/messages; empty if unknown
	Header   http.Header
	Body     []byte
	Status   int // 0 if the connection was dropped
	At       time.Time
	Duration time.Duration
}

// Event is something that happened; see the Kind constants for what Data holds.
type Event struct {
	At   time.Time
	Kind string
	Data any
}

// The kinds of events, with the type of their Data.
const (
	KindRequest     = "request"     // Request, answered
	KindDispatch    = "dispatch"    // Dispatch, sent to the bot
	KindConnect     = "connect"     // Connection: a gateway connection was opened
	KindIdentify    = "identify"    // Connection
	KindResume      = "resume"      // Connection
	KindHeartbeat   = "heartbeat"   // Connection
	KindDisconnect  = "disconnect"  // Connection, with the code the bot closed with
	KindMessage     = "message"     // Message, created
	KindEdit        = "edit"        // Message, as it is now
	KindDelete      = "delete"      // Message, as it was
	KindChannel     = "channel"     // Channel: a thread was opened
	KindTyping      = "typing"      // string: the id of the channel in which the bot types
	KindInteraction = "interaction" // *Interaction, sent to the bot
	KindAnswer      = "answer"      // *Interaction, acknowledged: Wait returns at once
	KindFail        = "fail"        // *Interaction, not acknowledged in time
	KindCommands    = "commands"    // nil: the app has registered commands, see Commands
	KindProblem     = "problem"     // string, as in Problems
)

// Dispatch is an event that went to one session of the bot.
type Dispatch struct {
	Event string // such as MESSAGE_CREATE
	Seq   int64
	Shard int
	Data  json.RawMessage
}

// Connection describes a gateway connection.
type Connection struct {
	Session string
	Shard   int
	Code    int
	Host    string // where a RESUME came in
}

// traffic is what was observed: requests, problems, and the state of the limits.
type traffic struct {
	requests     []Request
	problems     []string
	agents       map[string]bool // User-Agent values that were complained about
	faults       []*fault
	refuseUntil  time.Time
	buckets      map[string]*bucket
	bucketsSwept time.Time
	recent       []time.Time // ring of the newest GlobalRPS requests
	recentNext   int
	nonces       map[string]nonce
	noncesSwept  time.Time
	invalid      int
	refusedAt    time.Time // when the first 401 was answered
	sinceRefused int
}

func newTraffic() traffic {
	return traffic{agents: map[string]bool{}, buckets: map[string]*bucket{}, nonces: map[string]nonce{}}
}

// maxProblems keeps a load test with a wrong bot from filling the memory.
const maxProblems = 1000

// problem records something a correct bot never does. The caller holds s.mu.
func (s *Server) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if len(s.problems) < maxProblems {
		s.problems = append(s.problems, text)
	}
	s.emit(KindProblem, text)
}

// Problems lists everything a correct bot must never have done, oldest first, and what is wrong with the fake itself
// after the prefix "fake:". A test of a bot ends by asking for an empty list. At most 1000 are kept.
func (s *Server) Problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.problems)
}

// Requests returns the newest REST requests, oldest first, at most Options.KeepRequests.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests[max(0, len(s.requests)-s.opt.KeepRequests):])
}

// InvalidRequests counts the answers that lead to a Cloudflare ban at 10,000 in ten minutes: 401, 403, and 429 unless
// its scope is shared.
func (s *Server) InvalidRequests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.invalid
}

func (s *Server) logRequest(r Request, shared bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) >= 2*s.opt.KeepRequests {
		s.requests = append(s.requests[:0], s.requests[len(s.requests)-s.opt.KeepRequests:]...)
	}
	s.requests = append(s.requests, r)
	if r.Status == 401 || r.Status == 403 || r.Status == 429 && !shared {
		s.invalid++
	}
	s.emit(KindRequest, r)
}

// subscriber hands events to one function, in order, from one goroutine.
type subscriber struct {
	mu    sync.Mutex
	queue []Event
	wake  chan struct{}
	stop  chan struct{}
}

// Subscribe calls f with everything that happens from now on, one event after the other, until the returned function
// is called. A slow f delays nobody else.
func (s *Server) Subscribe(f func(Event)) (unsubscribe func()) {
	sub := &subscriber{wake: make(chan struct{}, 1), stop: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return func() {}
	}
	s.subscribers[sub] = struct{}{}
	s.wg.Go(func() { sub.run(f, s.done) })
	var once sync.Once
	return func() {
		once.Do(func() {
			s.mu.Lock()
			delete(s.subscribers, sub)
			s.mu.Unlock()
			close(sub.stop)
		})
	}
}

func (sub *subscriber) run(f func(Event), done chan struct{}) {
	for {
		select {
		case <-sub.wake:
		case <-sub.stop:
			return
		case <-done:
			return
		}
		sub.mu.Lock()
		batch := sub.queue
		sub.queue = nil
		sub.mu.Unlock()
		for _, e := range batch {
			f(e)
		}
	}
}

// emit tells the subscribers. The caller holds s.mu, which is what keeps the events in order.
func (s *Server) emit(kind string, data any) {
	if len(s.subscribers) == 0 {
		return
	}
	e := Event{At: time.Now(), Kind: kind, Data: data}
	for sub := range s.subscribers {
		sub.mu.Lock()
		sub.queue = append(sub.queue, e)
		sub.mu.Unlock()
		select {
		case sub.wake <- struct{}{}:
		default:
		}
	}
}
