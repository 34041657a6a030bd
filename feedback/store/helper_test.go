package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// open opens a store that is closed after the test.
func open(t testing.TB, url string, options store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), url, options)
	if err != nil {
		t.Fatalf("Open(%q) = %v, want nil", url, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close() = %v, want nil", err)
		}
	})
	return s
}

// file returns the path in the URL of a SQLite database.
func file(url string) string { return strings.TrimPrefix(url, "sqlite:") }

// ask returns a new question.
func ask(id string) feedback.Ask {
	r := feedback.NewID()
	return feedback.Ask{ID: id, ResponseID: r, GuildID: "g", ChannelID: "c", Asker: "asker", Token: "secret-token",
		ConversationID: r, Question: "why?", AskedAt: time.Now().UTC().Truncate(time.Millisecond)}
}

// monitor stores a response that the message "message-ID" shows.
func monitor(t testing.TB, s *store.Store) feedback.Response {
	t.Helper()
	r := feedbacktest.NewResponse()
	a := ask(r.AskID)
	a.ResponseID = r.ID
	ctx := context.Background()
	if _, err := s.Take(ctx, a); err != nil {
		t.Fatal(err)
	}
	if err := s.Posted(ctx, a, "message-"+r.ID, 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Monitor(ctx, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// clock gives out versions as Discord gives out snowflakes.
var clock atomic.Int64

// click returns a vote by rater with a version greater than all before.
func click(r feedback.Response, rater feedback.Rater, rating int) feedback.Vote {
	return feedback.Vote{ResponseID: r.ID, MessageID: "message-" + r.ID, Rater: rater, Source: feedback.User,
		Rating: rating, Kind: feedback.Stars, Version: clock.Add(1)}
}

// vote stores a vote that must succeed.
func vote(t testing.TB, s *store.Store, v feedback.Vote) (feedback.Submission, feedback.Outcome) {
	t.Helper()
	sub, outcome, err := s.Vote(context.Background(), v)
	if err != nil {
		t.Fatalf("Vote(%+v) = %v, want nil", v, err)
	}
	return sub, outcome
}

// explain stores texts that must be taken.
func explain(t testing.TB, s *store.Store, r feedback.Response, rater feedback.Rater, why, expected string) feedback.Submission {
	t.Helper()
	sub, err := s.Explain(context.Background(), form(r, rater, why, expected))
	if err != nil {
		t.Fatalf("Explain(%q) = %v, want nil", why, err)
	}
	return sub
}

func form(r feedback.Response, rater feedback.Rater, why, expected string) feedback.Explanation {
	return feedback.Explanation{ResponseID: r.ID, Rater: rater, Source: feedback.User,
		Explanation: why, Expected: expected, Version: clock.Add(1)}
}

// work runs a worker until stop is called, which waits for it.
func work(s *store.Store, options delivery.Options, backends ...feedback.Backend) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() { delivery.NewWorker(s, backends, options).Run(ctx) })
	return func() {
		cancel()
		ended.Wait()
	}
}

// rows returns what a query finds, a line for each row.
func rows(t testing.TB, db *sql.DB, query string, args ...any) string {
	t.Helper()
	found, err := db.Query(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for found.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := found.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			fmt.Fprint(&b, map[bool]string{true: " "}[i > 0], v.(*sql.NullString).String)
		}
		b.WriteByte('\n')
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// eventually waits until something holds, for a minute at most. It looks now and
// then, so that it takes no core from those it waits for.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}
