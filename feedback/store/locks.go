package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"feedbackbot/feedback"
)

// lock implements [feedback.Lock].
type lock struct {
	name string
	of   *locks
	lost chan struct{}
}

func (l *lock) Lost() <-chan struct{} { return l.lost }
func (l *lock) Release()              { l.of.release(l) }

// TryLock takes a lock, or returns nil when another process holds it, or this
// one. On SQLite, which one process uses, only this process counts.
func (s *Store) TryLock(ctx context.Context, name string) (feedback.Lock, error) {
	l, err := s.locks.try(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("take the lock %q: %w", name, err)
	}
	if l == nil {
		return nil, nil
	}
	return l, nil
}

const (
	// lockCheck is how often it is seen to that the locks are still held.
	lockCheck = 2 * time.Second
	// lockGrace is for how long a lock may be somebody else's before it counts
	// as lost: the database may still believe in our own broken connection, by its
	// keepalives for up to 7 s.
	lockGrace = 10 * time.Second
)

// locks are the advisory locks of this process. They belong to one connection
// of Postgres, which is used for nothing else.
type locks struct {
	db  *sql.DB // nil for SQLite
	log func(msg string, args ...any)

	mu   sync.Mutex
	conn *sql.Conn
	held map[string]*lock
	// foreign are the locks that have to be taken again, and since when each is
	// somebody else's; the zero time if it has not been tried.
	foreign map[string]time.Time
	keeper  context.CancelFunc // ends the goroutine that sees to the locks
	kept    sync.WaitGroup
}

func (k *locks) try(ctx context.Context, name string) (*lock, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lockCheck) // the others wait for it
	defer cancel()
	if k.held[name] != nil {
		return nil, nil
	}
	if k.db != nil {
		if err := k.connect(ctx); err != nil {
			return nil, err
		}
		ours, err := k.ask(ctx, name)
		if isPassing(err) || errors.Is(err, sql.ErrConnDone) {
			k.lose() // so that the next try has another connection
		}
		if err != nil || !ours {
			return nil, err
		}
	}
	l := &lock{name: name, of: k, lost: make(chan struct{})}
	k.held[name] = l
	return l, nil
}

// connect opens the connection of the locks, and begins to see to them.
func (k *locks) connect(ctx context.Context) error {
	if k.conn != nil {
		return nil
	}
	conn, err := k.db.Conn(ctx)
	if err != nil {
		return err
	}
	// The server notices soon when this process is gone without a goodbye.
	for _, setting := range []string{"tcp_keepalives_idle = 3", "tcp_keepalives_interval = 2", "tcp_keepalives_count = 2"} {
		if _, err := conn.ExecContext(ctx, "SET "+setting); err != nil {
			return errors.Join(err, conn.Close())
		}
	}
	k.conn = conn
	if k.keeper == nil {
		keepCtx, stop := context.WithCancel(context.Background())
		k.keeper = stop
		k.kept.Go(func() { k.keep(keepCtx) })
	}
	return nil
}

// ask takes the advisory lock of a name on the connection.
func (k *locks) ask(ctx context.Context, name string) (ours bool, err error) {
	return ours, k.conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, lockKey(name)).Scan(&ours)
}

func lockKey(name string) int64 {
	sum := sha256.Sum256([]byte("feedbackbot/" + name))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

func (k *locks) release(l *lock) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held[l.name] != l {
		return // it was lost
	}
	delete(k.held, l.name)
	delete(k.foreign, l.name)
	if k.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockCheck)
	defer cancel()
	if _, err := k.conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, lockKey(l.name)); err != nil {
		k.drop() // which unlocks as well
	}
}

// drop closes a connection that cannot be trusted any more. The pool must not
// use it again: it may hold locks.
func (k *locks) drop() {
	k.conn.Raw(func(any) error { return driver.ErrBadConn })
	k.conn.Close()
	k.conn = nil
}

// lose gives up the connection, with whose loss all locks have to be taken again.
func (k *locks) lose() {
	k.drop()
	for name := range k.held {
		k.foreign[name] = time.Time{}
	}
}

// keep takes the locks again when the connection was lost. As long as the
// database is away nobody else can have them.
func (k *locks) keep(ctx context.Context) {
	tick := time.NewTicker(lockCheck)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		k.check(ctx)
	}
}

func (k *locks) check(ctx context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lockCheck)
	defer cancel()
	if k.conn != nil {
		if _, err := k.conn.ExecContext(ctx, `SELECT 1`); err != nil {
			k.log("the connection that holds this process's locks was lost, taking them again", "error", err)
			k.lose()
		}
	}
	if len(k.foreign) == 0 || k.connect(ctx) != nil {
		return
	}
	for name, since := range k.foreign {
		l := k.held[name]
		if l == nil {
			delete(k.foreign, name)
			continue
		}
		ours, err := k.ask(ctx, name)
		switch {
		case err != nil:
			return
		case ours:
			delete(k.foreign, name)
		case since.IsZero():
			k.foreign[name] = time.Now()
		case time.Since(since) > lockGrace:
			delete(k.foreign, name)
			delete(k.held, name)
			close(l.lost)
		}
	}
}

func (k *locks) close() {
	k.mu.Lock()
	stop := k.keeper
	k.mu.Unlock()
	if stop != nil {
		stop()
	}
	k.kept.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn != nil {
		k.drop()
	}
}
