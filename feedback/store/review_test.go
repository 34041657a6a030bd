package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

var reviewing = store.Options{Reviewing: store.Reviewing{Times: 1}}

// waiting returns the ids that wait in a queue for a reviewer, in order.
func waiting(t testing.TB, s *store.Store, queue feedback.Queue, r feedback.Response, reviewer feedback.Rater) (ids []string) {
	t.Helper()
	list, err := s.NextReviews(t.Context(), queue, r.GuildID, reviewer, feedback.Queued{}, time.Now(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range list {
		ids = append(ids, q.ResponseID)
	}
	return ids
}

// claim takes a response for a reviewer.
func claim(t testing.TB, s *store.Store, r feedback.Response, who feedback.Rater, queue feedback.Queue, now time.Time) feedback.Review {
	t.Helper()
	got, err := s.ClaimReview(t.Context(), r.ID, who, queue, now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// What members say puts an answer into a queue, and takes it out again as long as
// nobody has reviewed it.
func TestVotesQueueForReview(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, reviewing)
		r := monitor(t, s)
		want := func(what string, bad, disputed bool) {
			t.Helper()
			gotBad, gotDisputed := len(waiting(t, s, feedback.QueueBad, r, "rev")) == 1, len(waiting(t, s, feedback.QueueDisputed, r, "rev")) == 1
			if gotBad != bad || gotDisputed != disputed {
				t.Errorf("after %s it waits as bad: %v, disputed: %v, want %v, %v", what, gotBad, gotDisputed, bad, disputed)
			}
		}
		vote(t, s, click(r, "a", 1))
		want("a bare thumbs down", false, false)
		explain(t, s, r, "a", "wrong year", "")
		want("its text", true, false)
		vote(t, s, click(r, "b", 5))
		want("somebody else's thumbs up", true, true)
		vote(t, s, click(r, "a", 0))
		want("the undo", false, false)
		mine := click(r, "c", 1)
		mine.Source = feedback.Reviewer
		vote(t, s, mine)
		want("a reviewer's vote", false, false)
		list, err := s.WaitingReviews(t.Context(), r.GuildID, "rev")
		if err != nil || len(list) != 0 {
			t.Errorf("WaitingReviews = %v, %v, want none", list, err)
		}
	})
}

// The random sample keeps with which probability an answer came in, draws the same
// again, and is filled once with what there was before.
func TestSampleKeepsItsProbability(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		before := open(t, url, store.Options{})
		for range 200 {
			monitor(t, before)
		}
		s := open(t, url, store.Options{Reviewing: store.Reviewing{Times: 1, Sample: 0.25}})
		r := monitor(t, s)
		for range 2 {
			if err := s.FillReviews(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		drawn := waiting(t, s, feedback.QueueSample, r, "rev")
		if n := len(drawn); n < 20 || n > 90 { // 50 are expected; 20 and 90 are more than five deviations away
			t.Errorf("%d of 201 are in the sample, want about a quarter", n)
		}
		if len(drawn) > 0 {
			if got := claim(t, s, feedback.Response{ID: drawn[0]}, "rev", feedback.QueueSample, time.Now()); got.Probability != 0.25 || got.Queue != feedback.QueueSample {
				t.Errorf("ClaimReview = %+v, want the probability 0.25 of the sample", got)
			}
		}
	})
}

// An answer is kept for whoever works on it for ten minutes, which typing renews;
// its holder is never refused.
func TestClaim(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s, now := open(t, url, reviewing), time.Now()
		r := monitor(t, s)
		vote(t, s, click(r, "a", 1))
		explain(t, s, r, "a", "wrong", "")
		took := claim(t, s, r, "rev1", feedback.QueueBad, now)
		claim(t, s, r, "rev1", feedback.QueueBad, now) // once more
		if _, err := s.ClaimReview(t.Context(), r.ID, "rev2", feedback.QueueBad, now.Add(9*time.Minute)); !errors.Is(err, feedback.ErrClaimed) {
			t.Errorf("ClaimReview by somebody else = %v, want ErrClaimed", err)
		}
		if list, err := s.NextReviews(t.Context(), feedback.QueueBad, r.GuildID, "rev2", feedback.Queued{}, now, 9); err != nil || len(list) != 0 {
			t.Errorf("NextReviews for somebody else = %v, %v, want none", list, err)
		}
		if _, err := s.SaveDraft(t.Context(), r.ID, "rev1", took.Revision+1, feedback.Opinion{Explanation: "typing"}, now.Add(9*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ClaimReview(t.Context(), r.ID, "rev2", feedback.QueueBad, now.Add(15*time.Minute)); !errors.Is(err, feedback.ErrClaimed) {
			t.Errorf("ClaimReview after typing = %v, want ErrClaimed", err)
		}
		claim(t, s, r, "rev2", feedback.QueueBad, now.Add(20*time.Minute))
		if got := claim(t, s, r, "rev1", "", now.Add(20*time.Minute)); got.Explanation != "typing" {
			t.Errorf("ClaimReview by a link = %+v, want the draft", got)
		}
	})
}

// Two tabs do not overwrite each other: the second is told, and shown what is there.
func TestDraftsConflict(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s, now := open(t, url, reviewing), time.Now()
		r := monitor(t, s)
		took := claim(t, s, r, "rev", "", now)
		if _, err := s.SaveDraft(t.Context(), r.ID, "rev", took.Revision, feedback.Opinion{Explanation: "first tab"}, now); err != nil {
			t.Fatal(err)
		}
		for name, save := range map[string]func(context.Context, string, feedback.Rater, int64, feedback.Opinion, time.Time) (feedback.Review, error){
			"SaveDraft": s.SaveDraft, "Decide": s.Decide,
		} {
			got, err := save(t.Context(), r.ID, "rev", took.Revision, feedback.Opinion{Rating: 1, Kind: feedback.Thumbs, Explanation: "second tab"}, now)
			if !errors.Is(err, feedback.ErrConflict) || got.Explanation != "first tab" {
				t.Errorf("%s in a second tab = %+v, %v, want ErrConflict with the first tab's text", name, got, err)
			}
		}
		if got, err := s.Review(t.Context(), r.ID, "rev"); err != nil || got.Explanation != "first tab" || got.State != feedback.ReviewOpen {
			t.Errorf("Review = %+v, %v, want the first tab's draft", got, err)
		}
	})
}

// A verdict is a submission with its texts in one step, leaves the queue, and is
// kept as the first when it is changed; an undo takes it back and keeps the text.
func TestVerdict(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s, now := open(t, url, reviewing), time.Now()
		if err := s.EnableAndFill(t.Context(), "backend"); err != nil {
			t.Fatal(err)
		}
		r := monitor(t, s)
		vote(t, s, click(r, "a", 1))
		explain(t, s, r, "a", "wrong", "")
		took := claim(t, s, r, "rev", feedback.QueueBad, now)
		if _, err := s.Decide(t.Context(), r.ID, "rev", took.Revision, feedback.Opinion{Explanation: "x"}, now); !errors.Is(err, feedback.ErrNoRating) {
			t.Errorf("Decide without a rating = %v, want ErrNoRating", err)
		}
		o := feedback.Opinion{Rating: 2, Kind: feedback.Stars, Reasons: []string{"wrong", "rude"}, Explanation: "why", Expected: "what"}
		got, err := s.Decide(t.Context(), r.ID, "rev", took.Revision, o, now)
		if err != nil || got.State != feedback.ReviewDone || got.FirstRating != 2 || got.Changed {
			t.Fatalf("Decide = %+v, %v", got, err)
		}
		sub, err := s.Submission(t.Context(), r.ID, "rev", feedback.Reviewer)
		if err != nil || sub.Rating != 2 || sub.Explanation != "[wrong, rude] why" || sub.Expected != "what" || sub.Rev != 1 {
			t.Errorf("Submission = %+v, %v, want the verdict with its texts at revision 1", sub, err)
		}
		if ids := waiting(t, s, feedback.QueueBad, r, "rev2"); len(ids) != 0 {
			t.Errorf("%v still wait, want none", ids)
		}
		o.Expected = "something else" // the same rating: the backends have to get it all the same
		if got, err = s.Decide(t.Context(), r.ID, "rev", got.Revision, o, now.Add(time.Minute)); err != nil || !got.Changed || got.FirstRating != 2 {
			t.Errorf("Decide again = %+v, %v, want it marked as changed", got, err)
		}
		due := rows(t, s.DB(), `SELECT source, wanted_rev FROM deliveries WHERE rater = 'rev'`)
		if due != "reviewer 2\n" {
			t.Errorf("due are %q, want the verdict at revision 2", due)
		}
		got, err = s.UndoReview(t.Context(), r.ID, "rev", now.Add(2*time.Minute))
		if err != nil || got.State != feedback.ReviewOpen || got.Expected != "something else" {
			t.Errorf("UndoReview = %+v, %v, want the draft back", got, err)
		}
		if _, err := s.Submission(t.Context(), r.ID, "rev", feedback.Reviewer); err != feedback.ErrNoVote {
			t.Errorf("Submission after an undo = %v, want ErrNoVote", err)
		}
		if ids := waiting(t, s, feedback.QueueBad, r, "rev2"); len(ids) != 0 { // rev has it now
			t.Errorf("%v wait for others while it is being worked on", ids)
		}
		if _, err := s.SkipReview(t.Context(), r.ID, "rev", now.Add(3*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if mine, others := waiting(t, s, feedback.QueueBad, r, "rev"), waiting(t, s, feedback.QueueBad, r, "rev2"); len(mine) != 0 || len(others) != 1 {
			t.Errorf("after a skip %v wait for whoever skipped, %v for others, want it to wait for others only", mine, others)
		}
		if _, err := s.ClaimReview(t.Context(), r.ID, r.Asker, "", now); !errors.Is(err, feedback.ErrOwnQuestion) {
			t.Errorf("ClaimReview by the asker = %v, want ErrOwnQuestion", err)
		}
	})
}

// Reviewers at once lose no verdict, double none, and overwrite nobody's.
func TestReviewersAtOnce(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		const reviewers, answers = 8, 40
		s := open(t, url, store.Options{Reviewing: store.Reviewing{Times: 1, Sample: 1}})
		var r feedback.Response
		for range answers {
			r = monitor(t, s)
		}
		var all sync.WaitGroup
		for n := range reviewers {
			all.Go(func() {
				me := feedback.Rater(fmt.Sprint("rev", n))
				for {
					list, err := s.NextReviews(context.Background(), feedback.QueueSample, r.GuildID, me, feedback.Queued{}, time.Now(), 3)
					if err != nil || len(list) == 0 {
						if err != nil {
							t.Error(err)
						}
						return
					}
					for _, q := range list {
						took, err := s.ClaimReview(context.Background(), q.ResponseID, me, feedback.QueueSample, time.Now())
						if errors.Is(err, feedback.ErrClaimed) {
							continue
						}
						if err == nil {
							_, err = s.Decide(context.Background(), q.ResponseID, me, took.Revision, feedback.Opinion{Rating: 4, Kind: feedback.Stars}, time.Now())
						}
						if err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		all.Wait()
		got := rows(t, s.DB(), `SELECT COUNT(*), COUNT(DISTINCT response_id) FROM submissions WHERE source = 'reviewer'`)
		if want := fmt.Sprintf("%d %d\n", answers, answers); got != want {
			t.Errorf("verdicts and answers with one: %q, want %q", got, want)
		}
	})
}

// A link opens the pages once, a session lasts until it ends, and both are gone
// when their time is over.
func TestReviewTokens(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s, now := open(t, url, reviewing), time.Now()
		link := feedback.ReviewToken{Hash: "link", Rater: "rev", Sealed: "x", ExpiresAt: now.Add(5 * time.Minute)}
		session := feedback.ReviewToken{Hash: "session", Rater: "rev", Sealed: "y", ExpiresAt: now.Add(time.Hour)}
		if err := s.AddReviewLink(t.Context(), link, now); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ReviewSession(t.Context(), "link", now); err != feedback.ErrNoToken {
			t.Errorf("a link serves as a session: %v", err)
		}
		if err := s.SpendReviewLink(t.Context(), "link", session, now.Add(6*time.Minute)); err != feedback.ErrNoToken {
			t.Errorf("SpendReviewLink when it is too old = %v, want ErrNoToken", err)
		}
		var opened []error
		var mu sync.Mutex
		var all sync.WaitGroup
		for n := range 5 {
			all.Go(func() {
				own := session
				own.Hash = fmt.Sprint("session", n)
				err := s.SpendReviewLink(t.Context(), "link", own, now)
				mu.Lock()
				defer mu.Unlock()
				opened = append(opened, err)
			})
		}
		all.Wait()
		if n := len(slices.DeleteFunc(opened, func(err error) bool { return err != nil })); n != 1 {
			t.Errorf("a link opened the pages %d times, want once", n)
		}
		if got := rows(t, s.DB(), `SELECT kind, rater FROM review_tokens`); got != "session rev\n" {
			t.Errorf("the tokens are %q, want one session", got)
		}
		if _, err := s.Forget(t.Context(), "rev"); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, s.DB(), `SELECT kind FROM review_tokens`); got != "" {
			t.Errorf("a forgotten reviewer is still in: %q", got)
		}
	})
}
