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

// flight is a question from when it is taken until its answer is complete.
type flight struct {
	ask  feedback.Ask
	stop context.CancelCauseFunc
}

// flights are the questions under way in this process.
type flights struct {
	mu  sync.Mutex
	all map[*flight]struct{}
}

func newFlights() *flights { return &flights{all: map[*flight]struct{}{}} }

// begin adds a question. The context ends with the cause when somebody ends the
// flight; end takes the question away.
func (f *flights) begin(ctx context.Context, ask feedback.Ask) (flown context.Context, end func()) {
	flown, stop := context.WithCancelCause(ctx)
	one := &flight{ask: ask, stop: stop}
	f.mu.Lock()
	f.all[one] = struct{}{}
	f.mu.Unlock()
	return flown, func() {
		f.mu.Lock()
		delete(f.all, one)
		f.mu.Unlock()
		stop(nil)
	}
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

// onDelete ends the answer to a deleted question, and takes what a deleted
// message said out of its conversation.
func (b *Bot) onDelete(messageIDs ...string) {
	b.begin("deleted message", func() {
		for _, id := range messageIDs {
			b.flights.stop(errDeleted, func(a feedback.Ask) bool { return a.ID == id })
			if err := b.store.Remove(b.life, id); err != nil {
				b.log.Warn("cannot take a deleted message out of its conversation", "error", err)
			}
		}
	})
}

// withdraw takes back what was shown of the answer to a deleted question.
func (b *Bot) withdraw(ctx context.Context, r *reply) {
	for _, id := range r.ids {
		if err := b.out.deleteMessage(ctx, r.q.ChannelID, id); err != nil && code(err) != codeUnknownMessage {
			b.log.Warn("cannot delete what was shown of an answer", "error", err)
		}
	}
	b.finish(ctx, r.q)
}
