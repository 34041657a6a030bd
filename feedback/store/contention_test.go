package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// Two processes that store votes on the same answers and deliver them meanwhile,
// several at a time, never wait for each other's rows in a circle.
func TestVotesDoNotDeadlock(t *testing.T) {
	t.Parallel()
	url := feedbacktest.Postgres(t)
	synctest.Test(t, func(t *testing.T) { // whose clock stands while Postgres works, so that nobody loses patience
		stores := []*store.Store{open(t, url, store.Options{}), open(t, url, store.Options{})}
		one, two := newBackend(nil), newBackend(nil)
		two.name = "another"
		for _, s := range stores {
			defer work(s, delivery.Options{}, one, two)()
		}
		list := make([]feedback.Response, 20)
		for n := range list {
			list[n] = monitor(t, stores[0])
		}
		var all sync.WaitGroup
		for n := range 2000 {
			all.Go(func() {
				r, rater := list[rand.N(len(list))], feedback.Rater(fmt.Sprint(rand.N(10)))
				if _, _, err := stores[n%2].Vote(context.Background(), click(r, rater, 1+n%5)); err != nil {
					t.Error(err)
				}
				if _, err := stores[n%2].Explain(context.Background(), form(r, rater, fmt.Sprint("because ", n), "")); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
	db := open(t, url, store.Options{}).DB()
	db.SetMaxOpenConns(1)
	eventually(t, "the other connections have ended, which is when they hand in their statistics", func() bool {
		return rows(t, db, `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`) == ""
	})
	if got := rows(t, db, `SELECT deadlocks, xact_commit > 30 FROM pg_stat_database WHERE datname = current_database()`); got != "0 true\n" {
		t.Errorf("deadlocks and whether there were commits = %s, want 0 and true", strings.TrimSpace(got))
	}
}

// A vote that is being stored while its response is deleted leaves nothing.
func TestVoteMeetsDeletion(t *testing.T) {
	t.Parallel()
	s := open(t, feedbacktest.Postgres(t), store.Options{})
	if err := s.EnableAndFill(t.Context(), "backend"); err != nil {
		t.Fatal(err)
	}
	r := monitor(t, s)
	vote(t, s, click(r, "rater", 5))
	tx, err := s.DB().BeginTx(t.Context(), nil) // another's vote, as Vote stores it
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`SELECT asker FROM responses WHERE id = $1 FOR UPDATE`,
		`INSERT INTO submissions SELECT response_id, 'another', source, rating, kind, withdrawn, by_asker, explanation, expected, version,
			texts_version, rev, created_at, updated_at FROM submissions WHERE response_id = $1`} {
		if _, err := tx.ExecContext(t.Context(), statement, r.ID); err != nil {
			t.Fatal(err)
		}
	}
	forgotten := make(chan error, 1)
	go func() { forgotten <- s.ForgetServer(t.Context(), r.GuildID) }()
	eventually(t, "the deletion meets the vote", func() bool { return rows(t, s.DB(), `SELECT pid FROM pg_locks WHERE NOT granted`) != "" })
	if err := errors.Join(tx.Commit(), <-forgotten); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"responses", "submissions", "submission_history", "deliveries"} {
		if got := rows(t, s.DB(), `SELECT COUNT(*) FROM `+table); got != "0\n" {
			t.Errorf("%s rows are left in %s", strings.TrimSpace(got), table)
		}
	}
}

// The database's connection may die without a word. Then the worker ends all the
// same, and locks are not waited for.
func TestFrozenConnection(t *testing.T) {
	t.Parallel()
	url, freeze := frozen(t, feedbacktest.Postgres(t))
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := newBackend(nil)
	stop := work(s, delivery.Options{}, b)
	monitor(t, s)
	eventually(t, "delivered", func() bool {
		list, err := s.Backlogs(t.Context())
		return err == nil && len(list) == 0 && len(b.seen()) == 1
	})
	eventually(t, "there is a lock", func() bool { // a try is given up after a while
		l, err := s.TryLock(t.Context(), "a")
		return err == nil && l != nil
	})
	thaw := freeze()
	ended := make(chan bool)
	go func() {
		if l, err := s.TryLock(t.Context(), "b"); l != nil || err == nil {
			t.Errorf("TryLock() over a dead connection = %v, %v, want an error", l, err)
		}
		stop()
		close(ended)
	}()
	<-ended // while nothing passes: it does not wait for the connection
	thaw()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// frozen returns the address of a Postgres behind a proxy that can stop to pass
// anything on, without closing a connection.
func frozen(t *testing.T, url string) (through string, freeze func() (thaw func())) {
	t.Helper()
	_, behind, _ := strings.Cut(url, "host=")
	dir, err := os.MkdirTemp("", "pg") // a short path: a socket's is limited to 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const socket = ".s.PGSQL.5432"
	listener, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var passing sync.RWMutex // held for writing while nothing passes
	pipe := func(from, to net.Conn) {
		defer to.Close()
		for buffer := make([]byte, 1<<16); ; {
			n, err := from.Read(buffer)
			passing.RLock()
			_, failed := to.Write(buffer[:n])
			passing.RUnlock()
			if err != nil || failed != nil {
				return
			}
		}
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", filepath.Join(behind, socket))
			if err != nil {
				client.Close()
				continue
			}
			go pipe(client, server)
			go pipe(server, client)
		}
	}()
	return strings.Replace(url, behind, dir, 1), func() func() {
		passing.Lock()
		return passing.Unlock
	}
}
