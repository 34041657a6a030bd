package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// Each click has the outcome that the person is told, and sets the vote: it
// never toggles it.
func TestVoteOutcomes(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		r := monitor(t, s)
		for i, c := range []struct {
			version   int64
			rating    int
			kind      feedback.Kind
			outcome   feedback.Outcome
			want      int // rating afterwards
			withdrawn bool
		}{
			{10, 5, feedback.Thumbs, feedback.Saved, 5, false},
			{10, 5, feedback.Thumbs, feedback.Unchanged, 5, false}, // the same event again
			{11, 5, feedback.Thumbs, feedback.Unchanged, 5, false}, // the same button again
			{12, 5, feedback.Stars, feedback.Changed, 5, false},    // the other control
			{13, 1, feedback.Thumbs, feedback.Changed, 1, false},
			{12, 4, feedback.Stars, feedback.Late, 1, false},
			{14, 0, "", feedback.Withdrawn, 1, true},
			{15, 0, "", feedback.Unchanged, 1, true},
			{13, 3, feedback.Stars, feedback.Late, 1, true},
			{16, 2, feedback.Stars, feedback.Saved, 2, false},
		} {
			v := click(r, "rater", c.rating)
			v.Version, v.Kind = c.version, c.kind
			got, outcome := vote(t, s, v)
			if outcome != c.outcome || got.Rating != c.want || got.Withdrawn != c.withdrawn {
				t.Errorf("click %d: Vote(%d at %d) = rating %d, withdrawn %v, %v, want %d, %v, %v", i, c.rating, c.version,
					got.Rating, got.Withdrawn, outcome, c.want, c.withdrawn, c.outcome)
			}
			stored, err := s.Submission(t.Context(), r.ID, "rater", feedback.User)
			if c.withdrawn {
				if err != feedback.ErrNoVote {
					t.Errorf("click %d: Submission = %v, want %v", i, err, feedback.ErrNoVote)
				}
			} else if diff := cmp.Diff(got, stored, cmpopts.EquateApproxTime(time.Millisecond)); diff != "" || err != nil {
				t.Errorf("click %d: Submission = %v, differs from what Vote returned (-Vote +Submission):\n%s", i, err, diff)
			}
		}
		want := "10 5 thumbs 0\n12 5 stars 0\n13 1 thumbs 0\n14 1 thumbs 1\n16 2 stars 0\n"
		got := rows(t, s.DB(), `SELECT version, rating, kind, withdrawn FROM submission_history ORDER BY version`)
		if got != want {
			t.Errorf("the history is\n%swant every vote that counted:\n%s", got, want)
		}
	})
}

// A vote that must not count is refused and changes nothing: on another
// message, of an unknown response, by somebody else than the asker, out of
// range, without a version, an undo of nothing.
func TestVoteRefusals(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		r, other := monitor(t, s), monitor(t, s)
		good := click(r, "rater", 5)
		invalid := errors.New("invalid")
		for name, c := range map[string]struct {
			change func(v *feedback.Vote)
			want   error
		}{
			"another response's message": {func(v *feedback.Vote) { v.MessageID = "message-" + other.ID }, feedback.ErrUnknownResponse},
			"unknown message":            {func(v *feedback.Vote) { v.MessageID = "1" }, feedback.ErrUnknownResponse},
			"unknown response":           {func(v *feedback.Vote) { v.ResponseID = feedback.NewID() }, feedback.ErrUnknownResponse},
			"unknown, no message":        {func(v *feedback.Vote) { v.ResponseID, v.MessageID = "x", "" }, feedback.ErrUnknownResponse},
			"not the asker":              {func(v *feedback.Vote) { v.AskerOnly = true }, feedback.ErrNotAsker},
			"undo of nothing":            {func(v *feedback.Vote) { v.Rating = 0 }, feedback.ErrNoVote},
			"rating 6":                   {func(v *feedback.Vote) { v.Rating = 6 }, invalid},
			"rating -1":                  {func(v *feedback.Vote) { v.Rating = -1 }, invalid},
			"no version":                 {func(v *feedback.Vote) { v.Version = 0 }, invalid},
		} {
			v := good
			c.change(&v)
			sub, outcome, err := s.Vote(t.Context(), v)
			if (c.want == invalid && err == nil) || (c.want != invalid && err != c.want) {
				t.Errorf("%s: Vote(%+v) = %v, want %v", name, v, err, c.want)
			}
			if (sub != feedback.Submission{}) || outcome != "" {
				t.Errorf("%s: Vote(%+v) = %+v, %q, want nothing beside the error", name, v, sub, outcome)
			}
		}
		if got := rows(t, s.DB(), `SELECT * FROM submissions`); got != "" {
			t.Errorf("refused votes left %q", got)
		}
		if _, outcome := vote(t, s, good); outcome != feedback.Saved {
			t.Errorf("Vote(%+v) = %v, want %v", good, outcome, feedback.Saved)
		}
		asker := click(r, r.Asker, 4)
		asker.AskerOnly = true
		if sub, _ := vote(t, s, asker); !sub.ByAsker {
			t.Errorf("Vote(%+v).ByAsker = false, want true", asker)
		}
	})
}

// One person has one vote in each role, and no influence on another's.
func TestOneVoteForEachRaterAndSource(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		r := monitor(t, s)
		vote(t, s, click(r, "a", 5))
		vote(t, s, click(r, "b", 4))
		reviewed := click(r, "a", 1)
		reviewed.Source = feedback.Reviewer
		vote(t, s, reviewed)
		vote(t, s, click(r, "b", 3))
		got := rows(t, s.DB(), `SELECT rater, source, rating FROM submissions ORDER BY rater, source`)
		if want := "a reviewer 1\na user 5\nb user 3\n"; got != want {
			t.Errorf("the votes are\n%swant\n%s", got, want)
		}
	})
}

// The vote with the greatest version stands, in whatever order and however
// often the clicks arrive. (The first to arrive is a vote: there is no button
// to undo before one was stored.)
func TestVotesInAnyOrderEndTheSame(t *testing.T) {
	t.Parallel()
	s := open(t, feedbacktest.SQLite(t), store.Options{})
	rapid.Check(t, func(t *rapid.T) {
		r := feedbacktest.NewResponse()
		if err := s.Monitor(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		ratings := rapid.SliceOfN(rapid.IntRange(0, 5), 1, 6).Draw(t, "ratings")
		var clicks []feedback.Vote
		for i, rating := range ratings {
			v := feedback.Vote{ResponseID: r.ID, Source: feedback.User, Rating: rating, Kind: feedback.Stars, Version: int64(100 + i)}
			clicks = append(clicks, v)
		}
		arriving := append(rapid.Permutation(clicks).Draw(t, "order"), rapid.SliceOf(rapid.SampledFrom(clicks)).Draw(t, "again")...)
		last, first := clicks[len(clicks)-1], arriving[0]
		if first.Rating == 0 {
			t.Skip("an undo comes first")
		}
		for _, v := range arriving {
			v.Rater = "rater"
			if _, _, err := s.Vote(context.Background(), v); err != nil {
				t.Fatal(err)
			}
		}
		sub, err := s.Submission(context.Background(), r.ID, "rater", feedback.User)
		got := fmt.Sprint(sub.Rating, err)
		want := fmt.Sprint(last.Rating, nil)
		if last.Rating == 0 {
			want = fmt.Sprint(0, feedback.ErrNoVote)
		}
		if got != want {
			t.Errorf("after %v, Submission = %v, want %v", arriving, got, want)
		}
	})
}

// Two processes that store votes of one person at the same time agree on the
// one with the greatest version, and on a revision that no backend has seen.
func TestVotesOfTwoProcessesEndTheSame(t *testing.T) {
	t.Parallel()
	url := feedbacktest.Postgres(t)
	stores := []*store.Store{open(t, url, store.Options{}), open(t, url, store.Options{})}
	for _, s := range stores {
		if err := s.EnableAndFill(t.Context(), "backend"); err != nil {
			t.Fatal(err)
		}
	}
	for round := range 60 {
		r := monitor(t, stores[0])
		votes := []feedback.Vote{click(r, "rater", 1), click(r, "rater", 5)}
		done := make(chan error)
		for i, v := range votes {
			go func() {
				_, _, err := stores[(i+round)%2].Vote(t.Context(), v)
				done <- err
			}()
		}
		if err := errors.Join(<-done, <-done); err != nil {
			t.Fatal(err)
		}
		got, err := stores[0].Submission(t.Context(), r.ID, "rater", feedback.User)
		if err != nil || got.Rating != 5 {
			t.Fatalf("round %d: Submission = rating %d, %v, want the later click's 5", round, got.Rating, err)
		}
		wanted := rows(t, stores[0].DB(), `SELECT wanted_rev FROM deliveries WHERE response_id = $1 AND rater <> ''`, r.ID)
		if wanted != fmt.Sprintln(got.Rev) {
			t.Fatalf("round %d: the delivery wants revision %s, want the submission's %d", round, wanted, got.Rev)
		}
	}
}
