package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
)

// backend is a scripted [feedback.Backend] and the server behind it in one. It
// also meets the contract, which makes it the reference.
type backend struct {
	name string
	// script, when set, decides before anything is taken. What it returns is
	// the answer; errLost is returned after the item was taken.
	script func(ctx context.Context, c call) error

	mu        sync.Mutex
	responses []string
	votes     map[feedbacktest.Key]feedbacktest.State
	calls     []call
	busy      map[string]bool // items being sent
	overlap   []string        // items that were sent twice at once
}

// call is one attempt as the backend saw it.
type call struct {
	at       time.Time
	response string
	rater    feedback.Rater // "" for a response
	rating   int            // 0 for a withdrawn vote
	before   feedback.Delivered
}

var errLost, errDown = errors.New("the answer was lost"), errors.New("503")

func newBackend(script func(ctx context.Context, c call) error) *backend {
	return &backend{name: "backend", script: script, votes: map[feedbacktest.Key]feedbacktest.State{}, busy: map[string]bool{}}
}

func (b *backend) Name() string { return b.name }

func (b *backend) Check(ctx context.Context) error { return b.ask(ctx, call{}) }

func (b *backend) SendResponse(ctx context.Context, r feedback.Response, before feedback.Delivered) (string, error) {
	return "remote " + r.ID, b.take(ctx, call{response: r.ID, before: before}, func() {
		for _, id := range b.responses {
			if id == r.ID {
				return
			}
		}
		b.responses = append(b.responses, r.ID)
	})
}

func (b *backend) SendSubmission(ctx context.Context, s feedback.Submission, r feedback.Response, before feedback.Delivered) (string, error) {
	c := call{response: r.ID, rater: s.Rater, rating: s.Rating, before: before}
	if s.Withdrawn {
		c.rating = 0
	}
	return "remote " + string(s.Rater), b.take(ctx, c, func() {
		k := feedbacktest.Key{ResponseID: s.ResponseID, Rater: s.Rater, Reviewer: s.Source == feedback.Reviewer}
		if s.Withdrawn {
			delete(b.votes, k)
			return
		}
		b.votes[k] = feedbacktest.State{Copies: 1, Rating: s.Rating, Kind: s.Kind, Explanation: s.Explanation, Expected: s.Expected}
	})
}

func (b *backend) take(ctx context.Context, c call, store func()) error {
	c.at = time.Now()
	item := c.response + "/" + string(c.rater)
	b.mu.Lock()
	b.calls = append(b.calls, c)
	if b.busy[item] {
		b.overlap = append(b.overlap, item)
	}
	b.busy[item] = true
	b.mu.Unlock()
	defer func() { // also after a panic
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.busy, item)
	}()
	err := b.ask(ctx, c)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil || errors.Is(err, errLost) {
		store()
	}
	return err
}

func (b *backend) ask(ctx context.Context, c call) error {
	b.mu.Lock()
	script := b.script
	b.mu.Unlock()
	if script == nil {
		return nil
	}
	return script(ctx, c)
}

// behave changes the script.
func (b *backend) behave(script func(ctx context.Context, c call) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.script = script
}

// seen returns the attempts so far.
func (b *backend) seen() []call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]call(nil), b.calls...)
}

func (b *backend) wantNoOverlap(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.overlap) > 0 {
		t.Errorf("items were sent twice at once: %q", b.overlap)
	}
}

// has returns how many responses and votes the backend holds.
func (b *backend) has() (responses, votes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.responses), len(b.votes)
}

// rating returns the vote that the backend holds of a rater, 0 for none.
func (b *backend) rating(r feedback.Response, rater feedback.Rater) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.votes[feedbacktest.Key{ResponseID: r.ID, Rater: rater}].Rating
}

func hang(ctx context.Context, _ call) error {
	<-ctx.Done()
	return ctx.Err()
}

func always(err error) func(context.Context, call) error {
	return func(context.Context, call) error { return err }
}

// A backend without any protocol meets the contract.
func TestReferenceBackendMeetsTheContract(t *testing.T) {
	t.Parallel()
	feedbacktest.RunBackend(t, func(t *testing.T) feedbacktest.Harness {
		b := newBackend(nil)
		faults := map[feedbacktest.Fault]func(context.Context, call) error{
			feedbacktest.Refuse:       always(fmt.Errorf("422: %w", feedback.ErrRefused)),
			feedbacktest.Unauthorized: always(fmt.Errorf("401: %w", feedback.ErrUnauthorized)),
			feedbacktest.Busy:         always(&feedback.RetryError{After: feedbacktest.RetryAfter, Err: errors.New("429")}),
			feedbacktest.Down:         always(errDown),
			feedbacktest.LoseAnswer:   always(errLost),
			feedbacktest.Hang:         hang,
			feedbacktest.WebPage:      always(errors.New("a web page")),
		}
		return feedbacktest.Harness{
			Backend:   b,
			Responses: func() []string { b.mu.Lock(); defer b.mu.Unlock(); return append([]string(nil), b.responses...) },
			Votes: func() map[feedbacktest.Key]feedbacktest.State {
				b.mu.Lock()
				defer b.mu.Unlock()
				votes := map[feedbacktest.Key]feedbacktest.State{}
				for k, v := range b.votes {
					votes[k] = v
				}
				return votes
			},
			Fail:       func(f feedbacktest.Fault) { b.behave(faults[f]) },
			Idempotent: true, CanWithdraw: true,
		}
	})
}
