package store_test

import (
	"fmt"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
)

// A search finds what every part of its filter selects, the newest first, page by
// page, and never the reviewer's own questions.
func TestSearchReviews(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, reviewing)
		var all []feedback.Response
		for n := range 6 {
			r := feedbacktest.NewResponse()
			r.Asker, r.Question, r.Model, r.ChannelID = "ada", fmt.Sprintf("Question %d of 100%%", n), fmt.Sprint("model-", n%2), fmt.Sprint("c", n%3)
			if n == 5 {
				r.Asker = "rev"
			}
			if err := s.Monitor(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		down, up := click(all[0], "a", 1), click(all[1], "a", 5)
		down.MessageID, up.MessageID = "", ""
		vote(t, s, down)
		vote(t, s, up)
		took := claim(t, s, all[2], "rev", "", time.Now())
		if _, err := s.Decide(t.Context(), all[2].ID, "rev", took.Revision, feedback.Opinion{Rating: 3, Kind: feedback.Stars}, time.Now()); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		for _, c := range []struct {
			filter feedback.ReviewFilter
			want   []int
		}{
			{feedback.ReviewFilter{}, []int{4, 3, 2, 1, 0}},
			{feedback.ReviewFilter{Vote: "down"}, []int{0}},
			{feedback.ReviewFilter{Vote: "up"}, []int{1}},
			{feedback.ReviewFilter{Vote: "none"}, []int{4, 3, 2}},
			{feedback.ReviewFilter{State: "done"}, []int{2}},
			{feedback.ReviewFilter{State: "mine"}, []int{2}},
			{feedback.ReviewFilter{State: "open", Vote: "none"}, []int{4, 3}},
			{feedback.ReviewFilter{Model: "model-1"}, []int{3, 1}},
			{feedback.ReviewFilter{ChannelID: "c1"}, []int{4, 1}},
			{feedback.ReviewFilter{Text: "QUESTION 3"}, []int{3}},
			{feedback.ReviewFilter{Text: "100%"}, []int{4, 3, 2, 1, 0}},
			{feedback.ReviewFilter{Text: "1_0"}, nil},
			{feedback.ReviewFilter{PromptVersion: "another"}, nil},
			{feedback.ReviewFilter{GuildID: "another"}, nil},
			{feedback.ReviewFilter{From: now.Add(-time.Hour), To: now.Add(time.Hour)}, []int{4, 3, 2, 1, 0}},
			{feedback.ReviewFilter{To: now.Add(-time.Hour)}, nil},
			{feedback.ReviewFilter{From: now.Add(time.Hour)}, nil},
		} {
			if c.filter.GuildID == "" {
				c.filter.GuildID = all[0].GuildID
			}
			var got, want []string
			for _, n := range c.want {
				want = append(want, all[n].Question)
			}
			for pages := 0; pages < 9; pages++ {
				found, further, err := s.SearchReviews(t.Context(), c.filter, "rev", 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range found {
					got = append(got, r.Question)
				}
				if c.filter.Before = further; further == "" {
					break
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("SearchReviews(%+v) = %q, want %q", c.filter, got, want)
			}
		}
	})
}
