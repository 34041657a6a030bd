package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Summary is how the deliveries to one backend stand.
type Summary struct {
	Backend   string
	Delivered int64 // it has them at their current revision
	Pending   int64 // will be sent
	Refused   int64 // dead letters: kept with their reasons, and not sent again by themselves
	Oldest    time.Duration
	LastError string   // of what is pending, the latest; "" for none
	Reasons   []Reason // of the dead letters, the most frequent first
}

// Reason is why items were refused for good.
type Reason struct {
	Text  string
	Items int64
}

// maxReasons is how many reasons a summary names.
const maxReasons = 10

// Summaries returns how the deliveries to every backend stand, by name.
func (s *Store) Summaries(ctx context.Context) ([]Summary, error) {
	summaries, err := find(ctx, s, scanSummary, `SELECT backend,
			SUM(CASE WHEN due_at IS NULL AND dead = '' THEN 1 ELSE 0 END),
			SUM(CASE WHEN due_at IS NOT NULL THEN 1 ELSE 0 END),
			SUM(CASE WHEN dead <> '' THEN 1 ELSE 0 END),
			MIN(CASE WHEN due_at IS NOT NULL THEN changed_at END)
		FROM deliveries GROUP BY backend ORDER BY backend`)
	if err != nil {
		return nil, fmt.Errorf("summarise the deliveries: %w", err)
	}
	for n := range summaries {
		m := &summaries[n]
		if m.LastError, err = maybe[string](ctx, s, `SELECT last_error FROM deliveries
			WHERE backend = $1 AND due_at IS NOT NULL AND last_error <> '' ORDER BY tried_at DESC LIMIT 1`, m.Backend); err != nil {
			return nil, fmt.Errorf("read the last error of %s: %w", m.Backend, err)
		}
		m.Reasons, err = find(ctx, s, scanReason, `SELECT dead, COUNT(*) FROM deliveries WHERE backend = $1 AND dead <> ''
			GROUP BY dead ORDER BY 2 DESC, 1 LIMIT $2`, m.Backend, maxReasons)
		if err != nil {
			return nil, fmt.Errorf("list the reasons of %s: %w", m.Backend, err)
		}
	}
	return summaries, nil
}

func scanSummary(row scanner) (m Summary, err error) {
	var oldest sql.NullInt64
	err = row.Scan(&m.Backend, &m.Delivered, &m.Pending, &m.Refused, &oldest)
	if oldest.Valid {
		m.Oldest = time.Since(fromMillis(oldest.Int64))
	}
	return m, err
}

func scanReason(row scanner) (r Reason, err error) { return r, row.Scan(&r.Text, &r.Items) }

// Retry makes the dead letters of a backend due again, of all backends when it
// is "", and returns how many there were.
func (s *Store) Retry(ctx context.Context, backend string) (n int64, err error) {
	names := []string{backend}
	if backend == "" {
		names, err = find(ctx, s, column[string], `SELECT DISTINCT backend FROM deliveries WHERE dead <> ''`)
		if err != nil {
			return 0, fmt.Errorf("retry the deliveries: %w", err)
		}
	}
	for _, name := range names {
		refused, err := s.again(ctx, name, ` AND dead <> ''`, `SELECT DISTINCT response_id FROM deliveries
			WHERE response_id > $1 AND backend = $3 AND dead <> '' ORDER BY response_id LIMIT $2`, name)
		if n += refused; err != nil {
			return n, fmt.Errorf("retry the deliveries to %s: %w", name, err)
		}
	}
	return n, nil
}

// Backfill makes everything due again at a backend that was answered since a
// time, with the votes on it, and returns how many items that is. The backend
// recognises what it has already. What it never got becomes due as well, however
// old it is; what was forgotten or has expired does not.
func (s *Store) Backfill(ctx context.Context, backend string, since time.Time) (n int64, err error) {
	if err := s.Fill(ctx, backend); err != nil {
		return 0, err
	}
	n, err = s.again(ctx, backend, "", `SELECT id FROM responses r
		WHERE id > $1 AND finished_at >= $3 AND NOT (`+erased+`) ORDER BY id LIMIT $2`, millis(since))
	if err != nil {
		return n, fmt.Errorf("backfill %s: %w", backend, err)
	}
	return n, nil
}

// again makes those deliveries on some responses due once more that a condition
// selects: responses now, votes as soon as their response has gone. A response
// counts as not delivered until then, so that its votes wait for it.
func (s *Store) again(ctx context.Context, backend, condition, responses string, args ...any) (int64, error) {
	n, err := s.inPages(ctx, responses, args, func(ctx context.Context, tx tx, ids []string) (int64, error) {
		if err := s.holdAll(ctx, tx, ids); err != nil {
			return 0, err
		}
		n, err := affected(tx.ExecContext(ctx, `UPDATE deliveries SET dead = '', strikes = 0,
				due_at = CASE WHEN rater = '' THEN CAST($1 AS BIGINT) ELSE $2 END,
				had_rev = CASE WHEN delivered_rev > 0 THEN delivered_rev ELSE had_rev END,
				delivered_rev = CASE WHEN rater = '' THEN 0 ELSE delivered_rev END
			WHERE backend = $3 AND response_id IN (`+places(4, len(ids))+`)`+condition,
			append([]any{millis(time.Now()), blocked, backend}, anys(ids)...)...))
		if err != nil {
			return 0, err
		}
		// Votes that are due already wait for their response as well.
		_, err = tx.ExecContext(ctx, `UPDATE deliveries SET due_at = $1
			WHERE backend = $2 AND rater <> '' AND due_at IS NOT NULL AND response_id IN (`+places(3, len(ids))+`)`,
			append([]any{blocked, backend}, anys(ids)...)...)
		if err != nil {
			return 0, err
		}
		return n, s.release(ctx, tx, backend, ids...)
	})
	s.enabled.wake()
	return n, err
}
