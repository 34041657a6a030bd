package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
)

// reviewed calls what the reviewers' pages call of the store.
func reviewed(t *testing.T, s *store.Store) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.FillReviews(ctx))
	r := asked(t, s, "2", "ada", "g", "text", now)
	vote(t, s, click(r, "bert", 1))
	explain(t, s, r, "bert", "why", "")
	must(s.AddReviewLink(ctx, feedback.ReviewToken{Hash: "l", Rater: "rev", ExpiresAt: now.Add(time.Hour)}, now))
	_, err := s.ReviewLink(ctx, "l", now)
	must(err)
	must(s.SpendReviewLink(ctx, "l", feedback.ReviewToken{Hash: "s", Rater: "rev", ExpiresAt: now.Add(time.Hour)}, now))
	must(s.EndReviewSession(ctx, "s"))
	_, err = s.WaitingReviews(ctx, "g", "rev")
	must(err)
	waiting(t, s, feedback.QueueBad, r, "rev")
	took := claim(t, s, r, "rev", feedback.QueueBad, now)
	took, err = s.SaveDraft(ctx, r.ID, "rev", took.Revision, feedback.Opinion{Rating: 2, Kind: feedback.Stars, Explanation: "draft"}, now)
	must(err)
	_, err = s.Decide(ctx, r.ID, "rev", took.Revision, took.Opinion, now)
	must(err)
	_, err = s.UndoReview(ctx, r.ID, "rev", now)
	must(err)
	_, err = s.SkipReview(ctx, r.ID, "rev", now)
	must(err)
	_, err = s.Review(ctx, r.ID, "rev")
	must(err)
	_, err = s.LatestReviews(ctx, "rev", 5)
	must(err)
	_, _, err = s.SearchReviews(ctx, feedback.ReviewFilter{GuildID: "g", Text: "x", Vote: "down", State: "open"}, "rev", 5)
	must(err)
	_, err = s.TeamReviews(ctx, now)
	must(err)
	_, err = s.SubmissionsOn(ctx, r.ID)
	must(err)
}

// review is a reviewer who types a draft, or decides, and quotes the answer.
func (e *erasing) review() {
	a := e.some(func(a *asking) bool { return a.stored })
	if a == nil {
		return
	}
	who, quote, s, ctx := feedback.Rater("reviewer-cleo"), e.text("quote"), e.process(), context.Background()
	took, err := s.ClaimReview(ctx, a.ResponseID, who, "", time.Now())
	if errors.Is(err, feedback.ErrUnknownResponse) {
		e.dead[quote] = true // it is gone
		return
	}
	e.must(err)
	a.texts = append(a.texts, quote)
	if len(a.texts)%2 == 0 {
		_, err = s.SaveDraft(ctx, a.ResponseID, who, took.Revision, feedback.Opinion{Expected: quote}, time.Now())
	} else {
		_, err = s.Decide(ctx, a.ResponseID, who, took.Revision, feedback.Opinion{Rating: 1, Kind: feedback.Thumbs, Expected: quote}, time.Now())
	}
	e.must(err)
}
