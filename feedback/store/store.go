// Package store keeps responses, submissions and the state of their deliveries,
// and what the bot has to remember, in SQLite or Postgres: the same schema and the
// same SQL for both. It alone knows database/sql.
//
// What a method has confirmed is durable. Concurrent writes share a commit, see
// commit.go; work on everything that is stored goes in pages, see pages.go.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // driver "sqlite"

	"feedbackbot/feedback"
)

// Options tune a [Store]. The zero value is ready to use.
type Options struct {
	// Settle is how long a vote rests before it is due for delivery, so that
	// a quick change of mind never leaves the process.
	Settle time.Duration
	// NoText keeps the texts of questions, answers and files out of the
	// database, and so out of the backends.
	NoText bool
	// Reviewing says what is put before reviewers.
	Reviewing Reviewing
	// Patience is how long [Open] waits for a database that is away, as when
	// both are started at the same time.
	Patience time.Duration
	// Log receives what an operator should know; nil discards it.
	Log *slog.Logger

	driverSuffix string // of the names of the drivers, for tests that look at the statements
}

// Store keeps responses, submissions and the state of their deliveries in
// SQLite or Postgres. All methods are safe for concurrent use. A method that
// changes something returns after the commit is durable, or returns an error
// and has changed nothing.
type Store struct {
	dialect     dialect
	db          *sql.DB // writes
	read        *sql.DB // reads; for SQLite a pool that cannot write
	checkpoints *sql.DB // empties SQLite's log of changes, and waits for nobody
	settle      time.Duration
	noText      bool
	reviewing   Reviewing
	log         *slog.Logger
	schema      fs.FS // the steps of the schema
	raterKey    []byte
	enabled     *enabled
	writes      chan *write
	maxBatch    int
	statements  *statements // nil for Postgres
	locks       *locks
	closing     chan struct{} // closed to stop the committers
	stopped     chan struct{} // closed when they have stopped
}

type dialect string

// maxIdle is how many unused connections to Postgres are kept.
const maxIdle = 8

const (
	sqliteDialect   dialect = "sqlite"
	postgresDialect dialect = "postgres"
)

// Open opens the database at databaseURL, "sqlite:PATH" or "postgres://...",
// creates or upgrades its schema, and starts the committers. Close it after use.
// What can never be opened is a [ConfigurationError], at once.
func Open(ctx context.Context, databaseURL string, options Options) (*Store, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	patient, cancel := context.WithTimeout(ctx, options.Patience)
	defer cancel()
	for {
		s, err := open(ctx, databaseURL, options)
		err = forGood(err)
		if never := new(ConfigurationError); errors.As(err, &never) || !isPassing(err) || patient.Err() != nil {
			return s, err
		}
		options.Log.Warn("the database cannot be opened yet, trying again", "error", err)
		select {
		case <-time.After(openPause):
		case <-patient.Done():
		}
	}
}

// openPause is how long Open leaves a database alone that is away.
const openPause = time.Second

func open(ctx context.Context, databaseURL string, options Options) (*Store, error) {
	s := &Store{
		settle:    options.Settle,
		noText:    options.NoText,
		reviewing: options.Reviewing,
		log:       options.Log,
		schema:    schemaFiles,
		enabled:   &enabled{wakes: map[string]chan struct{}{}, erasers: map[string]feedback.Eraser{}},
		writes:    make(chan *write, sqliteBatch),
		maxBatch:  sqliteBatch,
		closing:   make(chan struct{}),
		stopped:   make(chan struct{}),
	}
	if err := s.connect(databaseURL, options.driverSuffix); err != nil {
		return nil, err
	}
	s.locks = &locks{held: map[string]*lock{}, foreign: map[string]time.Time{}, log: s.log.Warn}
	if s.dialect == postgresDialect {
		s.locks.db = s.db
	}
	for _, step := range []func(context.Context) error{
		s.ownConnections,
		s.migrate,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.closePools())
		}
	}
	committers := 1
	if s.dialect == postgresDialect {
		committers, s.maxBatch = postgresCommitters, postgresBatch
	}
	var all sync.WaitGroup
	for range committers {
		all.Go(s.commitLoop)
	}
	go func() {
		all.Wait()
		close(s.stopped)
	}()
	if err := s.loadRaterKey(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close waits for the writes that were begun and closes the database. No
// method may be called afterwards.
func (s *Store) Close() error {
	s.locks.close()
	close(s.closing)
	<-s.stopped
	return s.closePools()
}

func (s *Store) closePools() error {
	var err error
	if s.read != nil && s.read != s.db {
		err = errors.Join(s.read.Close(), s.checkpoints.Close())
	}
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	if err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}

// Ping reports whether the database can be read and written right now.
func (s *Store) Ping(ctx context.Context) error {
	return s.SetSetting(ctx, "pinged_at", time.Now().UTC().Format(time.RFC3339))
}

func (s *Store) connect(databaseURL, driverSuffix string) error {
	scheme, _, _ := strings.Cut(databaseURL, ":")
	for _, connect := range []func(scheme, databaseURL, driverSuffix string) (ok bool, err error){
		s.connectSQLite,
		s.connectPostgres,
	} {
		if ok, err := connect(scheme, databaseURL, driverSuffix); ok {
			return err
		}
	}
	return &ConfigurationError{Err: errors.New("DATABASE_URL names no database"), Mend: "write it as sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME"}
}

// connectSQLite opens the file that an address names.
func (s *Store) connectSQLite(scheme, databaseURL, driverSuffix string) (ok bool, err error) {
	if scheme != "sqlite" {
		return false, nil
	}
	s.dialect = sqliteDialect
	return true, s.openSQLite(strings.TrimPrefix(strings.TrimPrefix(databaseURL, "sqlite:"), "//"), driverSuffix)
}

// openSQLite opens one connection that writes and a few that only read.
// WAL lets them work side by side; synchronous=FULL is what makes a commit
// survive a power cut. The driver ignores misspelt parameters without a word,
// so both settings are read back.
func (s *Store) openSQLite(path, driverSuffix string) error {
	if path == "" {
		return &ConfigurationError{Err: errors.New("DATABASE_URL names no file"), Mend: "write it as sqlite:PATH"}
	}
	if err := ensureFile(path); err != nil {
		return err
	}
	file := "file:" + (&url.URL{Path: path}).EscapedPath()
	const pragmas = "_pragma=busy_timeout(2000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)"
	var err error
	if s.db, err = sql.Open("sqlite"+driverSuffix, file+"?_pragma=journal_mode(WAL)&_txlock=immediate&"+pragmas); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	s.db.SetMaxOpenConns(1)
	s.statements = &statements{ready: map[string]*sql.Stmt{}, wanted: map[string]bool{}}
	var journal string
	var synchronous int
	err = errors.Join(
		s.db.QueryRow(`PRAGMA journal_mode`).Scan(&journal),
		s.db.QueryRow(`PRAGMA synchronous`).Scan(&synchronous))
	if err == nil && (journal != "wal" || synchronous != 2) {
		err = fmt.Errorf("journal_mode is %s and synchronous is %d, want wal and 2", journal, synchronous)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open %s: %w", path, err), s.db.Close())
	}
	if s.read, err = sql.Open("sqlite"+driverSuffix, file+"?_pragma=query_only(1)&"+pragmas); err != nil {
		return errors.Join(fmt.Errorf("open %s for reading: %w", path, err), s.db.Close())
	}
	s.read.SetMaxOpenConns(4)
	if s.checkpoints, err = sql.Open("sqlite"+driverSuffix, file+"?_pragma=busy_timeout(0)"); err != nil {
		return errors.Join(fmt.Errorf("open %s for checkpoints: %w", path, err), s.read.Close(), s.db.Close())
	}
	s.checkpoints.SetMaxOpenConns(1)
	s.checkpoints.SetMaxIdleConns(0)
	return nil
}

// ensureFile creates the database's folder and its file, readable by its owner
// only, because it holds what people wrote.
func ensureFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of the database: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return f.Close()
}

// millis and fromMillis are how times are kept. The zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
