//go:build unix

package store_test

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// A commit that cannot be written, here because files may not grow, is an
// error, stores nothing, and leaves the connection fit for the next one.
func TestCommitThatCannotBeWritten(t *testing.T) {
	url := feedbacktest.SQLite(t)
	s := open(t, url, store.Options{})
	r := monitor(t, s)
	info, err := os.Stat(file(url) + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := before
	limit.Cur = uint64(info.Size())
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		rater := feedback.Rater(fmt.Sprint(i))
		if _, _, err := s.Vote(t.Context(), click(r, rater, 5)); err == nil {
			t.Errorf("Vote that cannot be written = nil, want an error")
		}
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	vote(t, s, click(r, "afterwards", 5))
	if got, want := rows(t, s.DB(), `SELECT rater FROM submissions`), "afterwards\n"; got != want {
		t.Errorf("stored are the votes of %q, want %q", got, want)
	}
	if got := rows(t, s.DB(), `PRAGMA integrity_check`); got != "ok\n" {
		t.Errorf("integrity_check = %q, want ok", got)
	}
}
