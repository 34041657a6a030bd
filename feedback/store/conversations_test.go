package store_test

import (
	"errors"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// What a deleted message asked or showed leaves the conversation, and what
// follows it stays.
func TestRemove(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := open(t, url, store.Options{})
		var ids []string
		parent := ""
		for _, n := range []string{"1", "2", "3"} {
			a := feedback.Ask{ID: n, ResponseID: feedback.NewID(), ChannelID: "c", ConversationID: "k", ParentID: parent, Question: "q" + n, AskedAt: time.UnixMilli(7)}
			if _, err := s.Take(ctx, a); err != nil {
				t.Fatal(err)
			}
			if err := s.Posted(ctx, a, "m"+n, 0); err != nil {
				t.Fatal(err)
			}
			r := feedback.Response{ID: a.ResponseID, AskID: n, ChannelID: "c", ConversationID: "k", ParentID: parent, Question: a.Question, Answer: "a" + n}
			if err := s.Monitor(ctx, r); err != nil {
				t.Fatal(err)
			}
			ids, parent = append(ids, r.ID), r.ID
		}
		conversation := func() (said string) {
			chain, err := s.Chain(ctx, ids[2], 10)
			if err != nil {
				t.Fatal(err)
			}
			latest, err := s.Latest(ctx, "k", 10)
			if err != nil || len(latest) != len(chain) {
				t.Errorf("Latest = %d responses, %v, want as many as the chain: %d", len(latest), err, len(chain))
			}
			for _, r := range chain {
				said += r.Question + r.Answer
			}
			return said
		}
		if err := s.Remove(ctx, "unrelated"); err != nil || conversation() != "q1a1q2a2q3a3" {
			t.Errorf("after an unrelated message %q, %v", conversation(), err)
		}
		if err := s.Remove(ctx, "2"); err != nil || conversation() != "q1a1q3a3" {
			t.Errorf("after the second question was deleted %q, %v", conversation(), err)
		}
		if err := s.Remove(ctx, "m1"); err != nil || conversation() != "q3a3" {
			t.Errorf("after the first answer was deleted %q, %v", conversation(), err)
		}
		shown, err := s.Shown(ctx, []string{"m1", "m2", "m3", "m4"})
		if err != nil || len(shown) != 1 || shown["m3"] != ids[2] {
			t.Errorf("Shown = %v, %v, want m3 alone", shown, err)
		}
		for channel, want := range map[string]bool{"c": true, "m3": true, "elsewhere": false} {
			if since, err := s.AskedSince(ctx, channel); since.IsZero() == want || err != nil {
				t.Errorf("AskedSince(%s) = %v, %v", channel, since, err)
			}
		}
	})
}

// The question of a failed answer is kept, so that it can be asked again; that
// of a finished one is not.
func TestAskOf(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := open(t, url, store.Options{})
		failed := feedback.Ask{ID: "1", ResponseID: feedback.NewID(), Question: "why?", AlternativeOf: "x"}
		done := feedback.Ask{ID: "2", ResponseID: feedback.NewID(), Question: "who?"}
		for _, a := range []feedback.Ask{failed, done} {
			if _, err := s.Take(ctx, a); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(s.Fail(ctx, "1"), s.Finish(ctx, "1"), s.Finish(ctx, "2")); err != nil {
			t.Fatal(err)
		}
		for _, a := range []feedback.Ask{failed, done} {
			want := map[string]string{"1": "why?"}[a.ID]
			if got, err := s.AskOf(ctx, a.ResponseID); err != nil || got.Question != want || got.AlternativeOf != a.AlternativeOf {
				t.Errorf("AskOf = %+v, %v, want question %q", got, err, want)
			}
		}
		if _, err := s.AskOf(ctx, feedback.NewID()); !errors.Is(err, feedback.ErrUnknownResponse) {
			t.Errorf("AskOf of nothing = %v", err)
		}
	})
}
