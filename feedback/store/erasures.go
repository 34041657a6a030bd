package store

import (
	"context"
	"fmt"
	"time"

	"feedbackbot/feedback"
)

// markErasures notes what has to be deleted at the backends that can, and
// returns how many responses and votes that is, and how many others cannot
// delete, by backend.
func (s *Store) markErasures(ctx context.Context, tx tx, who feedback.Rater) (erased, left map[string]int64, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT d.backend, d.response_id, d.rater, d.source, d.remote_id, d.delivered_rev, d.attempts, d.tried_at
		FROM deliveries d WHERE d.tried_at > 0 AND d.rater = $1
		UNION ALL SELECT d.backend, d.response_id, d.rater, d.source, d.remote_id, d.delivered_rev, d.attempts, d.tried_at
		FROM responses r JOIN deliveries d ON d.response_id = r.id WHERE r.asker = $1 AND d.rater = '' AND d.tried_at > 0`, who)
	if err != nil {
		return nil, nil, err
	}
	list, err := collect(rows, func(rows scanner) (d feedback.Delivery, err error) {
		var tried int64
		err = rows.Scan(&d.Backend, &d.ResponseID, &d.Rater, &d.Source, &d.RemoteID, &d.DoneRev, &d.Attempts, &tried)
		d.TriedAt = fromMillis(tried)
		return d, err
	})
	if err != nil {
		return nil, nil, err
	}
	erased, left = map[string]int64{}, map[string]int64{}
	for _, d := range list {
		eraser := s.enabled.eraser(d.Backend)
		switch {
		case eraser == nil && d.DoneRev > 0:
			left[d.Backend]++
		case eraser != nil:
			erased[d.Backend]++
			for _, item := range eraser.Items(feedback.Sent{Item: d.Item, RemoteID: d.RemoteID, Unclear: d.Attempts > 0}) {
				at, again := eraseAt(d, time.Now())
				if _, err := tx.ExecContext(ctx, `INSERT INTO erasures (backend, item, due_at, again_at) VALUES ($1, $2, $3, $4)
					ON CONFLICT (backend, item) DO NOTHING`, d.Backend, item, millis(at), millis(again)); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	return erased, left, nil
}

// eraseAt returns when to delete an item, not before an attempt that is under way
// has ended, and when to delete it once more: a backend may say that there is
// nothing to delete because it does not show yet what it has just taken.
func eraseAt(d feedback.Delivery, now time.Time) (at, again time.Time) {
	if d.Attempts > 0 {
		now = now.Add(lease)
	}
	if shown := d.TriedAt.Add(feedback.VisibleAfter); shown.After(now) {
		again = shown
	}
	return now, again
}

// DueErasures returns up to n items that have to be deleted at a backend now.
func (s *Store) DueErasures(ctx context.Context, backend string, n int) ([]string, error) {
	items, err := find(ctx, s, column[string], `SELECT item FROM erasures WHERE backend = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3`,
		backend, millis(time.Now()), n)
	if err != nil {
		return nil, fmt.Errorf("read what has to be deleted at %s: %w", backend, err)
	}
	return items, nil
}

// SettleErasure stores that an item has been deleted at a backend, or when that
// is to be tried again; the zero time for never. What the backend may not have
// shown yet is due once more.
func (s *Store) SettleErasure(ctx context.Context, backend, item string, again time.Time) error {
	err := s.write(ctx, func(ctx context.Context, tx tx) (err error) {
		if again.IsZero() {
			_, err = tx.ExecContext(ctx, `DELETE FROM erasures WHERE backend = $1 AND item = $2 AND again_at = 0`, backend, item)
			if err == nil {
				_, err = tx.ExecContext(ctx, `UPDATE erasures SET due_at = again_at, again_at = 0 WHERE backend = $1 AND item = $2`, backend, item)
			}
		} else {
			_, err = tx.ExecContext(ctx, `UPDATE erasures SET due_at = $1 WHERE backend = $2 AND item = $3`, millis(again), backend, item)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store what has been deleted at %s: %w", backend, err)
	}
	return nil
}
