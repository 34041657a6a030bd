package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// What is set aside counts against the budget until the true use is known, and
// a question counts once, however often it is taken up again.
func TestBudget(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		ctx, noon := t.Context(), time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		s := open(t, url, store.Options{})
		budget := feedback.Budget{Tokens: 1000, Cost: 500, MemberTokens: 600}
		reserve := func(id string, who feedback.Rater, tokens, cost int64, at time.Time, want feedback.Verdict) {
			t.Helper()
			got, err := s.Reserve(ctx, feedback.Ask{ID: id, GuildID: "g", Asker: who}, feedback.Use{Tokens: tokens, Cost: cost}, budget, at)
			if err != nil || got != want {
				t.Errorf("Reserve %s = %q, %v, want %q", id, got, err, want)
			}
		}
		reserve("1", "ada", 600, 100, noon, feedback.Within)
		reserve("1", "ada", 600, 100, noon, feedback.Within)
		reserve("2", "ada", 1, 0, noon, feedback.OverMembersOwn)
		reserve("3", "bert", 401, 0, noon, feedback.OverBudget)
		reserve("4", "bert", 1, 401, noon, feedback.OverBudget)
		reserve("5", "bert", 400, 400, noon, feedback.Within)
		for range 2 {
			if err := s.Settle(ctx, "1", feedback.Use{Tokens: 50, Cost: 7}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Settle(ctx, "unknown", feedback.Use{Tokens: 50}); err != nil {
			t.Fatal(err)
		}
		reserve("6", "ada", 550, 93, noon, feedback.Within)
		reserve("7", "bert", 600, 500, noon.Add(12*time.Hour), feedback.Within)
		for scope, want := range map[string]feedback.Use{
			feedback.OfMember("ada"): {Questions: 2, Tokens: 600, Cost: 100}, feedback.OfMember("bert"): {Questions: 2, Tokens: 1000, Cost: 900}, feedback.OfServer("g"): {Questions: 4, Tokens: 1600, Cost: 1000}, feedback.OfServer("other"): {},
		} {
			if got, err := s.Used(ctx, scope, noon); err != nil || got != want {
				t.Errorf("Used(%s) = %+v, %v, want %+v", scope, got, err, want)
			}
		}
		if got, err := s.Used(ctx, feedback.OfMember("bert"), noon.Add(24*time.Hour)); err != nil || got.Questions != 1 {
			t.Errorf("the next day alone = %+v, %v", got, err)
		}
	})
}

// However many ask at once, the budget is never exceeded.
func TestBudgetAtOnce(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		stores := []*store.Store{open(t, url, store.Options{}), open(t, url, store.Options{})}
		now := time.Now() // one day for all, also at midnight
		var all sync.WaitGroup
		for n := range 40 {
			all.Go(func() {
				a := feedback.Ask{ID: fmt.Sprint(n), Asker: feedback.Rater(fmt.Sprint("member", n))}
				if _, err := stores[n%2].Reserve(t.Context(), a, feedback.Use{Tokens: 10}, feedback.Budget{Tokens: 105}, now); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got, err := stores[0].Used(t.Context(), "all", now); err != nil || got.Tokens != 100 || got.Questions != 10 {
			t.Errorf("used %+v, %v, want 10 questions of 10 tokens", got, err)
		}
	})
}

// reserve sets aside a little for the answer to a question.
func reserve(t *testing.T, s *store.Store, a feedback.Ask, at time.Time) {
	t.Helper()
	if _, err := s.Reserve(t.Context(), a, feedback.Use{Tokens: 5}, feedback.Budget{}, at); err != nil {
		t.Fatal(err)
	}
}
