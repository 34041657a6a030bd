package feedback

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"time"
)

// What the tests see of the inside.

type Tx = tx

const (
	Parallel   = parallel
	MaxStrikes = maxStrikes
	Lease      = lease
	PageSize   = pageSize

	ReadPatience = readPatience
)

func (s *Store) Write(ctx context.Context, do func(ctx context.Context, tx Tx) error) error {
	return s.write(ctx, do)
}

// Waiting returns how many writes wait for a transaction.
func (s *Store) Waiting() int { return len(s.writes) }

func (s *Store) DB() *sql.DB     { return s.db }
func (s *Store) ReadDB() *sql.DB { return s.read }

func (s *Store) Enable(ctx context.Context, backend string) error {
	s.enable(backend, nil)
	return s.fill(ctx, backend)
}

// EnableWaits reports whether an Enable waits for a transaction to end. A lock
// gives itself to no reader while a writer waits for it.
func (s *Store) EnableWaits() bool {
	if s.enabled.writing.TryRLock() {
		s.enabled.writing.RUnlock()
		return false
	}
	return true
}

// Claim leases up to n deliveries and returns how many it got.
func (s *Store) Claim(ctx context.Context, backend string, n int) (int, error) {
	list, err := s.claim(ctx, backend, n)
	return len(list), err
}

// ClaimAndPostpone leases one delivery and stores n times that the backend asked
// for patience.
func (s *Store) ClaimAndPostpone(ctx context.Context, backend string, n int) error {
	list, err := s.claim(ctx, backend, 1)
	for range n {
		if err == nil {
			err = s.settleDelivery(ctx, list[0], result{err: "429", notTried: true, wait: time.Second})
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

func (s *Store) NextReady(ctx context.Context, backend string) (time.Time, error) {
	return s.nextReady(ctx, backend)
}

// Migrate upgrades a database with the given steps and closes it.
func Migrate(ctx context.Context, databaseURL string, steps fs.FS) error {
	s := &Store{log: slog.New(slog.DiscardHandler), schema: steps}
	if err := s.connect(databaseURL); err != nil {
		return err
	}
	return errors.Join(s.migrate(ctx), s.closePools())
}
