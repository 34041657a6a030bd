package store_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// shownTo is a question of Ada's about what Bert and Carl said.
func shownTo() feedback.Ask {
	a := ask("7")
	a.Asker = "ada"
	a.Shown = feedback.Shown{
		Asked: feedback.Turn{Name: "Ada", Channel: "c", Files: []feedback.File{{ID: "1", Name: "a.png", Type: "image/png", Size: 7}}},
		Before: []feedback.Turn{
			{Role: "user", Name: "Bert", Text: "berts-words", Owner: "bert", Message: "70", Channel: "c", Quoted: true},
			{Role: "user", Name: "Carl", Text: "carls-words", Owner: "carl", Message: "71", Files: []feedback.File{{ID: "2", Name: "carls-file"}}},
			{Answers: []string{"r1", "r2"}},
		},
	}
	return a
}

// What the model was shown is there again for the question, and for every later
// ask that answers it once more; with STORE_TEXT=false without a word.
func TestShownIsKept(t *testing.T) {
	t.Parallel()
	for _, noText := range []bool{false, true} {
		feedbacktest.Databases(t, func(t *testing.T, url string) {
			s := open(t, url, store.Options{NoText: noText})
			first := shownTo()
			again := ask("8")
			again.Source, again.Shown = first.ID, feedback.Shown{Before: []feedback.Turn{{Text: "nobody asks for this"}}}
			other := ask("9")
			for _, a := range []feedback.Ask{first, again, other} {
				for range 2 { // a commit whose answer was lost
					if taken, err := s.Take(t.Context(), a); err != nil || !taken {
						t.Fatal(taken, err)
					}
				}
			}
			got, err := s.ShownWith(t.Context(), first.ResponseID, again.ResponseID, other.ResponseID, "unknown")
			want := first.Shown
			if noText {
				want.Asked.Name, want.Asked.Files = "", []feedback.File{{ID: "1", Type: "image/png", Size: 7}}
				want.Before = append([]feedback.Turn(nil), want.Before...)
				for n := range want.Before {
					want.Before[n].Name, want.Before[n].Text = "", ""
				}
				want.Before[1].Files = []feedback.File{{ID: "2"}}
			}
			if err != nil || len(got) != 2 || !reflect.DeepEqual(got[first.ResponseID], want) || !reflect.DeepEqual(got[again.ResponseID], want) {
				t.Errorf("without texts %t: ShownWith() = %+v, %v, want %+v twice", noText, got, err, want)
			}
		})
	}
}

// What people said goes with them, with their message, with the question, with
// its asker and its server, and when it is old; what others said stays.
func TestShownIsErased(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		erase func(*testing.T, *store.Store) error
		left  []string
	}{
		"another's /forget-me": {func(t *testing.T, s *store.Store) error { _, err := s.Forget(t.Context(), "bert"); return err }, []string{"Ada", "carls-words", "carls-file", "r1"}},
		"deleted message":      {func(t *testing.T, s *store.Store) error { return s.Remove(t.Context(), "71") }, []string{"Ada", "berts-words", "r1"}},
		"deleted question":     {func(t *testing.T, s *store.Store) error { return s.Remove(t.Context(), "7") }, nil},
		"the asker's":          {func(t *testing.T, s *store.Store) error { _, err := s.Forget(t.Context(), "ada"); return err }, nil},
		"its server left":      {func(t *testing.T, s *store.Store) error { return s.ForgetServer(t.Context(), "g") }, nil},
		"old texts": {func(t *testing.T, s *store.Store) error {
			return s.Expire(t.Context(), feedback.Retention{Texts: time.Hour}, time.Now().Add(2*time.Hour))
		}, nil},
		"all that is old": {func(t *testing.T, s *store.Store) error {
			return s.Expire(t.Context(), feedback.Retention{Votes: time.Hour}, time.Now().Add(2*time.Hour))
		}, nil},
		"another server": {func(t *testing.T, s *store.Store) error { return s.ForgetServer(t.Context(), "other") },
			[]string{"Ada", "berts-words", "carls-words", "carls-file", "r1"}},
	} {
		feedbacktest.Databases(t, func(t *testing.T, url string) {
			s := open(t, url, store.Options{})
			if _, err := s.Take(t.Context(), shownTo()); err != nil {
				t.Fatal(err)
			}
			if err := test.erase(t, s); err != nil {
				t.Fatal(err)
			}
			all := rows(t, s.DB(), `SELECT owner, message_id, turn FROM turns ORDER BY place`)
			for _, one := range []string{"Ada", "berts-words", "carls-words", "carls-file", "r1"} {
				if want := slices.Contains(test.left, one); strings.Contains(all, one) != want {
					t.Errorf("%s: %q is left: %t, want %t: %s", name, one, !want, want, all)
				}
			}
		})
	}
}
