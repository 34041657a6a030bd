package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// How many writes may share one commit. A commit costs one flush of the disk
// whatever it holds; these are where a storm of clicks stopped getting faster
// when it was measured. Postgres is asked over a network, so there several
// transactions are under way at once.
const (
	sqliteBatch        = 256
	postgresBatch      = 64
	postgresCommitters = 4
)

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
// transactions, until one commits, and once more when nobody knows whether that
// one did; it must therefore assign its results, never add to them. It returns
// an error only when the database fails: what a caller did wrong is a result,
// and must not undo its neighbours' work.
type write struct {
	ctx   context.Context
	on    string // the response whose rows it locks; "" for others
	do    func(ctx context.Context, tx tx) error
	done  chan error   // buffered, receives once
	state atomic.Int32 // waiting, begun or abandoned
}

const (
	waiting   = iota
	begun     // it may be executed, so its caller waits for the answer
	abandoned // its caller has gone, so it must not be executed
)

// patience bounds how long a write waits for its turn whose caller would wait
// for ever.
const patience = 30 * time.Second

var errClosed = errors.New("the store is closed")

// write runs do in a transaction that it may share with other callers', and
// returns when that is durable or has surely not happened. ctx bounds how long
// the write may wait for its turn, also while the database is away; once begun
// it is waited for, so that the answer is always known.
func (s *Store) write(ctx context.Context, do func(ctx context.Context, tx tx) error) error {
	return s.writeOn(ctx, "", do)
}

// writeOn is write for a change to what hangs on one response, which takes that
// response's lock first; see hold. Such changes are executed in the order of
// their responses, so that two transactions never wait for each other.
func (s *Store) writeOn(ctx context.Context, responseID string, do func(ctx context.Context, tx tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	w := &write{ctx: ctx, on: responseID, do: do, done: make(chan error, 1)}
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
		if w.state.CompareAndSwap(waiting, abandoned) {
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
	case err := <-w.done: // answered just before the committers stopped
		return err
	default:
		return errClosed
	}
}

// commitLoop takes what is waiting, commits it together, and answers every
// caller.
func (s *Store) commitLoop() {
	batch := make([]*write, 0, s.maxBatch)
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
		for more := true; more && len(batch) < s.maxBatch; {
			select {
			case w := <-s.writes:
				batch = append(batch, w)
			default:
				more = false
			}
		}
		// Those on a response first, in order; see writeOn.
		slices.SortStableFunc(batch, func(a, b *write) int {
			return cmp.Or(-cmp.Compare(flag(a.on != ""), flag(b.on != "")), cmp.Compare(a.on, b.on))
		})
		s.commit(batch)
	}
}

// retryPause is how long a committer leaves a database alone that is away.
const retryPause = 100 * time.Millisecond

// commit makes a batch durable. When the database is busy or away it tries again
// for as long as a caller waits; when the batch fails it commits the writes one
// by one, so that each gets its own answer.
func (s *Store) commit(batch []*write) {
	var err error
	for told := false; ; {
		batch = slices.DeleteFunc(batch, func(w *write) bool { return w.expire(err) })
		if len(batch) == 0 {
			return
		}
		err = s.tryCommit(batch)
		if !isPassing(err) {
			break
		}
		s.followPrimary(err)
		if !told {
			s.log.Warn("the database does not take changes, trying again", "error", err)
			told = true
		}
		time.Sleep(retryPause)
	}
	if err != nil && len(batch) > 1 {
		for i := range batch {
			s.commit(batch[i : i+1])
		}
		return
	}
	for _, w := range batch {
		w.done <- err
	}
}

// expire gives the answer to a caller that waits no longer, and reports whether
// it did. err is why the write was not committed so far. Another write is back
// at waiting.
func (w *write) expire(err error) bool {
	if w.ctx.Err() != nil {
		w.state.Store(abandoned)
		w.done <- fmt.Errorf("the database did not take it in time: %w", errors.Join(context.Cause(w.ctx), err))
		return true
	}
	w.state.CompareAndSwap(begun, waiting)
	return false
}

func (s *Store) tryCommit(batch []*write) error {
	s.enabled.writing.RLock()
	defer s.enabled.writing.RUnlock()
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
		if !w.state.CompareAndSwap(waiting, begun) {
			continue // its caller has gone
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
