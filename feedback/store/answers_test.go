package store_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// One question is taken once, however many processes see it at the same time.
func TestTakeIsOnce(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		stores := []*store.Store{open(t, url, store.Options{}), open(t, url, store.Options{})}
		const questions = 20
		var taken [questions]atomic.Int64
		var all sync.WaitGroup
		for i := range questions {
			for range 3 {
				for _, s := range stores {
					all.Go(func() {
						ok, err := s.Take(t.Context(), ask(fmt.Sprint(i)))
						if err != nil {
							t.Errorf("Take(%d) = %v, want nil", i, err)
						}
						if ok {
							taken[i].Add(1)
						}
					})
				}
			}
		}
		all.Wait()
		for i := range taken {
			if n := taken[i].Load(); n != 1 {
				t.Errorf("Take(%d) was true %d times, want 1", i, n)
			}
		}
	})
}

// When the answer to a commit is lost, the write is repeated; the question is
// then still this caller's, and must not be left without an answer.
func TestTakeRepeatedByItsOwner(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		mine := ask("1")
		for range 2 {
			if ok, err := s.Take(t.Context(), mine); !ok || err != nil {
				t.Errorf("Take = %t, %v, want true", ok, err)
			}
		}
	})
}

func TestRecentPlaces(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		began := time.Now()
		for i, place := range []feedback.Place{{GuildID: "g", ChannelID: "1"}, {GuildID: "", ChannelID: "d1"}, {GuildID: "g", ChannelID: "2"}, {GuildID: "h", ChannelID: "3"}, {GuildID: "", ChannelID: "d2"}, {GuildID: "g", ChannelID: "1"}} {
			a := ask(fmt.Sprint(i))
			a.GuildID, a.ChannelID, a.AskedAt = place.GuildID, place.ChannelID, began.Add(time.Duration(i)*time.Second)
			if _, err := s.Take(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			direct bool
			n      int
			want   []feedback.Place
		}{
			{false, 9, []feedback.Place{{GuildID: "g", ChannelID: "1"}, {GuildID: "h", ChannelID: "3"}, {GuildID: "g", ChannelID: "2"}}},
			{false, 2, []feedback.Place{{GuildID: "g", ChannelID: "1"}, {GuildID: "h", ChannelID: "3"}}},
			{true, 9, []feedback.Place{{GuildID: "", ChannelID: "d2"}, {GuildID: "", ChannelID: "d1"}}},
		} {
			got, err := s.RecentPlaces(t.Context(), c.direct, c.n)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("RecentPlaces(%t, %d) = %v, %v, want %v", c.direct, c.n, got, err, c.want)
			}
		}
	})
}

// A restart finds each question where it was left, and nothing of one that is
// finished.
func TestUnfinishedTellsWhereAQuestionWasLeft(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		ctx := t.Context()
		var want []feedback.Ask
		for i := range 4 {
			a := ask(fmt.Sprint("ask-", i))
			a.AskedAt = a.AskedAt.Add(time.Duration(i) * time.Second)
			a.State = feedback.AskOpen
			if ok, err := s.Take(ctx, a); !ok || err != nil {
				t.Fatalf("Take(%d) = %v, %v, want true", i, ok, err)
			}
			want = append(want, a)
		}
		check := func(after string) {
			t.Helper()
			got, err := s.Unfinished(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Unfinished() after %s (-want +got):\n%s", after, diff)
			}
		}
		check("Take")

		for _, part := range []int{1, 0, 0} { // the last is a repetition
			if err := s.Posted(ctx, want[1], fmt.Sprint("m", part), part); err != nil {
				t.Fatal(err)
			}
		}
		want[1].Messages = []string{"m0", "m1"}
		check("Posted")

		r := feedbacktest.NewResponse()
		r.ID, r.AskID = want[1].ResponseID, want[1].ID
		for range 2 {
			if err := s.Monitor(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		want[1].State = feedback.AskAnswered
		check("Monitor")

		if err := s.Fail(ctx, want[2].ID); err != nil {
			t.Fatal(err)
		}
		want[2].State = feedback.AskFailed
		check("Fail")

		for _, i := range []int{3, 1} {
			if err := s.Finish(ctx, want[i].ID); err != nil {
				t.Fatal(err)
			}
			want = slices.Delete(want, i, i+1)
		}
		check("Finish")
		left := rows(t, s.DB(), `SELECT id, token, question FROM asks WHERE state = 'done' ORDER BY id`)
		if left != "ask-1  \nask-3  \n" {
			t.Errorf("a finished question keeps %q, want neither token nor text", left)
		}
		if ok, err := s.Take(ctx, ask("ask-1")); ok || err != nil {
			t.Errorf("Take(finished) = %v, %v, want false", ok, err)
		}
	})
}

// A response comes back as it was monitored, by its id and by its message.
func TestResponseRoundTrip(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		want := monitor(t, s)
		got, err := s.Response(t.Context(), want.ID)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Response(%s) = %v (-want +got):\n%s", want.ID, err, diff)
		}
		got, err = s.ResponseByMessage(t.Context(), "message-"+want.ID)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("ResponseByMessage(%s) = %v (-want +got):\n%s", want.ID, err, diff)
		}
		for _, id := range []string{"", "other", "message-" + want.ID, "' OR 1=1 --"} {
			if _, err := s.Response(t.Context(), id); err != feedback.ErrUnknownResponse {
				t.Errorf("Response(%q) = %v, want %v", id, err, feedback.ErrUnknownResponse)
			}
		}
		if _, err := s.ResponseByMessage(t.Context(), want.ID); err != feedback.ErrUnknownResponse {
			t.Errorf("ResponseByMessage(unknown) = %v, want %v", err, feedback.ErrUnknownResponse)
		}
	})
}

// A conversation is read oldest first and no longer than asked for.
func TestChainAndLatest(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		var trunk []string
		for i := range 5 {
			r := feedbacktest.NewResponse()
			r.ConversationID, r.ParentID = "conversation", ""
			if i > 0 {
				r.ParentID = trunk[i-1]
			}
			if err := s.Monitor(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			trunk = append(trunk, r.ID)
		}
		branch := feedbacktest.NewResponse() // a second reply to the second answer
		branch.ConversationID, branch.ParentID = "conversation", trunk[1]
		if err := s.Monitor(t.Context(), branch); err != nil {
			t.Fatal(err)
		}
		monitor(t, s) // somewhere else

		for _, c := range []struct {
			id   string
			n    int
			want []string
		}{
			{trunk[4], 10, trunk},
			{trunk[4], 5, trunk},
			{trunk[4], 2, trunk[3:]},
			{trunk[0], 3, trunk[:1]},
			{branch.ID, 10, []string{trunk[0], trunk[1], branch.ID}},
			{"unknown", 10, nil},
		} {
			got, err := s.Chain(t.Context(), c.id, c.n)
			if err != nil || !slices.Equal(ids(got), c.want) {
				t.Errorf("Chain(%s, %d) = %v, %v, want %v", c.id, c.n, ids(got), err, c.want)
			}
		}
		for n, want := range map[int][]string{2: {trunk[4], branch.ID}, 10: append(slices.Clone(trunk), branch.ID)} {
			got, err := s.Latest(t.Context(), "conversation", n)
			if err != nil || !slices.Equal(ids(got), want) {
				t.Errorf("Latest(%d) = %v, %v, want %v", n, ids(got), err, want)
			}
		}
	})
}

func ids(list []feedback.Response) (ids []string) {
	for _, r := range list {
		ids = append(ids, r.ID)
	}
	return ids
}

// What Postgres cannot keep in a text is taken out, whoever wrote it.
func TestNULIsRemoved(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		a := ask("ask")
		a.Question = "\x00why\x00?"
		if ok, err := s.Take(t.Context(), a); !ok || err != nil {
			t.Fatalf("Take = %v, %v, want true", ok, err)
		}
		if got, _ := s.Unfinished(t.Context()); len(got) != 1 || got[0].Question != "why?" {
			t.Errorf("Unfinished() = %+v, want the question why?", got)
		}
		r := feedbacktest.NewResponse()
		r.Question, r.Answer, r.Model, r.Context = "a\x00", "\x00b", "m\x00", []string{"c"}
		if err := s.Monitor(t.Context(), r); err != nil {
			t.Fatalf("Monitor = %v, want nil", err)
		}
		if got, err := s.Response(t.Context(), r.ID); err != nil || got.Question+got.Answer+got.Model != "abm" {
			t.Errorf("Response = %q %q %q, %v, want them without NUL", got.Question, got.Answer, got.Model, err)
		}
		v := click(r, "rater", 1)
		v.MessageID = ""
		vote(t, s, v)
		if got := explain(t, s, r, "rater", "x\x00", "\x00y"); got.Explanation+got.Expected != "xy" {
			t.Errorf("Explain = %q %q, want x y", got.Explanation, got.Expected)
		}
		if got, _ := s.Submission(t.Context(), r.ID, "rater", feedback.User); got.Explanation+got.Expected != "xy" {
			t.Errorf("Submission = %q %q, want x y", got.Explanation, got.Expected)
		}
	})
}
