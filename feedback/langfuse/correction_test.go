package langfuse_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/langfuse"
	"feedbackbot/feedback/store"
)

// corrected sends a thumb down with a correction, then five stars, then an undo,
// and calls after with the vote as it should be.
func corrected(t *testing.T, p *platform, after func(s feedback.Submission, err error)) {
	t.Helper()
	r := feedbacktest.NewResponse()
	s := feedbacktest.NewSubmission(r, "rater")
	s.CreatedAt = p.now
	var before feedback.Delivered
	for n, change := range []func(){
		func() { s.Kind, s.Rating = feedback.Thumbs, 1 },
		func() { s.Kind, s.Rating = feedback.Stars, 5 },
		func() { s.Withdrawn, s.Explanation, s.Expected = true, "", "" },
	} {
		change()
		s.Rev = int64(1 + n)
		id, err := p.client.SendSubmission(t.Context(), s, r, before)
		if err == nil {
			before = feedback.Delivered{RemoteID: id, Rev: s.Rev}
		} else if !before.Unclear {
			before.Unclear, before.UnclearRev = true, s.Rev
		}
		got, want := p.votes(), map[feedbacktest.Key]feedbacktest.State{}
		key := feedbacktest.Key{ResponseID: r.ID, Rater: "rater"}
		if !s.Withdrawn {
			want[key] = feedbacktest.State{Copies: 1, Rating: s.Rating, Kind: s.Kind, Explanation: s.Explanation, Expected: s.Expected}
		}
		if len(got) != len(want) || got[key] != want[key] {
			t.Errorf("revision %d: Langfuse holds %+v, want %+v", s.Rev, got, want)
		}
		after(s, err)
	}
}

// Corrections are new in Langfuse. One that does not know them has the ratings
// all the same, each in the place of the one before, with the expected answer.
func TestCorrectionNotKnown(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusUnprocessableEntity} {
		p := newPlatform(t, langfuse.Options{})
		p.correction = status
		corrected(t, p, func(s feedback.Submission, err error) {
			if err != nil {
				t.Errorf("HTTP %d to the correction, revision %d = %v, want nil", status, s.Rev, err)
			}
		})
	}
}

// Whatever becomes of the correction, the rating follows the latest vote.
func TestCorrectionInTrouble(t *testing.T) {
	for _, status := range []int{401, 429, 500} {
		p := newPlatform(t, langfuse.Options{})
		p.correction = status
		corrected(t, p, func(s feedback.Submission, err error) {
			if s.Withdrawn && err == nil {
				return
			}
			if err == nil || errors.Is(err, feedback.ErrRefused) || !errors.Is(err, feedback.ErrPartly) || strings.Contains(err.Error(), s.Expected) {
				t.Errorf("HTTP %d to the correction, revision %d = %v, want an error that leads to another attempt, and a part taken", status, s.Rev, err)
			}
		})
	}
}

// A correction that is not taken leaves none behind that says something older.
func TestOlderCorrectionGoes(t *testing.T) {
	for _, later := range []bool{false, true} {
		p := newPlatform(t, langfuse.Options{})
		r := feedbacktest.NewResponse()
		s := feedbacktest.NewSubmission(r, "rater")
		s.CreatedAt = p.now
		id, err := p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{})
		if err != nil {
			t.Fatal(err)
		}
		if later {
			p.tomorrow()
		}
		p.correction = http.StatusBadRequest
		s.Expected, s.Rev = "something else", 2
		if id, err = p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{RemoteID: id, Rev: 1}); err != nil {
			t.Fatal(err)
		}
		p.votes() // what was deleted goes
		for _, score := range p.scores {
			if score["dataType"] == "CORRECTION" {
				t.Errorf("later %t: Langfuse holds the correction %v, want none", later, score)
			}
		}
		// Langfuse has learnt it.
		p.correction = 0
		s.Rev = 3
		if _, err = p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{RemoteID: id, Rev: 2}); err != nil {
			t.Fatal(err)
		}
		for _, v := range p.votes() {
			if v.Copies != 1 || v.Expected != s.Expected {
				t.Errorf("later %t: Langfuse holds %+v, want one vote with its correction", later, v)
			}
		}
	}
}

// Such a vote is delivered, and no dead letter.
func TestCorrectionIsNoDeadLetter(t *testing.T) {
	p := newPlatform(t, langfuse.Options{})
	p.correction = http.StatusBadRequest
	kept, err := store.Open(t.Context(), feedbacktest.SQLite(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	r := feedbacktest.NewResponse()
	err = kept.Monitor(t.Context(), r)
	if err == nil {
		_, _, err = kept.Vote(t.Context(), feedback.Vote{ResponseID: r.ID, Rater: "rater", Source: feedback.User, Kind: feedback.Thumbs, Rating: 1, Version: 1})
	}
	if err == nil {
		_, err = kept.Explain(t.Context(), feedback.Explanation{ResponseID: r.ID, Rater: "rater", Source: feedback.User, Expected: "better", Version: 2})
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	outcomes := map[string]int{}
	delivery.NewWorker(kept, []feedback.Backend{p.client}, delivery.Options{Delivered: func(_, outcome string) {
		if outcomes[outcome]++; outcomes["delivered"] == 2 || outcomes["dead"] > 0 {
			stop()
		}
	}}).Run(ctx)
	if len(outcomes) != 1 || outcomes["delivered"] != 2 {
		t.Errorf("outcomes %v, want the answer and the vote delivered", outcomes)
	}
}
