package store_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// Clicks that come at once share a few commits.
func TestConcurrentVotesShareCommits(t *testing.T) {
	t.Parallel()
	url := feedbacktest.SQLite(t)
	synctest.Test(t, func(t *testing.T) {
		s := open(t, url, store.Options{})
		if _, err := s.DB().Exec(`PRAGMA wal_autocheckpoint = 0`); err != nil {
			t.Fatal(err)
		}
		r := monitor(t, s)
		before := commits(t, file(url))
		const votes, most = 1000, 10
		leave := make(chan bool)
		var all sync.WaitGroup
		all.Go(func() {
			if err := s.Write(context.Background(), func(context.Context, store.Tx) error { <-leave; return nil }); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait() // the committer is busy, so what comes now waits
		for i := range votes {
			all.Go(func() {
				if _, _, err := s.Vote(context.Background(), click(r, feedback.Rater(fmt.Sprint(i)), 5)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // all of them wait
		close(leave)
		all.Wait()
		if got := commits(t, file(url)) - before; got > most {
			t.Errorf("%d votes at once took %d commits, want at most %d", votes, got, most)
		}
		if got := rows(t, s.DB(), `SELECT COUNT(*) FROM submissions`); got != fmt.Sprintln(votes) {
			t.Errorf("%s votes are stored, want %d", got, votes)
		}
	})
}

// commits counts the commits in a SQLite write-ahead log: the frames whose
// header holds the size of the database.
func commits(t *testing.T, path string) (n int) {
	t.Helper()
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	page := int(binary.BigEndian.Uint32(log[8:]))
	for at := 32; at+24+page <= len(log); at += 24 + page {
		if binary.BigEndian.Uint32(log[at+4:]) != 0 {
			n++
		}
	}
	return n
}

// together runs writes so that they are waiting at the same time, and returns
// their errors in order.
func together(t *testing.T, s *store.Store, writes ...func(ctx context.Context, tx store.Tx) error) []error {
	t.Helper()
	entered, leave := make(chan bool), make(chan bool)
	first := make(chan error)
	go func() {
		first <- s.Write(t.Context(), func(context.Context, store.Tx) error {
			entered <- true
			<-leave
			return nil
		})
	}()
	<-entered // the committer is busy, so what comes now waits
	errs := make([]error, len(writes))
	var all sync.WaitGroup
	for i, do := range writes {
		all.Go(func() { errs[i] = s.Write(t.Context(), do) })
	}
	close(leave)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	all.Wait()
	return errs
}

func setting(name string) func(ctx context.Context, tx store.Tx) error {
	return func(ctx context.Context, tx store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, '')`, name)
		return err
	}
}

// A write that fails, by itself or in the database, is told so alone.
func TestFailingWriteDoesNotUndoItsNeighbours(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		failed := errors.New("failed")
		errs := together(t, s, setting("a"),
			func(ctx context.Context, tx store.Tx) error {
				return errors.Join(setting("half")(ctx, tx), failed)
			},
			setting("b"),
			func(ctx context.Context, tx store.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ('null', NULL)`)
				return err
			},
			setting("c"))
		if errs[0] != nil || errs[2] != nil || errs[4] != nil {
			t.Errorf("the neighbours got %v, want nil", errs)
		}
		if !errors.Is(errs[1], failed) || errs[3] == nil {
			t.Errorf("the failing writes got %v and %v, want their errors", errs[1], errs[3])
		}
		got := rows(t, s.DB(), `SELECT name FROM settings WHERE name <> 'rater_key' ORDER BY name`)
		if want := "a\nb\nc\n"; got != want {
			t.Errorf("stored are %q, want %q", got, want)
		}
	})
}

// A caller is answered after the commit, so that another connection sees what
// was confirmed.
func TestAnswerComesAfterTheCommit(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s, other := open(t, url, store.Options{}), open(t, url, store.Options{})
		r := monitor(t, s)
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				rater := feedback.Rater(fmt.Sprint(i))
				if _, _, err := s.Vote(t.Context(), click(r, rater, 5)); err != nil {
					t.Error(err)
				}
				if _, err := other.Submission(t.Context(), r.ID, rater, feedback.User); err != nil {
					t.Errorf("Submission(%s) right after its Vote = %v, want nil", rater, err)
				}
			})
		}
		all.Wait()
	})
}

// A write whose caller has given up before its turn is answered at once and not
// executed.
func TestExpiredWriteIsNotExecuted(t *testing.T) {
	t.Parallel()
	url := feedbacktest.SQLite(t)
	synctest.Test(t, func(t *testing.T) {
		s := open(t, url, store.Options{})
		leave := make(chan bool)
		go s.Write(context.Background(), func(context.Context, store.Tx) error { <-leave; return nil })
		synctest.Wait() // the committer is busy
		ctx, cancel := context.WithCancel(context.Background())
		var err error
		go func() { err = s.Write(ctx, setting("late")) }()
		synctest.Wait() // the write waits for its turn
		cancel()
		synctest.Wait()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Write, its context ended while it waited = %v, want %v", err, context.Canceled)
		}
		close(leave)
		if err := s.Ping(context.Background()); err != nil { // by now its turn has passed
			t.Errorf("Ping() = %v, want nil", err)
		}
		if got := rows(t, s.DB(), `SELECT name FROM settings WHERE name = 'late'`); got != "" {
			t.Errorf("the write was executed: %q", got)
		}
	})
}

// lock takes SQLite's write lock through another connection.
func lock(t *testing.T, url string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite", file(url))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(context.Background(), `BEGIN EXCLUSIVE`); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(context.Background(), `ROLLBACK`); err != nil {
			t.Error(err)
		}
		if err := errors.Join(conn.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	}
}

// While somebody else holds the database, a vote waits as long as its caller
// does and no longer, whoever else waits; it is stored whole or not at all.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	url := feedbacktest.SQLite(t)
	synctest.Test(t, func(t *testing.T) {
		s := open(t, url, store.Options{})
		r := monitor(t, s)
		unlock := lock(t, url)

		patient := make(chan error)
		go func() {
			_, _, err := s.Vote(context.Background(), click(r, "patient", 5))
			patient <- err
		}()
		for _, patience := range []time.Duration{200 * time.Millisecond, 10 * time.Second} { // SQLite itself waits for 2 s
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			began := time.Now()
			_, _, err := s.Vote(ctx, click(r, "impatient", 5))
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Vote on a locked database = %v, want %v", err, context.DeadlineExceeded)
			}
			if took := time.Since(began); took != patience {
				t.Errorf("Vote with %v to wait on a locked database took %v of the bubble's time", patience, took)
			}
		}
		unlock()
		if err := <-patient; err != nil {
			t.Errorf("Vote that waited for the lock = %v, want nil", err)
		}
		if got, want := rows(t, s.DB(), `SELECT rater FROM submissions`), "patient\n"; got != want {
			t.Errorf("stored are the votes of %q, want %q", got, want)
		}
	})
}

// Statements about pages of every length are not kept compiled.
func TestFewStatementsAreKept(t *testing.T) {
	t.Parallel()
	s := open(t, feedbacktest.SQLite(t), store.Options{})
	var ids []string
	for range 200 {
		ids = append(ids, feedback.NewID())
		if _, err := s.Shown(t.Context(), ids); err != nil {
			t.Fatal(err)
		}
		if err := s.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
			args := make([]any, len(ids))
			for n := range ids {
				args[n] = ids[n]
			}
			_, err := tx.ExecContext(ctx, `DELETE FROM messages WHERE id IN (''`+strings.Repeat(", ?", len(ids))+`)`, args...)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Kept(); n > 100 {
		t.Errorf("%d statements are kept, want at most 100", n)
	}
}

// A full disk is an error, stores nothing, and is forgotten once there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := open(t, feedbacktest.SQLite(t), store.Options{})
	r := monitor(t, s)
	vote(t, s, click(r, "first", 5))
	pages := strings.TrimSpace(rows(t, s.DB(), `PRAGMA page_count`))
	if _, err := s.DB().Exec(`PRAGMA max_page_count = ` + pages); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 10_000)
	if _, err := s.Explain(t.Context(), form(r, "first", long, "")); err == nil {
		t.Error("Explain on a full disk = nil, want an error")
	}
	if got, want := texts(t, s, r), "5 0  \n"; got != want {
		t.Errorf("after the error the submission is %.20q, want %q", got, want)
	}
	full := false
	for i := 0; i < 1000 && !full; i++ {
		rater := feedback.Rater(fmt.Sprint("rater ", i))
		_, _, err := s.Vote(t.Context(), click(r, rater, 5))
		_, read := s.Submission(t.Context(), r.ID, rater, feedback.User)
		if (err == nil) != (read == nil) {
			t.Fatalf("Vote on a full disk = %v, but the vote is then %v", err, read)
		}
		full = err != nil
	}
	if !full {
		t.Error("the disk was never full")
	}
	if _, err := s.DB().Exec(`PRAGMA max_page_count = 1000000`); err != nil {
		t.Fatal(err)
	}
	vote(t, s, click(r, "last", 5))
	explain(t, s, r, "first", long, "")
}

// What was begun before Close is durable, what comes after it is refused.
func TestCloseWaitsForWrites(t *testing.T) {
	t.Parallel()
	url := feedbacktest.SQLite(t)
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := monitor(t, s)
	var mu sync.Mutex
	stored := 0
	var all sync.WaitGroup
	for i := range 500 {
		all.Go(func() {
			if _, _, err := s.Vote(t.Context(), click(r, feedback.Rater(fmt.Sprint(i)), 5)); err == nil {
				mu.Lock()
				defer mu.Unlock()
				stored++
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close() = %v, want nil", err)
	}
	all.Wait()
	if _, _, err := s.Vote(t.Context(), click(r, "late", 5)); err == nil {
		t.Error("Vote after Close = nil, want an error")
	}
	s = open(t, url, store.Options{})
	if got := rows(t, s.DB(), `SELECT COUNT(*) FROM submissions`); got != fmt.Sprintln(stored) {
		t.Errorf("%s votes are stored, want the %d that were confirmed", strings.TrimSpace(got), stored)
	}
}
