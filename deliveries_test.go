package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/confident"
	"feedbackbot/feedback/confident/confidenttest"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/store"
)

// An operator sees what was refused and why, sends it once more, and fills a
// backend again.
func TestDeliveriesCommand(t *testing.T) {
	fake, err := confidenttest.New(confidenttest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer fake.Close()
	database := "sqlite:" + filepath.Join(t.TempDir(), "feedback.db")
	environ := []string{"DISCORD_TOKEN=", "DATABASE_URL=" + database, "CONFIDENT_API_KEY=" + confidenttest.DefaultKey, "CONFIDENT_BASE_URL=" + fake.URL(), "FEEDBACK_SETTLE=0s"}
	command := func(want int, args ...string) string {
		t.Helper()
		var out, errors bytes.Buffer
		if code := run(t.Context(), append([]string{"deliveries"}, args...), environ, &out, &errors); code != want {
			t.Errorf("deliveries %q = %d, want %d: %s%s", args, code, want, out.String(), errors.String())
		}
		return out.String() + errors.String()
	}
	if got := command(exitOK); !strings.Contains(got, "No backend has been configured") {
		t.Errorf("deliveries of a new database: %s", got)
	}

	kept, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	client, err := confident.New(confident.Options{Key: confidenttest.DefaultKey, BaseURL: fake.URL()})
	if err != nil {
		t.Fatal(err)
	}
	r := feedback.Response{ID: feedback.NewID(), AskID: "1", Asker: "asker", Question: "why?", Answer: "because", AskedAt: time.Now(), FinishedAt: time.Now()}
	if err := kept.Monitor(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, _, err := kept.Vote(t.Context(), feedback.Vote{ResponseID: r.ID, Rater: "rater", Source: feedback.User, Kind: feedback.Stars, Rating: 4, Version: 1}); err != nil {
		t.Fatal(err)
	}
	remove := fake.Fail(confidenttest.Fault{Status: 422, Body: `{"success":false,"code":"too_long"}`})
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	refused := 0
	worker := delivery.NewWorker(kept, []feedback.Backend{client}, delivery.Options{Delivered: func(_, outcome string) {
		if refused++; refused == 2 {
			stop()
		}
	}})
	worker.Run(ctx)
	if got := command(exitOK); !strings.Contains(got, "confident   0           0         2") || !strings.Contains(got, "too_long") {
		t.Errorf("deliveries: %s", got)
	}
	if got := command(exitOK, "retry"); !strings.Contains(got, "2 will be sent again") {
		t.Errorf("deliveries retry: %s", got)
	}
	if got := command(exitOK, "retry", "-backend", "confident"); !strings.Contains(got, "Nothing was refused") {
		t.Errorf("deliveries retry of nothing: %s", got)
	}
	command(exitFailure, "retry", "-backend", "confidant")
	remove()
	if got := command(exitOK, "backfill", "-backend", "confident", "-since", "2026-01-02"); !strings.Contains(got, "Sent 2 to confident.") || !strings.Contains(got, "100%") {
		t.Errorf("deliveries backfill: %s", got)
	}
	if n, m := len(fake.Traces()), len(fake.Annotations()); n != 1 || m != 1 {
		t.Errorf("%d traces and %d annotations, want one each", n, m)
	}
	if got := command(exitOK); !strings.Contains(got, "confident   2           0         0") {
		t.Errorf("deliveries: %s", got)
	}
	if got := command(exitOK, "backfill", "-backend", "confident", "-since", "2999-01-02"); !strings.Contains(got, "Nothing has been answered") {
		t.Errorf("deliveries backfill of the future: %s", got)
	}
	command(exitFailure, "backfill", "-backend", "confident")
	command(exitFailure, "backfill", "-backend", "confident", "-since", "yesterday")
	command(exitConfiguration, "backfill", "-backend", "elsewhere", "-since", "2026-01-02")
	command(exitFailure, "remove")
	command(exitFailure, "-all")
	if got := command(exitOK, "help"); !strings.Contains(got, "feedbackbot deliveries retry") {
		t.Errorf("deliveries help: %s", got)
	}
}
