package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// A SQLite database moves to Postgres whole: answers, votes, pseudonyms and what
// backends have got. It can be run again, and touches no database in use.
func TestTransfer(t *testing.T) {
	t.Parallel()
	from := open(t, feedbacktest.SQLite(t), store.Options{})
	to := open(t, feedbacktest.Postgres(t), store.Options{})
	last := monitor(t, from)
	for n := range 1200 { // more than one page
		r := feedbacktest.NewResponse()
		r.Question = fmt.Sprintf("Question %d: ünïcode 🌈 'quoted' \\", n)
		if err := from.Monitor(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	vote(t, from, click(last, "rater", 4))
	about := shownTo()
	if _, err := from.Take(t.Context(), about); err != nil {
		t.Fatal(err)
	}
	if err := from.SetSetting(t.Context(), "persona_1", "be brief"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it can be run again
		var done, total int64
		if err := store.Transfer(t.Context(), from, to, func(d, n int64) { done, total = d, n }); err != nil {
			t.Fatal(err)
		}
		if done != total || total < 1201 {
			t.Errorf("%d of %d rows, want all", done, total)
		}
	}
	got, err := to.Response(t.Context(), last.ID)
	if want, _ := from.Response(t.Context(), last.ID); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Response() = %+v, %v, want %+v", got, err, want)
	}
	if s, err := to.Submission(t.Context(), last.ID, "rater", feedback.User); err != nil || s.Rating != 4 {
		t.Errorf("Submission() = %+v, %v, want the vote", s, err)
	}
	if shown, err := to.ShownWith(t.Context(), about.ResponseID); err != nil || !reflect.DeepEqual(shown[about.ResponseID], about.Shown) {
		t.Errorf("ShownWith() = %+v, %v, want what the model was shown", shown, err)
	}
	if persona, err := to.Setting(t.Context(), "persona_1"); err != nil || persona != "be brief" {
		t.Errorf("Setting() = %q, %v", persona, err)
	}

	if err := to.SetSetting(t.Context(), "shard_0_alive", time.Now().Add(time.Hour).UTC().Format(time.RFC3339)); err != nil {
		t.Fatal(err)
	}
	if err := store.Transfer(t.Context(), from, to, nil); !errors.Is(err, store.ErrInUse) {
		t.Errorf("Transfer() into a database that a bot has used = %v, want ErrInUse", err)
	}
	other := open(t, feedbacktest.SQLite(t), store.Options{})
	monitor(t, other)
	if err := store.Transfer(t.Context(), from, other, nil); !errors.Is(err, store.ErrInUse) {
		t.Errorf("Transfer() into a database with data = %v, want ErrInUse", err)
	}
}
