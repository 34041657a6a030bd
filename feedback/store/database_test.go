package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// Every connection of both pools has the settings that durability and privacy
// rest on, and readers cannot write.
func TestPragmasHoldOnEveryConnection(t *testing.T) {
	t.Parallel()
	s := open(t, feedbacktest.SQLite(t), store.Options{})
	for name, pool := range map[string]struct {
		db   *sql.DB
		n    int
		only string
	}{"write": {s.DB(), 1, "0"}, "read": {s.ReadDB(), 4, "1"}} {
		if got := pool.db.Stats().MaxOpenConnections; got != pool.n {
			t.Errorf("the %s pool has at most %d connections, want %d", name, got, pool.n)
		}
		for range pool.n {
			conn, err := pool.db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() // held, so that the next one is another
			for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
				"secure_delete": "1", "busy_timeout": "2000", "query_only": pool.only} {
				var got string
				if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
					t.Errorf("a %s connection has %s = %s, %v, want %s", name, pragma, got, err, want)
				}
			}
		}
	}
}

// The files of the database, and the folder made for it, are for their owner
// alone; any path works.
func TestFilesBelongToTheirOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new folder", "odd ?name#100%25&x=1.db")
	s := open(t, "sqlite:"+path, store.Options{})
	monitor(t, s)
	for p, want := range map[string]os.FileMode{filepath.Dir(path): 0o700 | os.ModeDir, path: 0o600, path + "-wal": 0o600} {
		info, err := os.Stat(p)
		if err != nil {
			t.Error(err)
			continue
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", p, info.Mode(), want)
		}
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 3 {
		t.Errorf("the folder holds %v, %v, want the database with its -wal and -shm", files, err)
	}
}

// An address that cannot work is refused, without repeating its password.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "sqlite:", "mysql://root:hunter2@host/db", "feedback.db", "postgres://u:hunter2@[::1/db",
		"postgres://u:hunter2@/db?host=/nowhere", "sqlite:/dev/null/feedback.db"} {
		s, err := store.Open(t.Context(), url, store.Options{})
		if err == nil {
			t.Errorf("Open(%q) = nil, want an error", url)
			s.Close()
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q) = %q, which tells the password", url, err)
		}
	}
}

// A person has the same pseudonym as long as the database lives, another one in
// another database, and the id itself is nowhere in the files.
func TestRaterIsAStablePseudonym(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		const id = "123456789012345678"
		first := open(t, url, store.Options{})
		want := first.Rater(id)
		if len(want) != 32 || strings.Contains(string(want), id) || want == first.Rater(id+"0") {
			t.Errorf("Rater(%s) = %q, want 32 digits of its own", id, want)
		}
		if got := open(t, url, store.Options{}).Rater(id); got != want {
			t.Errorf("Rater(%s) after a restart = %q, want %q", id, got, want)
		}
		if got := open(t, feedbacktest.SQLite(t), store.Options{}).Rater(id); got == want {
			t.Errorf("Rater(%s) in another database = %q as well", id, got)
		}
		vote(t, first, click(monitor(t, first), want, 5))
		if path := file(url); path != url {
			for _, p := range []string{path, path + "-wal"} {
				data, err := os.ReadFile(p)
				if err != nil || bytes.Contains(data, []byte(id)) {
					t.Errorf("%s holds the raw id (%v)", p, err)
				}
			}
		}
	})
}

const firstStep = `CREATE TABLE notes (text TEXT NOT NULL); -- a comment; with a semicolon
INSERT INTO notes (text) VALUES ('kept')`

// steps returns a schema of the given steps.
func steps(texts ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i, text := range texts {
		files[fmt.Sprintf("schema/%04d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// look returns what a query finds in the database at url.
func look(t *testing.T, url, query string) string {
	t.Helper()
	driver, name := "sqlite", file(url)
	if name == url {
		driver = "pgx"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return rows(t, db, query)
}

// An older database is upgraded step by step, each step once, and what it held
// is kept; a SQLite file is copied before, as private as itself.
func TestMigrateUpgrades(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		ctx := t.Context()
		for _, schema := range []fstest.MapFS{
			steps(firstStep), steps(firstStep),
			steps(firstStep, `ALTER TABLE notes ADD COLUMN at BIGINT NOT NULL DEFAULT 7`, `UPDATE notes SET at = at + 1`),
			steps(firstStep, `ALTER TABLE notes ADD COLUMN at BIGINT NOT NULL DEFAULT 7`, `UPDATE notes SET at = at + 1`),
		} {
			if err := store.Migrate(ctx, url, schema); err != nil {
				t.Fatalf("Migrate to %d steps = %v, want nil", len(schema), err)
			}
		}
		if got, want := look(t, url, `SELECT text, at, version FROM notes, schema_version`), "kept 8 3\n"; got != want {
			t.Errorf("after the upgrade the database holds %q, want %q", got, want)
		}
		if path := file(url); path != url {
			backups, _ := filepath.Glob(path + ".before*")
			if len(backups) != 1 {
				t.Fatalf("the backups are %q, want one", backups)
			}
			if info, err := os.Stat(backups[0]); err != nil || info.Mode() != 0o600 {
				t.Errorf("the backup has mode %v, %v, want %v", info.Mode(), err, os.FileMode(0o600))
			}
			if got, want := look(t, "sqlite:"+backups[0], `SELECT notes.*, version FROM notes, schema_version`), "kept 1\n"; got != want {
				t.Errorf("the backup holds %q, want %q", got, want)
			}
		}
	})
}

// A step that fails leaves the database as it was, ready for a corrected one.
func TestMigrateFailsWhole(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		if err := store.Migrate(t.Context(), url, steps(firstStep)); err != nil {
			t.Fatal(err)
		}
		if err := store.Migrate(t.Context(), url, steps(firstStep, `UPDATE notes SET text = 'half'; UPDATE nothing SET x = 1`)); err == nil {
			t.Error("Migrate with a broken step = nil, want an error")
		}
		if got, want := look(t, url, `SELECT text, version FROM notes, schema_version`), "kept 1\n"; got != want {
			t.Errorf("after a failed step the database holds %q, want %q", got, want)
		}
		if err := store.Migrate(t.Context(), url, steps(firstStep, `UPDATE notes SET text = 'whole'`)); err != nil {
			t.Errorf("Migrate with the corrected step = %v, want nil", err)
		}
	})
}

// A database that a newer program has upgraded is refused and left alone.
func TestNewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.DB().Exec(`UPDATE schema_version SET version = 1000`); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = store.Open(t.Context(), url, store.Options{})
		if !strings.Contains(fmt.Sprint(err), store.ErrNewerDatabase.Error()) {
			t.Errorf("Open(newer database) = %v, want %v", err, store.ErrNewerDatabase)
		}
	})
}

// Processes that start together make one schema and one key of pseudonyms.
func TestProcessesThatStartTogether(t *testing.T) {
	t.Parallel()
	url := feedbacktest.Postgres(t)
	raters := make(chan feedback.Rater)
	for range 4 {
		go func() {
			s, err := store.Open(context.Background(), url, store.Options{})
			if err != nil {
				t.Errorf("Open = %v, want nil", err)
				raters <- ""
				return
			}
			defer s.Close()
			raters <- s.Rater("1")
		}()
	}
	first := <-raters
	for range 3 {
		if got := <-raters; got != first {
			t.Errorf("Rater(1) = %q and %q, want one pseudonym", first, got)
		}
	}
}
