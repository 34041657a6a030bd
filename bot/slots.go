package bot

import (
	"context"
	"sync"

	"feedbackbot/feedback"
)

// slots bound how many answers are written at once. When none is free, the next
// one goes to whoever has the fewest answers under way, so that nobody can keep
// the others waiting.
type slots struct {
	mu      sync.Mutex
	free    int
	running map[feedback.Rater]int
	waiting []*waiter // in the order they came
}

type waiter struct {
	who     feedback.Rater
	granted chan struct{}
}

func newSlots(n int) *slots { return &slots{free: n, running: map[feedback.Rater]int{}} }

// enter waits for a slot; wait is called once if there is none at once. The
// caller must leave when it is done.
func (s *slots) enter(ctx context.Context, who feedback.Rater, wait func()) (leave func(), err error) {
	leave = sync.OnceFunc(func() { s.leave(who) })
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.running[who]++
		s.mu.Unlock()
		return leave, nil
	}
	w := &waiter{who: who, granted: make(chan struct{})}
	s.waiting = append(s.waiting, w)
	s.mu.Unlock()
	wait()
	select {
	case <-w.granted:
		return leave, nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	for n, other := range s.waiting {
		if other == w {
			s.waiting = append(s.waiting[:n], s.waiting[n+1:]...)
			s.mu.Unlock()
			return nil, context.Cause(ctx)
		}
	}
	s.mu.Unlock()
	leave() // it was granted just now
	return nil, context.Cause(ctx)
}

func (s *slots) leave(who feedback.Rater) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[who]--; s.running[who] == 0 {
		delete(s.running, who)
	}
	if len(s.waiting) == 0 {
		s.free++
		return
	}
	next := 0
	for n, w := range s.waiting {
		if s.running[w.who] < s.running[s.waiting[next].who] {
			next = n
		}
	}
	w := s.waiting[next]
	s.waiting = append(s.waiting[:next], s.waiting[next+1:]...)
	s.running[w.who]++
	close(w.granted)
}
