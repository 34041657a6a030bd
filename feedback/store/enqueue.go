package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"feedbackbot/feedback"
)

// blocked is the due time of a vote whose response the backend has not got. It
// is released when the response is delivered or refused, so that a crowd of
// votes that cannot be sent yet is not looked at again and again.
const blocked = int64(1) << 60

// enabled are the backends that are delivered to.
type enabled struct {
	// writing is held for reading by every transaction: each either knows of a
	// backend, or has ended before the backend was enabled.
	writing sync.RWMutex

	mu      sync.Mutex
	names   []string
	wakes   map[string]chan struct{}   // what wakes their workers
	erasers map[string]feedback.Eraser // those that can delete
}

func (e *enabled) eraser(name string) feedback.Eraser {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.erasers[name]
}

func (e *enabled) list() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.names
}

// wake tells every worker that something may be due earlier than it thought.
func (e *enabled) wake() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.wakes {
		select {
		case c <- struct{}{}:
		default: // it has been told already
		}
	}
}

// Enable makes everything stored from now on due at a backend. The channel it
// returns receives when there may be something new.
func (s *Store) Enable(name string, eraser feedback.Eraser) <-chan struct{} {
	e := s.enabled
	e.writing.Lock()
	defer e.writing.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.names, name) {
		e.names = append(slices.Clip(e.names), name) // not in place: list gives it out
	}
	if eraser != nil {
		e.erasers[name] = eraser
	}
	e.wakes[name] = make(chan struct{}, 1)
	return e.wakes[name]
}

// Wake tells every worker that something may be due earlier than it thought.
func (s *Store) Wake() { s.enabled.wake() }

const deliveryColumns = `(backend, response_id, rater, source, wanted_rev, delivered_rev, remote_id, due_at, leased_until,
	attempts, strikes, tried_at, dead, last_error, changed_at)`

// becomesDue is what an INSERT of a delivery does when there is a row already. It
// lifts an earlier refusal: what is sent now is another state than the one that
// was refused.
const becomesDue = ` ON CONFLICT (backend, response_id, rater, source) DO UPDATE SET wanted_rev = excluded.wanted_rev,
	due_at = excluded.due_at, strikes = 0, dead = '', changed_at = excluded.changed_at`

// erased selects responses that were forgotten or whose texts have expired. No
// backend gets them any more: one that has them would lose what it has. With
// STORE_TEXT=false a response has no texts either, but is not removed.
const erased = `r.removed = 1 AND r.question = '' AND r.answer = ''`

// lacking finds the responses of which a backend has no delivery at their
// current revision, or at that of a submission on them. What was taken back
// before the backend had it does not count, nor what has been forgotten. For an
// EXISTS in place of the 1 = Postgres would read all submissions into a table
// first, for every page.
const lacking = `SELECT r.id FROM responses r WHERE r.id > $1 AND NOT (` + erased + `) AND (
		NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.backend = $3 AND d.response_id = r.id AND d.rater = '' AND d.source = ''
			AND d.wanted_rev >= r.rev)
		OR 1 = (SELECT 1 FROM submissions s LEFT JOIN deliveries d ON d.backend = $3 AND d.response_id = s.response_id
				AND d.rater = s.rater AND d.source = s.source
			WHERE s.response_id = r.id AND (d.wanted_rev < s.rev OR d.wanted_rev IS NULL AND s.withdrawn = 0) LIMIT 1))
	ORDER BY r.id LIMIT $2`

// Fill makes everything due that was stored while the backend was not enabled
// and that it has not got at its current revision.
func (s *Store) Fill(ctx context.Context, backend string) error {
	const ifNewer = becomesDue + ` WHERE deliveries.wanted_rev < excluded.wanted_rev`
	_, err := s.inPages(ctx, lacking, []any{backend}, func(ctx context.Context, tx tx, ids []string) (int64, error) {
		// A vote that is being stored is waited for, so that it is seen here.
		if err := s.holdAll(ctx, tx, ids); err != nil {
			return 0, err
		}
		list := places(3, len(ids))
		_, err := tx.ExecContext(ctx, `INSERT INTO deliveries `+deliveryColumns+`
			SELECT $1, id, '', '', rev, 0, '', CAST($2 AS BIGINT), 0, 0, 0, 0, '', '', finished_at FROM responses
			WHERE id IN (`+list+`)`+ifNewer, append([]any{backend, millis(time.Now())}, anys(ids)...)...)
		if err != nil {
			return 0, err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO deliveries `+deliveryColumns+`
			SELECT $1, response_id, rater, source, rev, 0, '', CAST($2 AS BIGINT), 0, 0, 0, 0, '', '', updated_at
			FROM submissions s WHERE response_id IN (`+list+`) AND (withdrawn = 0 OR EXISTS (SELECT 1 FROM deliveries d
				WHERE d.backend = $1 AND d.response_id = s.response_id AND d.rater = s.rater AND d.source = s.source))`+ifNewer,
			append([]any{backend, blocked}, anys(ids)...)...)
		if err != nil {
			return 0, err
		}
		return 0, s.release(ctx, tx, backend, ids...)
	})
	if err != nil {
		return fmt.Errorf("prepare the deliveries to %s: %w", backend, err)
	}
	return nil
}

// makeDue records that every backend should have revision rev of the subject,
// no sooner than rest after now.
func (s *Store) makeDue(ctx context.Context, tx tx, what feedback.Item, rev int64, now time.Time, rest time.Duration) error {
	names := s.enabled.list()
	if len(names) == 0 {
		return nil
	}
	free := map[string]bool{}
	if !what.IsResponse() {
		var err error
		if free, err = s.freeAt(ctx, tx, what.ResponseID, names); err != nil {
			return err
		}
	}
	var rows []string
	args := []any{what.ResponseID, what.Rater, what.Source, rev, millis(now)}
	for _, name := range names {
		due := millis(now.Add(rest))
		if isFree, known := free[name]; !what.IsResponse() && !known {
			continue // fill has not come to the response yet, or it has been forgotten
		} else if !what.IsResponse() && !isFree {
			due = blocked
		}
		rows = append(rows, fmt.Sprintf("($%d, $1, $2, $3, $4, 0, '', $%d, 0, 0, 0, 0, '', '', $5)", len(args)+1, len(args)+2))
		args = append(args, name, due)
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO deliveries `+deliveryColumns+` VALUES `+strings.Join(rows, ", ")+becomesDue, args...)
	return err
}

// freeAt returns for the backends with a delivery of a response whether they have
// got it, or will never take it, so that votes on it need not wait. As long as
// the transaction lasts that does not change.
func (s *Store) freeAt(ctx context.Context, tx tx, responseID string, backends []string) (map[string]bool, error) {
	rows, err := tx.QueryContext(ctx, `SELECT backend, delivered_rev > 0 OR dead <> '' FROM deliveries
		WHERE response_id = $1 AND rater = '' AND source = '' AND backend IN (`+places(2, len(backends))+`)
		ORDER BY backend`+s.dialect.forUpdate(), append([]any{responseID}, anys(backends)...)...)
	if err != nil {
		return nil, err
	}
	free := map[string]bool{}
	_, err = collect(rows, func(rows scanner) (_ struct{}, err error) {
		var name string
		var is bool
		err = rows.Scan(&name, &is)
		free[name] = is
		return struct{}{}, err
	})
	return free, err
}

// release makes blocked votes on some responses due, if the backend has got the
// response or will never take it. The plus keeps the database from looking through
// all that is blocked instead of what belongs to these responses.
func (s *Store) release(ctx context.Context, tx tx, backend string, responseIDs ...string) error {
	_, err := tx.ExecContext(ctx, `UPDATE deliveries
		SET due_at = CASE WHEN changed_at + $2 > $1 THEN changed_at + $2 ELSE $1 END
		WHERE backend = $3 AND +due_at = $4 AND response_id IN (`+places(5, len(responseIDs))+`)
			AND EXISTS (SELECT 1 FROM deliveries p WHERE p.backend = deliveries.backend
				AND p.response_id = deliveries.response_id AND p.rater = '' AND (p.delivered_rev > 0 OR p.dead <> ''))`,
		append([]any{millis(time.Now()), s.settle.Milliseconds(), backend, blocked}, anys(responseIDs)...)...)
	return err
}
