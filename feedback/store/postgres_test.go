package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// A server that ends all connections costs at most the writes it interrupted.
func TestConnectionsComeBack(t *testing.T) {
	t.Parallel()
	url := feedbacktest.Postgres(t)
	s, other := open(t, url, store.Options{}), open(t, url, store.Options{})
	r := monitor(t, s)
	for i := range 3 {
		if _, err := other.DB().Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
			t.Fatal(err)
		}
		for left := 1; left > 0; {
			if err := other.DB().QueryRow(`SELECT COUNT(*) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&left); err != nil {
				t.Fatal(err)
			}
		}
		vote(t, s, click(r, "rater", i+1))
		if got, err := s.Submission(t.Context(), r.ID, "rater", feedback.User); err != nil || got.Rating != i+1 {
			t.Errorf("Submission = rating %d, %v, want %d", got.Rating, err, i+1)
		}
	}
}

// However often Postgres crashes in the middle of commits, nobody is told of an
// error who waits for it to come back, and every vote that was acknowledged is
// there.
func TestPostgresCrashes(t *testing.T) {
	t.Parallel()
	url, crash := feedbacktest.OwnPostgres(t)
	s := open(t, url, store.Options{})
	r := monitor(t, s)
	const raters, crashes = 8, 3
	var acknowledged [raters]atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var voters sync.WaitGroup
	for n := range raters {
		voters.Go(func() {
			for version := int64(1); ctx.Err() == nil; version++ {
				v := click(r, feedback.Rater(fmt.Sprint("rater ", n)), 1+int(version%5))
				v.Version = version
				_, _, err := s.Vote(t.Context(), v)
				switch {
				case errors.Is(err, context.DeadlineExceeded): // it was waited for as long as promised
				case err != nil:
					t.Errorf("Vote while Postgres crashes = %v, want it waited for", err)
					return
				default:
					acknowledged[n].Store(version)
				}
			}
		})
	}
	voters.Go(func() { // reads meanwhile; how long they are patient is another test's business
		for ctx.Err() == nil {
			s.Response(t.Context(), r.ID)
		}
	})
	goesOn := func() {
		t.Helper()
		before := acknowledged[0].Load()
		eventually(t, "votes are stored", func() bool { return acknowledged[0].Load() >= before+10 })
	}
	goesOn()
	for range crashes {
		crash()
		goesOn()
	}
	stop()
	voters.Wait()
	for n := range raters {
		got, err := s.Submission(t.Context(), r.ID, feedback.Rater(fmt.Sprint("rater ", n)), feedback.User)
		if last := acknowledged[n].Load(); err != nil || got.Version < last || got.Rating != 1+int(got.Version%5) {
			t.Errorf("rater %d has vote %d with rating %d, %v; acknowledged was %d", n, got.Version, got.Rating, err, last)
		}
	}
}

// away returns the address of a Postgres behind a path of its own, which leads
// nowhere until come is called, and again after go.
func away(t *testing.T, url string) (through string, come, leave func()) {
	t.Helper()
	const name = ".s.PGSQL.5432"
	_, socket, _ := strings.Cut(url, "host=")
	dir := t.TempDir()
	path := filepath.Join(dir, name)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	return strings.Replace(url, socket, dir, 1),
		func() { must(os.Symlink(filepath.Join(socket, name), path)) },
		func() { must(os.Remove(path)) }
}

// A read waits for a Postgres that is away, but not for long.
func TestReadWaitsForPostgres(t *testing.T) {
	t.Parallel()
	url := feedbacktest.Postgres(t)
	through, come, leave := away(t, url)
	synctest.Test(t, func(t *testing.T) {
		come()
		s, direct := open(t, through, store.Options{}), open(t, url, store.Options{})
		r := monitor(t, s)
		for _, c := range []struct {
			back, least, most time.Duration
			ok                bool
		}{
			{store.ReadPatience / 2, store.ReadPatience / 2, store.ReadPatience - 1, true},
			{time.Hour, store.ReadPatience, store.ReadPatience, false},
		} {
			leave()
			if _, err := direct.DB().Exec(`SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			time.AfterFunc(c.back, come)
			_, err := s.Response(context.Background(), r.ID)
			if took := time.Since(began); (err == nil) != c.ok || took < c.least || took > c.most {
				t.Errorf("Response of a database that is away for %v = %v after %v of the bubble's time, want it after %v to %v", c.back, err, took, c.least, c.most)
			}
			time.Sleep(2 * time.Hour)
		}
	})
}

// A bot and its Postgres may be started at the same time.
func TestOpenWaitsForPostgres(t *testing.T) {
	t.Parallel()
	through, come, _ := away(t, feedbacktest.Postgres(t))
	synctest.Test(t, func(t *testing.T) {
		if _, err := store.Open(context.Background(), through, store.Options{}); err == nil {
			t.Error("Open without patience = nil, want an error")
		}
		var once sync.Once
		log := slog.New(slog.NewTextHandler(writer(func(line []byte) {
			if !strings.Contains(string(line), "cannot be opened yet") {
				t.Errorf("logged %s", line)
			}
			once.Do(come) // now it starts
		}), nil))
		s, err := store.Open(context.Background(), through, store.Options{Patience: time.Minute, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// writer is a function that is called with what is written.
type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// After a failover some connections may still lead to a server that takes no
// changes. They are given up, and the vote is stored by the new one.
func TestFailover(t *testing.T) {
	t.Parallel()
	url := feedbacktest.Postgres(t)
	synctest.Test(t, func(t *testing.T) {
		short, cancel := context.WithCancel(context.Background())
		defer cancel()
		log := slog.New(slog.NewTextHandler(writer(func(line []byte) {
			if strings.Contains(string(line), "does not take changes") {
				cancel()
			}
		}), nil))
		s, other := open(t, url, store.Options{Log: log}), open(t, url, store.Options{})
		r := monitor(t, s)
		conn, err := other.DB().Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		do := func(statement string) {
			t.Helper()
			if _, err := conn.ExecContext(context.Background(), `SET default_transaction_read_only = off`); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.ExecContext(context.Background(), statement); err != nil {
				t.Fatal(err)
			}
		}
		var name string
		if err := conn.QueryRowContext(context.Background(), `SELECT current_database()`).Scan(&name); err != nil {
			t.Fatal(err)
		}
		do(`ALTER DATABASE ` + name + ` SET default_transaction_read_only = on`)
		do(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if _, _, err := s.Vote(short, click(r, "impatient", 5)); err == nil || !strings.Contains(err.Error(), "25006") {
			t.Errorf("Vote on a server that takes no changes = %v, want its error 25006", err)
		}
		voted := make(chan error, 1)
		go func() {
			_, _, err := s.Vote(context.Background(), click(r, "rater", 4))
			voted <- err
		}()
		do(`ALTER DATABASE ` + name + ` SET default_transaction_read_only = off`)
		if err := <-voted; err != nil {
			t.Errorf("Vote during a failover = %v, want nil", err)
		}
		if _, err := s.Submission(context.Background(), r.ID, "impatient", feedback.User); !errors.Is(err, feedback.ErrNoVote) {
			t.Errorf("Submission of a vote that failed = %v, want %v", err, feedback.ErrNoVote)
		}
	})
}

// What Postgres refuses for good is said at once, with a mend.
func TestPostgresRefuses(t *testing.T) {
	t.Parallel()
	url := feedbacktest.Postgres(t)
	for name, tt := range map[string]struct{ from, to, mend string }{
		"user":     {"user=postgres", "user=nobody", "correct the user"},
		"database": {"postgres:///", "postgres:///no", "create the database"},
		"setting":  {"?", "?nonsense=1&", "take the setting"},
		"value":    {"?", "?statement_timeout=soon&", "take the setting"},
		"schema":   {"?", "?search_path=nowhere&", "search_path"},
	} {
		_, err := store.Open(t.Context(), strings.Replace(url, tt.from, tt.to, 1), store.Options{Patience: time.Hour})
		if never := new(store.ConfigurationError); !errors.As(err, &never) || !strings.Contains(never.Mend, tt.mend) {
			t.Errorf("%s = %v, want the mend %q", name, err, tt.mend)
		}
	}
}
