package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"feedbackbot/feedback"
)

// What the tests see of the inside.

type Tx = tx

const (
	Lease    = lease
	PageSize = pageSize

	ReadPatience = readPatience
)

func (s *Store) Write(ctx context.Context, do func(ctx context.Context, tx Tx) error) error {
	return s.write(ctx, do)
}

// Waiting returns how many writes wait for a transaction.
func (s *Store) Waiting() int { return len(s.writes) }

func (s *Store) DB() *sql.DB     { return s.db }
func (s *Store) ReadDB() *sql.DB { return s.read }

// EnableWaits reports whether an Enable waits for a transaction to end. A lock
// gives itself to no reader while a writer waits for it.
func (s *Store) EnableWaits() bool {
	if s.enabled.writing.TryRLock() {
		s.enabled.writing.RUnlock()
		return false
	}
	return true
}

// EnableAndFill is what a worker does at its start.
func (s *Store) EnableAndFill(ctx context.Context, backend string) error {
	s.Enable(backend, nil)
	return s.Fill(ctx, backend)
}

// ClaimAndPostpone leases one delivery and stores n times that the backend asked
// for patience.
func (s *Store) ClaimAndPostpone(ctx context.Context, backend string, n int) error {
	list, err := s.Claim(ctx, backend, 1)
	for range n {
		if err == nil {
			err = s.SettleDelivery(ctx, list[0], feedback.Settlement{Err: "429", NotTried: true, Wait: time.Second})
		}
	}
	return err
}

// LoseLocks is what the loss of the connection that holds them does.
func (s *Store) LoseLocks() {
	s.locks.mu.Lock()
	defer s.locks.mu.Unlock()
	s.locks.lose()
}

// CheckLocks takes lost locks again, as is done every few seconds.
func (s *Store) CheckLocks(ctx context.Context) { s.locks.check(ctx) }

// Kept returns how many compiled statements are kept.
func (s *Store) Kept() int { return len(s.statements.ready) }

// Migrate upgrades a database with the given steps and closes it.
func Migrate(ctx context.Context, databaseURL string, steps fs.FS) error {
	s := &Store{log: slog.New(slog.DiscardHandler), schema: steps}
	if err := s.connect(databaseURL, ""); err != nil {
		return err
	}
	return errors.Join(s.migrate(ctx), s.closePools())
}

// CheckpointTries returns how often it was tried to empty SQLite's log over the
// connection that is kept for it, which is closed after each use.
func (s *Store) CheckpointTries() int64 { return s.checkpoints.Stats().MaxIdleClosed }
