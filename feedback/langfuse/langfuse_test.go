package langfuse_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/langfuse"
	"feedbackbot/feedback/store"
)

func harness(t *testing.T) feedbacktest.Harness {
	p := newPlatform(t, langfuse.Options{})
	return feedbacktest.Harness{Backend: p.client, Responses: p.responses, Votes: p.votes, Fail: p.Fail, Idempotent: true, CanWithdraw: true}
}

// Langfuse meets the contract of every backend.
func TestContract(t *testing.T) { feedbacktest.RunBackend(t, harness) }

// So does the way that a worker takes, on both databases.
func TestDelivery(t *testing.T) { feedbacktest.RunDelivery(t, harness) }

// A vote that is changed on a later day, in its kind, its texts or by an undo,
// leaves one score, also when the answers to earlier attempts were lost.
func TestLaterDay(t *testing.T) {
	for name, change := range map[string]func(*feedback.Submission){
		"another rating": func(s *feedback.Submission) { s.Rating = 5 },
		"another kind":   func(s *feedback.Submission) { s.Rating, s.Kind = 1, feedback.Thumbs },
		"no texts":       func(s *feedback.Submission) { s.Explanation, s.Expected = "", "" },
		"undone":         func(s *feedback.Submission) { s.Withdrawn, s.Explanation, s.Expected = true, "", "" },
	} {
		for _, lost := range []bool{false, true} {
			p := newPlatform(t, langfuse.Options{})
			r := feedbacktest.NewResponse()
			s := feedbacktest.NewSubmission(r, "rater")
			s.CreatedAt = p.now
			var before feedback.Delivered
			if lost {
				p.Fail(feedbacktest.LoseAnswer)
			}
			id, err := p.client.SendSubmission(t.Context(), s, r, before)
			if (err != nil) != lost {
				t.Fatal(err)
			}
			p.Fail(feedbacktest.Works)
			before.RemoteID, before.Unclear = id, lost
			if lost {
				before.UnclearRev = s.Rev
			}
			p.tomorrow()
			change(&s)
			s.Rev++
			id, err = p.client.SendSubmission(t.Context(), s, r, before)
			if err != nil {
				t.Fatal(err)
			}
			want := map[feedbacktest.Key]feedbacktest.State{}
			key := feedbacktest.Key{ResponseID: r.ID, Rater: "rater"}
			if !s.Withdrawn {
				want[key] = feedbacktest.State{Copies: 1, Rating: s.Rating, Kind: s.Kind, Explanation: s.Explanation, Expected: s.Expected}
			}
			if got := p.votes(); len(got) != len(want) || got[key] != want[key] {
				t.Errorf("%s, answer lost %t: %v, want %v", name, lost, got, want)
			}
			// And a vote after that, on yet another day.
			p.tomorrow()
			s.Withdrawn, s.Rating, s.Rev = false, 4, s.Rev+1
			if _, err := p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{RemoteID: id}); err != nil {
				t.Fatal(err)
			}
			if got := p.votes(); len(got) != 1 || got[key].Copies != 1 {
				t.Errorf("%s, answer lost %t, voted again: %v, want one vote", name, lost, got)
			}
		}
	}
}

// Langfuse deletes some time later. Whoever goes back and forth between thumbs,
// stars and nothing meanwhile, even when answers are lost, has the last vote.
func TestDeletionsComeLate(t *testing.T) {
	for _, old := range []bool{false, true} {
		p := newPlatform(t, langfuse.Options{})
		p.old = old
		r := feedbacktest.NewResponse()
		s := feedbacktest.NewSubmission(r, "rater")
		var before feedback.Delivered
		send := func(kind feedback.Kind, withdrawn, lose bool) {
			t.Helper()
			s.Kind, s.Withdrawn, s.Rating, s.Rev = kind, withdrawn, 5, s.Rev+1
			p.mu.Lock()
			p.lose = lose
			p.mu.Unlock()
			id, err := p.client.SendSubmission(t.Context(), s, r, before)
			if (err != nil) != lose {
				t.Fatal(err)
			}
			if !lose {
				before = feedback.Delivered{RemoteID: id, Rev: s.Rev}
			} else if !before.Unclear {
				before.Unclear, before.UnclearRev = true, s.Rev
			}
		}
		send(feedback.Thumbs, false, false)
		send(feedback.Stars, false, true)
		send(feedback.Thumbs, false, false)
		send(feedback.Stars, true, false)
		send(feedback.Thumbs, false, false)
		send(feedback.Thumbs, true, true)
		send(feedback.Thumbs, false, false)
		key := feedbacktest.Key{ResponseID: r.ID, Rater: "rater"}
		if got := p.votes()[key]; got.Copies != 1 || got.Kind != feedback.Thumbs || got.Rating != 5 {
			t.Errorf("after all, with an old Langfuse %t, it holds %+v, want one thumb", old, got)
		}
	}
}

// A vote of which Langfuse has taken a part when it asks for patience has been
// tried: an undo must reach it.
func TestHalfOfAVote(t *testing.T) {
	p := newPlatform(t, langfuse.Options{})
	r := feedbacktest.NewResponse()
	s := feedbacktest.NewSubmission(r, "rater")
	for after, want := range map[int]bool{0: false, 1: true} {
		p.limit(after)
		_, err := p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{})
		var retry *feedback.RetryError
		if !errors.As(err, &retry) || errors.Is(err, feedback.ErrPartly) != want {
			t.Errorf("a 429 after %d scores = %v, want a RetryError with ErrPartly: %t", after, err, want)
		}
	}
}

// Names and environments are the operator's; a reviewer's scores have their own.
func TestNames(t *testing.T) {
	p := newPlatform(t, langfuse.Options{ThumbsName: "liked", Environment: "staging"})
	r := feedbacktest.NewResponse()
	for _, source := range []feedback.Source{feedback.User, feedback.Reviewer} {
		s := feedbacktest.NewSubmission(r, "rater")
		s.Kind, s.Rating, s.Source, s.Expected = feedback.Thumbs, 1, source, ""
		if _, err := p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{}); err != nil {
			t.Fatal(err)
		}
	}
	names := map[any]bool{}
	for _, s := range p.scores {
		names[s["name"]] = s["environment"] == "staging" && s["value"] == 0.0 && s["dataType"] == "BOOLEAN"
	}
	if len(names) != 2 || !names["liked"] || !names["reviewer-thumbs"] {
		t.Errorf("scores %v", p.scores)
	}
}

// Langfuse's own storage may be away behind a 500.
func TestServerErrorMayPass(t *testing.T) {
	s := feedbacktest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	c, err := langfuse.New(langfuse.Options{PublicKey: "pk", SecretKey: "sk", BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.SendResponse(t.Context(), feedbacktest.NewResponse(), feedback.Delivered{}); err == nil || errors.Is(err, feedback.ErrRefused) {
		t.Errorf("a trace that met a 500 = %v, want an error that leads to another attempt", err)
	}
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]langfuse.Options{
		"no keys": {}, "one key": {SecretKey: "canary"}, "address": {PublicKey: "p", SecretKey: "canary", BaseURL: "langfuse"},
		"environment": {PublicKey: "p", SecretKey: "canary", Environment: "Production"},
		"names":       {PublicKey: "p", SecretKey: "canary", ThumbsName: "x", StarsName: "x"},
	} {
		if _, err := langfuse.New(o); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("New(%s) = %v, want an error without the key", name, err)
		}
	}
}

// What somebody asked to be forgotten goes at Langfuse as well, and what others
// said stays.
func TestErase(t *testing.T) {
	p := newPlatform(t, langfuse.Options{})
	store, err := store.Open(t.Context(), feedbacktest.SQLite(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	mine, other := feedbacktest.NewResponse(), feedbacktest.NewResponse()
	mine.Asker = "me"
	for _, r := range []feedback.Response{mine, other} {
		if err := store.Monitor(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for n, rater := range []feedback.Rater{"me", "somebody"} {
		v := feedback.Vote{ResponseID: other.ID, Rater: rater, Source: feedback.User, Rating: 5, Kind: feedback.Stars, Version: int64(1 + n)}
		if _, _, err := store.Vote(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	until := func(what string, done func() bool) {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		var ended sync.WaitGroup
		ended.Go(func() { delivery.NewWorker(store, []feedback.Backend{p.client}, delivery.Options{}).Run(ctx) })
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil && !done() {
			<-tick.C
		}
		if ctx.Err() != nil {
			t.Errorf("%s: not within a minute", what)
		}
		stop()
		ended.Wait()
	}
	until("deliver", func() bool { return len(p.responses()) == 2 && len(p.votes()) == 2 })
	f, err := store.Forget(t.Context(), "me")
	if err != nil || f.Erased["langfuse"] != 2 || len(f.Delivered) != 0 {
		t.Fatalf("Forget() = %+v, %v, want 2 to be erased", f, err)
	}
	until("erase", func() bool { return len(p.responses()) == 1 && len(p.votes()) == 1 })
	if _, kept := p.votes()[feedbacktest.Key{ResponseID: other.ID, Rater: "somebody"}]; !kept {
		t.Errorf("the votes %v are left, want somebody else's", p.votes())
	}
}

// Langfuse 4 can answer 207 and say in it that nothing was taken.
func TestRejectedInTheAnswer(t *testing.T) {
	p := newPlatform(t, langfuse.Options{})
	p.rejects = true
	r := feedbacktest.NewResponse()
	s := feedbacktest.NewSubmission(r, "rater")
	s.Expected = ""
	_, err := p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{})
	if !errors.Is(err, feedback.ErrRefused) || errors.Is(err, feedback.ErrPartly) || strings.Contains(err.Error(), "user-") {
		t.Errorf("SendSubmission() = %v, want it refused, without the message", err)
	}
}
