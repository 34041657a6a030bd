package store_test

import (
	"testing"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// texts returns the texts as stored.
func texts(t *testing.T, s *store.Store, r feedback.Response) string {
	t.Helper()
	return rows(t, s.DB(), `SELECT rating, withdrawn, explanation, expected FROM submissions WHERE response_id = $1`, r.ID)
}

// A form adds its texts to the vote and never changes it; a changed vote keeps
// them, a later form replaces them, empty fields remove them.
func TestExplainNeverChangesTheVote(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		r := monitor(t, s)
		first, _ := vote(t, s, click(r, "rater", 2))
		got := explain(t, s, r, "rater", "why", "what")
		if got.Rating != 2 || got.Version != first.Version || got.Explanation != "why" || got.Expected != "what" || got.Rev != first.Rev+1 {
			t.Errorf("Explain(why, what) = %+v, want the vote %+v with the texts and the next revision", got, first)
		}
		if got, _ := vote(t, s, click(r, "rater", 4)); got.Explanation != "why" || got.Expected != "what" {
			t.Errorf("Vote(4) = %+v, want the texts kept", got)
		}
		explain(t, s, r, "rater", "because", "")
		if got, want := texts(t, s, r), "4 0 because \n"; got != want {
			t.Errorf("after a second form the submission is %q, want %q", got, want)
		}
		explain(t, s, r, "rater", "", "")
		if got, want := texts(t, s, r), "4 0  \n"; got != want {
			t.Errorf("after an empty form the submission is %q, want %q", got, want)
		}
	})
}

// The form with the greatest version stands, also when it says what had been
// said before it.
func TestFormsInAnyOrderEndTheSame(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
			r := monitor(t, s)
			vote(t, s, click(r, "rater", 1))
			forms := []feedback.Explanation{form(r, "rater", "a", ""), form(r, "rater", "b", ""), form(r, "rater", "a", "")}
			for _, i := range order {
				if _, err := s.Explain(t.Context(), forms[i]); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := texts(t, s, r), "1 0 a \n"; got != want {
				t.Errorf("forms in the order %v end as %q, want %q", order, got, want)
			}
		}
	})
}

// The same form twice is one change, so that no backend is sent it twice.
func TestRepeatedFormChangesNothing(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		r := monitor(t, s)
		vote(t, s, click(r, "rater", 1))
		f := form(r, "rater", "why", "")
		var revs [3]int64
		for i := range revs {
			if i == 2 {
				f = form(r, "rater", "why", "") // typed once more
			}
			got, err := s.Explain(t.Context(), f)
			if err != nil || got.Explanation != "why" {
				t.Fatalf("Explain = %+v, %v, want the text", got, err)
			}
			revs[i] = got.Rev
		}
		if revs[0] != revs[1] || revs[1] != revs[2] {
			t.Errorf("the revisions after the same form are %v, want one", revs)
		}
	})
}

// An undo removes the texts, from the database too; a form that was opened
// before it does not bring them back, also after another vote.
func TestUndoRemovesTheTexts(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		r := monitor(t, s)
		vote(t, s, click(r, "rater", 1))
		explain(t, s, r, "rater", "why", "what")
		late := form(r, "rater", "late", "")
		if got, _ := vote(t, s, click(r, "rater", 0)); got.Explanation+got.Expected != "" {
			t.Errorf("Vote(undo) = %+v, want no texts", got)
		}
		if _, err := s.Explain(t.Context(), late); err != feedback.ErrNoVote {
			t.Errorf("Explain after an undo = %v, want %v", err, feedback.ErrNoVote)
		}
		if got, want := texts(t, s, r), "1 1  \n"; got != want {
			t.Errorf("after the undo the submission is %q, want %q", got, want)
		}
		if got, outcome := vote(t, s, click(r, "rater", 5)); outcome != feedback.Saved || got.Explanation != "" {
			t.Errorf("Vote after an undo = %+v, %v, want it saved without texts", got, outcome)
		}
		if got, err := s.Explain(t.Context(), late); err != nil || got.Explanation != "" {
			t.Errorf("Explain by a form from before the undo = %+v, %v, want no text", got, err)
		}
		if got, want := texts(t, s, r), "5 0  \n"; got != want {
			t.Errorf("after the late form the submission is %q, want %q", got, want)
		}
		if got := rows(t, s.DB(), `SELECT * FROM submission_history WHERE rater LIKE '%why%' OR kind LIKE '%why%'`); got != "" {
			t.Errorf("the history holds a text: %q", got)
		}
	})
}

// An undo that arrives after the vote that followed it still removes the texts
// from before it.
func TestLateUndoRemovesTheTexts(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		r := monitor(t, s)
		vote(t, s, click(r, "rater", 1))
		explain(t, s, r, "rater", "why", "what")
		undo, again := click(r, "rater", 0), click(r, "rater", 4)
		vote(t, s, again)
		vote(t, s, undo)
		if got, want := texts(t, s, r), "4 0  \n"; got != want {
			t.Errorf("after the late undo the submission is %q, want %q", got, want)
		}
	})
}

// A form without a vote is told so and leaves nothing.
func TestExplainWithoutAVote(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		r := monitor(t, s)
		vote(t, s, click(r, "somebody else", 1))
		for _, f := range []feedback.Explanation{form(r, "rater", "why", ""), form(feedback.Response{ID: "x"}, "rater", "why", "")} {
			if _, err := s.Explain(t.Context(), f); err != feedback.ErrNoVote {
				t.Errorf("Explain(%+v) = %v, want %v", f, err, feedback.ErrNoVote)
			}
		}
		if got, want := texts(t, s, r), "1 0  \n"; got != want {
			t.Errorf("the submissions are %q, want %q", got, want)
		}
	})
}
