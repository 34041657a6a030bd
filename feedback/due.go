package feedback

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// blocked is the due time of a vote whose response the backend has not got. It
// is released when the response is delivered or refused, so that a crowd of
// votes that cannot be sent yet is not looked at again and again.
const blocked = int64(1) << 60

// backendNames is the set of enabled backends and what wakes their workers.
type backendNames struct {
	mu      sync.Mutex
	names   []string
	wakes   []chan struct{}
	erasers map[string]Eraser // those that can delete
}

func (b *backendNames) setEraser(name string, e Eraser) {
	if e == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.erasers == nil {
		b.erasers = map[string]Eraser{}
	}
	b.erasers[name] = e
}

func (b *backendNames) eraser(name string) Eraser {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.erasers[name]
}

func (b *backendNames) list() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.names
}

// wake tells every worker that something may be due earlier than it thought.
func (b *backendNames) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.wakes {
		select {
		case c <- struct{}{}:
		default: // it has been told already
		}
	}
}

// becomesDue is what an INSERT of a delivery does when there is a row already. It
// lifts an earlier refusal: what is sent now is another state than the one that
// was refused.
const becomesDue = ` ON CONFLICT (backend, response_id, rater, source) DO UPDATE SET wanted_rev = excluded.wanted_rev,
	due_at = excluded.due_at, strikes = 0, dead = '', changed_at = excluded.changed_at`

// enable makes everything stored from now on due at the named backend, and
// everything stored before that it has not got at its current revision. The
// channel it returns receives when there may be something new.
func (s *Store) enable(ctx context.Context, name string) (<-chan struct{}, error) {
	wake := make(chan struct{}, 1)
	s.backends.mu.Lock()
	s.backends.names = append(s.backends.names, name)
	s.backends.wakes = append(s.backends.wakes, wake)
	s.backends.mu.Unlock()

	now := millis(time.Now())
	const columns = `(backend, response_id, rater, source, wanted_rev, delivered_rev, remote_id, due_at, leased_until,
		attempts, strikes, tried_at, dead, last_error, changed_at)`
	const ifNewer = becomesDue + ` WHERE deliveries.wanted_rev < excluded.wanted_rev`
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO deliveries `+columns+`
			SELECT $1, id, '', '', rev, 0, '', CAST($2 AS BIGINT), 0, 0, 0, 0, '', '', finished_at FROM responses WHERE true`+ifNewer,
			name, now)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO deliveries `+columns+`
			SELECT $1, response_id, rater, source, rev, 0, '', CAST($2 AS BIGINT), 0, 0, 0, 0, '', '', updated_at
			FROM submissions s WHERE withdrawn = 0 OR EXISTS (SELECT 1 FROM deliveries d WHERE d.backend = $1
				AND d.response_id = s.response_id AND d.rater = s.rater AND d.source = s.source)`+ifNewer,
			name, blocked)
		if err != nil {
			return err
		}
		return s.release(ctx, tx, name, "")
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the deliveries to %s: %w", name, err)
	}
	return wake, nil
}

// makeDue records that every backend should have revision rev of the subject,
// no sooner than rest after now.
func (s *Store) makeDue(ctx context.Context, tx tx, what subject, rev int64, now time.Time, rest time.Duration) error {
	for _, name := range s.backends.list() {
		due := millis(now.Add(rest))
		if !what.isResponse() {
			known, err := optional[bool](tx.QueryRowContext(ctx, `SELECT delivered_rev > 0 OR dead <> '' FROM deliveries
				WHERE backend = $1 AND response_id = $2 AND rater = ''`+s.dialect.forUpdate(), name, what.responseID))
			if err != nil {
				return err
			}
			if !known {
				due = blocked
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO deliveries (backend, response_id, rater, source, wanted_rev,
				delivered_rev, remote_id, due_at, leased_until, attempts, strikes, tried_at, dead, last_error, changed_at)
			VALUES ($1, $2, $3, $4, $5, 0, '', $6, 0, 0, 0, 0, '', '', $7)`+becomesDue,
			name, what.responseID, what.rater, what.source, rev, due, millis(now))
		if err != nil {
			return err
		}
	}
	return nil
}

// release makes blocked votes due whose response the backend has got, or will
// never take: those on one response, or on all of them when responseID is "".
func (s *Store) release(ctx context.Context, tx tx, backend, responseID string) error {
	of := ""
	args := []any{millis(time.Now()), s.settle.Milliseconds(), backend, blocked}
	if responseID != "" {
		of = ` AND response_id = $5`
		args = append(args, responseID)
	}
	_, err := tx.ExecContext(ctx, `UPDATE deliveries
		SET due_at = CASE WHEN changed_at + $2 > $1 THEN changed_at + $2 ELSE $1 END
		WHERE backend = $3 AND due_at = $4 AND EXISTS (SELECT 1 FROM deliveries p WHERE p.backend = deliveries.backend
			AND p.response_id = deliveries.response_id AND p.rater = '' AND (p.delivered_rev > 0 OR p.dead <> ''))`+of, args...)
	return err
}
