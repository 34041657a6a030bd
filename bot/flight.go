package bot

import (
	"context"
	"errors"
	"sync"

	"feedbackbot/feedback"
)

// Why an answer under way was ended by people.
var (
	errStopped = errors.New("somebody pressed Stop")
	errDeleted = errors.New("the question was deleted")
)

// flight is a question from when it is taken until its answer is written.
type flight struct {
	context.Context // ends with a cause when somebody ends the flight

	ask     feedback.Ask
	writing bool // this process writes the answer, and no other; guarded by of
	stop    context.CancelCauseFunc
	of      *flights
}

// land takes a flight away: there is nothing left to stop. It may be called more
// than once.
func (f *flight) land() {
	f.of.mu.Lock()
	delete(f.of.all, f)
	f.of.mu.Unlock()
	f.stop(nil)
}

// write notes that this process writes the answer.
func (f *flight) write() {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	f.writing = true
}

// flights are the questions under way in this process.
type flights struct {
	mu  sync.Mutex
	all map[*flight]struct{}
}

func newFlights() *flights { return &flights{all: map[*flight]struct{}{}} }

// begin adds a question; its flight has to land.
func (f *flights) begin(ctx context.Context, ask feedback.Ask) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.add(ctx, ask)
}

// beginOnly is begin for a question that may answer another one, its source, once
// more. It returns nil when an answer to that one is being written already.
func (f *flights) beginOnly(ctx context.Context, ask feedback.Ask) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	for other := range f.all {
		if ask.Source != "" && other.writing && (other.ask.ID == ask.Source || other.ask.Source == ask.Source) {
			return nil
		}
	}
	one := f.add(ctx, ask)
	one.writing = true
	return one
}

func (f *flights) add(ctx context.Context, ask feedback.Ask) *flight {
	one := &flight{ask: ask, of: f}
	one.Context, one.stop = context.WithCancelCause(ctx)
	f.all[one] = struct{}{}
	return one
}

// stop ends every flight that matches.
func (f *flights) stop(cause error, match func(feedback.Ask) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for one := range f.all {
		if match(one.ask) {
			one.stop(cause)
		}
	}
}

// find returns a flight that matches, or nil.
func (f *flights) find(match func(feedback.Ask) bool) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	for one := range f.all {
		if match(one.ask) {
			return one
		}
	}
	return nil
}
