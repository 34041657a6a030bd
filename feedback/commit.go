package feedback

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// maxBatch is how many writes may share one commit. A commit costs one flush of
// the disk whatever it holds, and 256 is where a storm of clicks stopped
// getting faster when it was measured.
const maxBatch = 256

// commitTimeout bounds one attempt at one batch.
const commitTimeout = 10 * time.Second

// tx is the part of *sql.Tx that writes use.
type tx interface {
	execer
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

type beginner interface {
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

// A write is one caller's change. do may run several times, in different
// transactions, until one commits; it must therefore assign its results, never
// add to them. It returns an error only when the database fails: what a caller
// did wrong is a result, and must not undo its neighbours' work.
type write struct {
	ctx   context.Context
	do    func(ctx context.Context, tx tx) error
	done  chan error   // buffered, receives once unless the write was abandoned
	state atomic.Int32 // waiting, begun or abandoned
}

const (
	waiting   = iota
	begun     // it may be executed, so its caller waits for the answer
	abandoned // its caller has gone, so it must not be executed
)

// begin reports whether the caller still waits, and from then on it does.
func (w *write) begin() bool {
	return !w.expired() && (w.state.CompareAndSwap(waiting, begun) || w.state.Load() == begun)
}

// expired reports whether the caller gave up before the write was begun.
func (w *write) expired() bool { return w.ctx.Err() != nil && w.abandon() }

// abandon reports whether the write will never be executed.
func (w *write) abandon() bool {
	return w.state.CompareAndSwap(waiting, abandoned) || w.state.Load() == abandoned
}

var errClosed = errors.New("the store is closed")

// write runs do in a transaction that it may share with other callers', and
// returns when that is durable or has surely not happened. ctx bounds how long
// the write may wait for its turn; once begun it is waited for, so that the
// answer is always known.
func (s *Store) write(ctx context.Context, do func(ctx context.Context, tx tx) error) error {
	w := &write{ctx: ctx, do: do, done: make(chan error, 1)}
	select {
	case s.writes <- w:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.stopped:
		return errClosed
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		if w.abandon() {
			return fmt.Errorf("the database did not take it in time: %w", context.Cause(ctx))
		}
	case <-s.stopped:
	}
	select {
	case err := <-w.done:
		return err
	case <-s.stopped:
	}
	select {
	case err := <-w.done: // answered just before the committer stopped
		return err
	default:
		return errClosed
	}
}

// commitLoop owns the writing connection: it takes what is waiting, commits it
// together, and answers every caller.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	batch := make([]*write, 0, maxBatch)
	for {
		batch = batch[:0]
		select {
		case w := <-s.writes:
			batch = append(batch, w)
		case <-s.closing:
			if len(s.writes) == 0 {
				return
			}
		}
		for more := true; more && len(batch) < maxBatch; {
			select {
			case w := <-s.writes:
				batch = append(batch, w)
			default:
				more = false
			}
		}
		s.commit(batch)
	}
}

// commit makes a batch durable. When the database is busy it tries again for as
// long as a caller waits; when the batch fails it commits the writes one by
// one, so that each gets its own answer.
func (s *Store) commit(batch []*write) {
	for {
		if batch = slices.DeleteFunc(batch, (*write).expired); len(batch) == 0 {
			return
		}
		err := s.tryCommit(batch)
		switch {
		case isBusy(err):
			continue
		case err != nil && len(batch) > 1:
			for i := range batch {
				s.commit(batch[i : i+1])
			}
			return
		}
		for _, w := range batch {
			w.done <- err
		}
		return
	}
}

func (s *Store) tryCommit(batch []*write) error {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	s.statements.prepare(ctx, s.db)
	pooled, err := s.begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer pooled.Rollback() // after Commit it does nothing
	tx := s.statements.in(pooled)
	for _, w := range batch {
		if !w.begin() {
			continue
		}
		if err := w.do(ctx, tx); err != nil {
			return err
		}
	}
	if err := pooled.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// begin starts a transaction. A pooled connection may have died unused, which
// shows only now; nothing has been done on it, so another is tried.
func (s *Store) begin(ctx context.Context) (tx *sql.Tx, err error) {
	for range maxIdle + 1 {
		tx, err = s.db.BeginTx(ctx, nil)
		if err == nil || isBusy(err) || ctx.Err() != nil {
			break
		}
	}
	return tx, err
}

// isBusy reports whether somebody else holds SQLite's write lock. The driver
// has then already waited for its busy_timeout, so there is no need to sleep.
func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlitelib.SQLITE_BUSY
}
