package feedback

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Eraser is a [Backend] that can delete what it was sent.
type Eraser interface {
	// Items returns what a response, or a submission, is at the backend, in
	// words for Erase that name nobody.
	Items(Sent) []string
	// Erase deletes an item. What is not there any more is deleted.
	Erase(ctx context.Context, item string) error
}

// Sent is an item as far as it is known to a backend.
type Sent struct {
	ResponseID string
	Rater      Rater  // "" for the response itself
	Source     Source // "" for the response itself
	RemoteID   string // what the backend returned for it
	Unclear    bool   // see [Delivered]
}

const (
	erasuresAtOnce = 20
	eraseAgain     = time.Minute
)

// markErasures notes what has to be deleted at the backends that can, and
// returns how many responses and votes that is, and how many others cannot
// delete, by backend.
func (s *Store) markErasures(ctx context.Context, tx tx, who Rater) (erased, left map[string]int64, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT d.backend, d.response_id, d.rater, d.source, d.remote_id, d.delivered_rev, d.attempts
		FROM deliveries d JOIN responses r ON r.id = d.response_id
		WHERE d.tried_at > 0 AND (d.rater = $1 OR d.rater = '' AND r.asker = $1)`, who)
	if err != nil {
		return nil, nil, err
	}
	list, err := collect(rows, func(rows scanner) (d delivery, err error) {
		return d, rows.Scan(&d.backend, &d.responseID, &d.rater, &d.source, &d.remoteID, &d.doneRev, &d.attempts)
	})
	if err != nil {
		return nil, nil, err
	}
	erased, left = map[string]int64{}, map[string]int64{}
	for _, d := range list {
		eraser := s.enabled.eraser(d.backend)
		switch {
		case eraser == nil && d.doneRev > 0:
			left[d.backend]++
		case eraser != nil:
			erased[d.backend]++
			for _, item := range eraser.Items(Sent{d.responseID, d.rater, d.source, d.remoteID, d.attempts > 0}) {
				// Not before an attempt that is under way has ended.
				if _, err := tx.ExecContext(ctx, `INSERT INTO erasures (backend, item, due_at) VALUES ($1, $2, $3)
					ON CONFLICT (backend, item) DO NOTHING`, d.backend, item, millis(time.Now().Add(eraseAfter(d)))); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	return erased, left, nil
}

// eraseAfter is how long an attempt at an item may be under way.
func eraseAfter(d delivery) time.Duration {
	if d.attempts > 0 {
		return lease
	}
	return 0
}

// erase deletes at a backend what has to go, until ctx ends. What cannot be
// deleted now is tried again.
func (l *lane) erase(ctx context.Context, eraser Eraser) {
	tick := time.NewTicker(idleLook)
	defer tick.Stop()
	for {
		if err := l.eraseDue(ctx, eraser); err != nil && ctx.Err() == nil {
			l.log.Error("cannot delete what somebody asked to be forgotten", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *lane) eraseDue(ctx context.Context, eraser Eraser) error {
	for {
		items, err := find(ctx, l.store, column[string], `SELECT item FROM erasures
			WHERE backend = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3`, l.backend.Name(), millis(time.Now()), erasuresAtOnce)
		if err != nil || len(items) == 0 {
			return err
		}
		for _, item := range items {
			if err := l.eraseOne(ctx, eraser, item); err != nil {
				return err
			}
		}
	}
}

// eraseOne returns an error when the backend is in trouble, which makes others
// wait as well.
func (l *lane) eraseOne(ctx context.Context, eraser Eraser, item string) error {
	within, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	failed := eraser.Erase(within, item)
	err := l.store.write(ctx, func(ctx context.Context, tx tx) (err error) {
		if failed == nil || errors.Is(failed, ErrRefused) {
			_, err = tx.ExecContext(ctx, `DELETE FROM erasures WHERE backend = $1 AND item = $2`, l.backend.Name(), item)
		} else {
			_, err = tx.ExecContext(ctx, `UPDATE erasures SET due_at = $1 WHERE backend = $2 AND item = $3`,
				millis(time.Now().Add(eraseAgain)), l.backend.Name(), item)
		}
		return err
	})
	if failed != nil {
		return fmt.Errorf("delete %s: %w", item, errors.Join(failed, err))
	}
	return err
}
