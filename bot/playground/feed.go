package playground

import (
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// maxTimeline is how many entries of the timeline are kept.
const maxTimeline = 500

// maxBehind is how far a page may be behind before it is told to load again.
const maxBehind = 2000

// entry is a line of the timeline: something that happened, for a person, with
// the JSON that went over the wire.
type entry struct {
	N      int             `json:"n"`
	At     time.Time       `json:"at"`
	Kind   string          `json:"kind"` // gateway, rest, model, vote, backend, bot
	Title  string          `json:"title"`
	Status int             `json:"status,omitempty"` // of the answer, for requests
	Silent bool            `json:"silent,omitempty"` // the request got no answer
	Detail json.RawMessage `json:"detail,omitempty"`
}

// feed passes what happens to the open pages.
type feed struct {
	mu      sync.Mutex
	closed  bool
	entries []entry
	last    int
	readers map[*reader]struct{}
}

// reader is one open page.
type reader struct {
	member string      // who the visitor is on it
	events chan []byte // closed when the page must load again
}

func newFeed() *feed { return &feed{readers: map[*reader]struct{}{}} }

func (f *feed) open(member string) *reader {
	r := &reader{member: member, events: make(chan []byte, maxBehind)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		close(r.events)
		return r
	}
	f.readers[r] = struct{}{}
	return r
}

func (f *feed) leave(r *reader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(r)
}

func (f *feed) drop(r *reader) {
	if _, open := f.readers[r]; open {
		delete(f.readers, r)
		close(r.events)
	}
}

// tell adds a line to the timeline.
func (f *feed) tell(e entry) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	f.mu.Lock()
	f.last++
	e.N = f.last
	if f.entries = append(f.entries, e); len(f.entries) > maxTimeline {
		f.entries = slices.Delete(f.entries, 0, len(f.entries)-maxTimeline)
	}
	f.mu.Unlock()
	f.send(object{"type": "timeline", "entry": e}, nil)
}

func (f *feed) timeline() []entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.entries)
}

type object = map[string]any

// send passes an event to the pages of those members who may see it; nil is
// everybody.
func (f *feed) send(v any, sees func(memberID string) bool) {
	data, err := json.Marshal(v)
	if err != nil {
		return // nothing that is sent here fails to encode
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.readers {
		if sees != nil && !sees(r.member) {
			continue
		}
		select {
		case r.events <- data:
		default:
			f.drop(r)
		}
	}
}

func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for r := range f.readers {
		f.drop(r)
	}
}
