package discordtest

import (
	"context"
	"slices"
	"sync"
)

// Messages lists a channel as a user sees it, oldest first: ephemeral messages appear only to the user they are for.
// An empty user id lists the public messages.
func (s *Server) Messages(channelID, asUserID string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channelID]
	if c == nil {
		return nil
	}
	list := make([]Message, 0, len(c.list))
	for _, id := range c.list {
		if m := s.messages[id]; m.VisibleTo == "" || m.VisibleTo == asUserID {
			list = append(list, *m)
		}
	}
	return list
}

// Message returns the present state of a message, ephemeral or not, and false if there is none.
func (s *Server) Message(id string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.messages[id]; m != nil {
		return *m, true
	}
	return Message{}, false
}

// WaitMessage returns the newest message, of anybody and for anybody, that matches; if there is none it waits until
// one is created or edited so that it does.
func (s *Server) WaitMessage(ctx context.Context, match func(Message) bool) (Message, error) {
	w := &waiter{wake: make(chan struct{}, 1)}
	s.mu.Lock()
	for _, id := range slices.Backward(s.timeline) {
		if m := s.messages[id]; m != nil {
			w.queue = append(w.queue, m)
		}
	}
	s.waiters[w] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.waiters, w)
		s.mu.Unlock()
	}()
	for batch := w.take(); ; batch = w.take() {
		for _, m := range batch {
			if match(*m) {
				return *m, nil
			}
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		case <-s.done:
			return Message{}, ErrClosed
		}
	}
}

// WaitEphemeral is WaitMessage among the ephemeral messages that only this user sees.
func (s *Server) WaitEphemeral(ctx context.Context, userID string, match func(Message) bool) (Message, error) {
	return s.WaitMessage(ctx, func(m Message) bool { return m.VisibleTo == userID && userID != "" && match(m) })
}

// waiter collects changed messages for one WaitMessage, which judges them outside of the server's lock.
type waiter struct {
	mu    sync.Mutex
	queue []*Message
	wake  chan struct{}
}

func (w *waiter) take() []*Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	batch := w.queue
	w.queue = nil
	return batch
}

// changed stores a new state of a message, wakes the waiters and tells the subscribers. The caller holds s.mu.
func (s *Server) changed(kind string, m *Message) {
	s.messages[m.ID] = m
	for w := range s.waiters {
		w.mu.Lock()
		w.queue = append(w.queue, m)
		w.mu.Unlock()
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	s.emit(kind, *m)
}

// compareIDs orders snowflakes, which are decimal numbers without leading zeros.
func compareIDs(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}
