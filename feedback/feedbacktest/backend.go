package feedbacktest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/store"
)

// Fault is what a harness's server does to the requests that follow.
type Fault string

const (
	Works        Fault = ""
	Refuse       Fault = "refuse"       // answers that it will never take this item, as 400 or 422 do
	Unauthorized Fault = "unauthorized" // answers 401
	Busy         Fault = "busy"         // answers 429 and Retry-After: [RetryAfter]
	Down         Fault = "down"         // answers 503
	LoseAnswer   Fault = "lose answer"  // takes the item, then breaks the connection without an answer
	Hang         Fault = "hang"         // takes nothing, and answers nothing before the client leaves
	WebPage      Fault = "web page"     // takes nothing: a proxy before it answers 200 with a page to log in
)

// RetryAfter is what a busy server asks for.
const RetryAfter = 7 * time.Second

// Key names a vote.
type Key struct {
	ResponseID string
	Rater      feedback.Rater
	Reviewer   bool // it is a verdict, whose source is reviewer
}

// State is a vote as a server holds it.
type State struct {
	Copies      int // how many records the server took for this vote and did not recognise as the same
	Rating      int
	Kind        feedback.Kind
	Explanation string
	Expected    string
}

// Harness is a backend under test with a view into its server, which is a fake
// that belongs to the test. Its functions are safe for concurrent use.
type Harness struct {
	Backend feedback.Backend
	// Responses returns the response ids that the server holds, each as often
	// as there are copies.
	Responses func() []string
	// Votes returns the votes that the server holds. One taken back is not
	// among them.
	Votes func() map[Key]State
	// Fail sets what the server does from now on.
	Fail func(Fault)
	// Idempotent says that the protocol recognises a repetition. Without it,
	// one more copy is allowed after an attempt whose answer was lost.
	Idempotent bool
	// TakesPages says that to the protocol any 2xx is a success, a web page too.
	TakesPages bool
	// CanWithdraw says that the protocol can take a vote back. Without it the
	// backend must refuse to.
	CanWithdraw bool
}

// RunBackend runs the contract of [feedback.Backend]. It calls start for every
// case, so that each has a server of its own.
func RunBackend(t *testing.T, start func(t *testing.T) Harness) {
	cases := []struct {
		name string
		run  func(t *testing.T, h Harness)
	}{
		{"a response and its vote arrive", voteArrives},
		{"a bare response arrives", bareResponseArrives},
		{"texts arrive as typed", textsArrive},
		{"a verdict stands beside the same person's vote", verdictArrives},
		{"a changed vote replaces the one before", changeReplaces},
		{"a repetition leaves one copy", repetition},
		{"a repetition after a lost answer leaves one copy, or two", lostAnswer},
		{"a change after a lost answer leaves one copy, or two", changeAfterLostAnswer},
		{"a vote taken back is forgotten or refused", withdraw},
		{"a vote taken back before delivery never arrives", withdrawBefore},
		{"each failure is told as what it is", failures},
		{"a failure does not outlast its cause", recovers},
		{"a call ends when its caller goes", callerGoes},
		{"concurrent calls do not disturb each other", concurrent},
		{"a check stores nothing", check},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, start(t)) })
	}
}

func voteArrives(t *testing.T, h Harness) {
	r := NewResponse()
	d := h.sendResponse(t, r)
	h.wantResponses(t, r.ID)
	h.wantVotes(t, nil)
	s := NewSubmission(r, "rater")
	h.sendSubmission(t, s, r, d)
	h.wantVotes(t, map[Key]State{key(s): state(s)})
}

func bareResponseArrives(t *testing.T, h Harness) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	r := feedback.Response{ID: feedback.NewID(), Rev: 1, AskID: "1", ChannelID: "2", Asker: "asker",
		Finish: feedback.Cut, AskedAt: now, FinishedAt: now}
	r.ConversationID = r.ID
	h.sendResponse(t, r)
	h.wantResponses(t, r.ID)
}

func textsArrive(t *testing.T, h Harness) {
	r := NewResponse()
	d := h.sendResponse(t, r)
	s := NewSubmission(r, "rater")
	s.Rating, s.Kind = 1, feedback.Thumbs
	s.Explanation = "It is \"wrong\" <b>&amp; rude</b>\n\\ 100 % 👎🏽"
	s.Expected = "日本語\t'quoted'; DROP TABLE votes; --"
	h.sendSubmission(t, s, r, d)
	h.wantVotes(t, map[Key]State{key(s): state(s)})
}

func verdictArrives(t *testing.T, h Harness) {
	r := NewResponse()
	d := h.sendResponse(t, r)
	vote := NewSubmission(r, "rater")
	h.sendSubmission(t, vote, r, d)
	verdict := NewSubmission(r, "rater")
	verdict.Source, verdict.Kind, verdict.Rating, verdict.Explanation = feedback.Reviewer, feedback.Thumbs, 5, "[wrong] why"
	h.sendSubmission(t, verdict, r, d)
	bare := NewSubmission(r, "another rater")
	bare.Source, bare.Explanation, bare.Expected = feedback.Reviewer, "", ""
	h.sendSubmission(t, bare, r, d)
	h.wantVotes(t, map[Key]State{key(vote): state(vote), key(verdict): state(verdict), key(bare): state(bare)})
}

func changeReplaces(t *testing.T, h Harness) {
	r := NewResponse()
	d := h.sendResponse(t, r)
	s := NewSubmission(r, "rater")
	d = h.sendSubmission(t, s, r, d)
	s.Rating, s.Kind, s.Explanation = 5, feedback.Thumbs, ""
	s.Rev, s.Version, s.UpdatedAt = s.Rev+1, s.Version+1, s.UpdatedAt.Add(time.Minute)
	h.sendSubmission(t, s, r, d)
	h.wantVotes(t, map[Key]State{key(s): state(s)})
}

func repetition(t *testing.T, h Harness) {
	r := NewResponse()
	d := h.sendResponse(t, r)
	d.RemoteID, d.Rev = d.ResponseRemoteID, r.Rev
	h.repeatResponse(t, r, d)
	s := NewSubmission(r, "rater")
	d = h.sendSubmission(t, s, r, feedback.Delivered{ResponseRemoteID: d.ResponseRemoteID})
	h.sendSubmission(t, s, r, d)
	h.wantResponses(t, r.ID)
	h.wantVotes(t, map[Key]State{key(s): state(s)})
}

func lostAnswer(t *testing.T, h Harness) {
	r := NewResponse()
	h.Fail(LoseAnswer)
	if _, err := h.Backend.SendResponse(t.Context(), r, feedback.Delivered{}); err == nil || isFinal(err) {
		t.Errorf("SendResponse whose answer was lost = %v, want an error that leads to another attempt", err)
	}
	h.Fail(Works)
	id := h.repeatResponse(t, r, feedback.Delivered{Unclear: true, UnclearRev: r.Rev})

	s := NewSubmission(r, "rater")
	h.Fail(LoseAnswer)
	before := feedback.Delivered{ResponseRemoteID: id}
	if _, err := h.Backend.SendSubmission(t.Context(), s, r, before); err == nil || isFinal(err) {
		t.Errorf("SendSubmission whose answer was lost = %v, want an error that leads to another attempt", err)
	}
	h.Fail(Works)
	before.Unclear, before.UnclearRev = true, s.Rev
	h.sendSubmission(t, s, r, before)

	copies := 1
	if !h.Idempotent {
		copies = 2
	}
	if got := h.Responses(); len(got) < 1 || len(got) > copies {
		t.Errorf("the server holds the responses %q, want %s at most %d times", got, r.ID, copies)
	}
	if got := h.Votes()[key(s)].Copies; got < 1 || got > copies {
		t.Errorf("the server holds %d copies of the vote, want 1 to %d", got, copies)
	}
}

func changeAfterLostAnswer(t *testing.T, h Harness) {
	r := NewResponse()
	d := h.sendResponse(t, r)
	s := NewSubmission(r, "rater")
	h.Fail(LoseAnswer)
	if _, err := h.Backend.SendSubmission(t.Context(), s, r, d); err == nil || isFinal(err) {
		t.Errorf("SendSubmission whose answer was lost = %v, want an error that leads to another attempt", err)
	}
	h.Fail(Works)
	d.Unclear, d.UnclearRev = true, s.Rev
	s.Rating, s.Kind, s.Explanation, s.Expected = 5, feedback.Thumbs, "", ""
	s.Rev, s.Version, s.UpdatedAt = s.Rev+1, s.Version+1, s.UpdatedAt.Add(time.Minute)
	d = h.sendSubmission(t, s, r, d)
	got := h.Votes()[key(s)]
	if want := state(s); h.Idempotent && got != want {
		t.Errorf("the server holds the vote %+v, want %+v", got, want)
	} else if got.Copies < 1 || got.Copies > 2 {
		t.Errorf("the server holds %d copies of the vote, want 1 or 2", got.Copies)
	}
	// And back again, known to have arrived.
	d.Unclear, d.UnclearRev = false, 0
	s.Rating, s.Kind, s.Rev, s.Version = 2, feedback.Stars, s.Rev+1, s.Version+1
	h.sendSubmission(t, s, r, d)
	if want := state(s); h.Idempotent && h.Votes()[key(s)] != want {
		t.Errorf("the server holds the vote %+v, want %+v", h.Votes()[key(s)], want)
	}
}

func withdraw(t *testing.T, h Harness) {
	r := NewResponse()
	d := h.sendResponse(t, r)
	s, other := NewSubmission(r, "rater"), NewSubmission(r, "another rater")
	h.sendSubmission(t, other, r, d)
	d = h.sendSubmission(t, s, r, d)
	gone := s
	gone.Withdrawn, gone.Explanation, gone.Expected, gone.Rev, gone.Version = true, "", "", s.Rev+1, s.Version+1
	_, err := h.Backend.SendSubmission(t.Context(), gone, r, d)
	if !h.CanWithdraw {
		if !errors.Is(err, feedback.ErrRefused) {
			t.Errorf("SendSubmission(withdrawn) = %v, want ErrRefused from a backend that cannot take back", err)
		}
		h.wantVotes(t, map[Key]State{key(s): state(s), key(other): state(other)})
		return
	}
	if err != nil {
		t.Fatalf("SendSubmission(withdrawn) = %v, want nil", err)
	}
	h.wantVotes(t, map[Key]State{key(other): state(other)})
	// The same once more, as after a crash.
	d.Unclear, d.UnclearRev = true, gone.Rev
	if _, err := h.Backend.SendSubmission(t.Context(), gone, r, d); err != nil {
		t.Errorf("SendSubmission(withdrawn) again = %v, want nil", err)
	}
	h.wantVotes(t, map[Key]State{key(other): state(other)})
	// And another vote after it.
	s.Rev, s.Version = gone.Rev+1, gone.Version+1
	h.sendSubmission(t, s, r, d)
	h.wantVotes(t, map[Key]State{key(s): state(s), key(other): state(other)})
}

func withdrawBefore(t *testing.T, h Harness) {
	store, err := store.Open(t.Context(), SQLite(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	r := NewResponse()
	vote := feedback.Vote{ResponseID: r.ID, Rater: "rater", Source: feedback.User, Rating: 5, Kind: feedback.Stars, Version: 10}
	undo := vote
	undo.Rating, undo.Version = 0, 11
	if err := store.Monitor(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for _, v := range []feedback.Vote{vote, undo} {
		if _, _, err := store.Vote(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	worker := delivery.NewWorker(store, []feedback.Backend{h.Backend}, delivery.Options{
		Delivered: func(_, outcome string) {
			if outcome == "delivered" {
				stop()
			}
		},
		Drain: time.Minute,
	})
	worker.Run(ctx)
	h.wantResponses(t, r.ID)
	h.wantVotes(t, nil)
}

func concurrent(t *testing.T, h Harness) {
	const responses, raters = 8, 4
	want := map[Key]State{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range responses {
		all.Go(func() {
			r := NewResponse()
			id, err := h.Backend.SendResponse(t.Context(), r, feedback.Delivered{})
			if err != nil {
				t.Errorf("SendResponse = %v, want nil", err)
			}
			var votes sync.WaitGroup
			for i := range raters {
				votes.Go(func() {
					s := NewSubmission(r, feedback.Rater(fmt.Sprint("rater ", i)))
					s.Rating = 1 + i
					if _, err := h.Backend.SendSubmission(t.Context(), s, r, feedback.Delivered{ResponseRemoteID: id}); err != nil {
						t.Errorf("SendSubmission = %v, want nil", err)
					}
					mu.Lock()
					defer mu.Unlock()
					want[key(s)] = state(s)
				})
			}
			votes.Wait()
		})
	}
	all.Wait()
	if got := len(h.Responses()); got != responses {
		t.Errorf("the server holds %d responses, want %d", got, responses)
	}
	h.wantVotes(t, want)
}
