package store_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// killURL names the variable that turns this binary into the child of
// TestKill: it votes on the response of that database until it is killed.
const killURL = "FEEDBACK_KILL_URL"

// TestMain lets the tests run side by side, for they wait more than they compute:
// for the disk and for Postgres.
func TestMain(m *testing.M) {
	if url := os.Getenv(killURL); url != "" {
		storm(url, os.Getenv("FEEDBACK_KILL_RESPONSE"), os.Getenv("FEEDBACK_KILL_ROUND"))
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// storm votes from many goroutines and prints each vote that was confirmed.
func storm(url, response, round string) {
	s, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			for n := 1; ; n++ {
				rater := feedback.Rater(fmt.Sprint(round, "-", i, "-", n/3)) // a new vote and two changes
				v := feedback.Vote{ResponseID: response, Rater: rater, Source: feedback.User, Rating: 1 + n%5,
					Kind: feedback.Stars, Version: int64(n)}
				if _, _, err := s.Vote(context.Background(), v); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				fmt.Printf("%s %d\n", rater, n) // one write, whole or not at all
			}
		})
	}
	all.Wait()
}

// Every vote that was confirmed before a SIGKILL is there after it. Set
// FEEDBACK_KILL_ROUNDS for more than 20 kills.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds := 20
	if text := os.Getenv("FEEDBACK_KILL_ROUNDS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	url := feedbacktest.SQLite(t)
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := monitor(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	confirmed := map[string]int64{} // by rater, the greatest version
	for round := range rounds {
		killOne(t, url, r.ID, round, confirmed)
	}
	s = open(t, url, store.Options{})
	if got := rows(t, s.DB(), `PRAGMA integrity_check`); got != "ok\n" {
		t.Errorf("integrity_check = %q, want ok", got)
	}
	lost := 0
	for rater, version := range confirmed {
		sub, err := s.Submission(t.Context(), r.ID, feedback.Rater(rater), feedback.User)
		if err != nil || sub.Version < version {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d confirmed votes are lost", lost, len(confirmed))
	}
}

// killOne runs a child, kills it after some votes, and adds what it confirmed.
func killOne(t *testing.T, url, response string, round int, confirmed map[string]int64) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), killURL+"="+url, "FEEDBACK_KILL_RESPONSE="+response, fmt.Sprint("FEEDBACK_KILL_ROUND=", round))
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	killAt := 1 + rand.IntN(300)
	lines := bufio.NewScanner(out)
	n := 0
	for lines.Scan() {
		rater, version, _ := strings.Cut(lines.Text(), " ")
		v, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			t.Fatalf("the child says %q", lines.Text())
		}
		confirmed[rater] = max(confirmed[rater], v)
		if n++; n == killAt {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); !strings.Contains(fmt.Sprint(err), "killed") {
		t.Fatalf("the child ended with %v, want it killed", err)
	}
}
