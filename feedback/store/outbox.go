package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"feedbackbot/feedback"
)

// lease is how long one attempt may take before somebody else may try. It is
// longer than any attempt, so that one item is never sent twice at once.
const lease = 2 * feedback.AttemptTimeout

// Claim leases up to n deliveries that are due and that nobody else is sending,
// the longest due first. The attempt is counted here, before anything is sent,
// so that a crash in the middle of it is remembered.
func (s *Store) Claim(ctx context.Context, backend string, n int) ([]feedback.Delivery, error) {
	lock := ""
	if s.dialect == postgresDialect {
		lock = ` FOR UPDATE OF d SKIP LOCKED`
	}
	var list []feedback.Delivery
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		now := time.Now()
		until := millis(now.Add(lease))
		rows, err := tx.QueryContext(ctx, `SELECT d.response_id, d.rater, d.source, d.wanted_rev, d.delivered_rev,
				d.remote_id, d.attempts, d.unclear_rev, d.strikes, d.tried_at, d.had_rev
			FROM deliveries d WHERE d.backend = $1 AND d.due_at <= $2 AND d.leased_until <= $2
			ORDER BY d.due_at LIMIT $3`+lock, backend, millis(now), n)
		if err != nil {
			return err
		}
		list, err = collect(rows, func(rows scanner) (feedback.Delivery, error) {
			d := feedback.Delivery{Backend: backend, LeasedUntil: until}
			var tried int64
			err := rows.Scan(&d.ResponseID, &d.Rater, &d.Source, &d.WantedRev, &d.DoneRev, &d.RemoteID,
				&d.Attempts, &d.UnclearRev, &d.Strikes, &tried, &d.HadRev)
			d.TriedAt = fromMillis(tried)
			return d, err
		})
		if err != nil {
			return err
		}
		for i, d := range list {
			_, err := tx.ExecContext(ctx, `UPDATE deliveries SET leased_until = $1, attempts = attempts + 1, tried_at = $2,
					unclear_rev = CASE WHEN attempts = 0 THEN wanted_rev ELSE unclear_rev END
				WHERE backend = $3 AND response_id = $4 AND rater = $5 AND source = $6`,
				until, millis(now), backend, d.ResponseID, d.Rater, d.Source)
			if err != nil {
				return err
			}
			if !d.IsResponse() {
				if list[i].ParentDead, err = optional[string](tx.QueryRowContext(ctx, `SELECT dead FROM deliveries
					WHERE backend = $1 AND response_id = $2 AND rater = ''`, backend, d.ResponseID)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim deliveries to %s: %w", backend, err)
	}
	return list, nil
}

// NextReady returns when the next delivery to a backend will be ready: due, and
// sent by nobody else. It is the zero time when there is none to wait for.
func (s *Store) NextReady(ctx context.Context, backend string) (time.Time, error) {
	now := millis(time.Now())
	next, err := maybe[int64](ctx, s, `SELECT due_at FROM deliveries
		WHERE backend = $1 AND due_at < $2 AND leased_until <= $3 ORDER BY due_at LIMIT 1`, backend, blocked, now)
	var leased sql.NullInt64
	if err == nil && (next > now || next == 0) {
		leased, err = maybe[sql.NullInt64](ctx, s, `SELECT MIN(leased_until) FROM deliveries
			WHERE backend = $1 AND due_at <= $2 AND leased_until > $2`, backend, now)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("find the next delivery to %s: %w", backend, err)
	}
	if leased.Valid && (next == 0 || leased.Int64 < next) {
		next = leased.Int64
	}
	return fromMillis(next), nil
}

// SettleDelivery stores how an attempt ended, if its lease still stands. Whatever
// became due while it was under way stays due.
func (s *Store) SettleDelivery(ctx context.Context, d feedback.Delivery, r feedback.Settlement) error {
	where := ` WHERE backend = $1 AND response_id = $2 AND rater = $3 AND source = $4 AND leased_until = $5`
	key := []any{d.Backend, d.ResponseID, d.Rater, d.Source, d.LeasedUntil}
	err := s.writeOn(ctx, d.ResponseID, func(ctx context.Context, tx tx) (err error) {
		if err := s.hold(ctx, tx, d.ResponseID); err != nil {
			return err
		}
		switch {
		case r.Skipped: // the row goes, as if there had never been a vote
			_, err = tx.ExecContext(ctx, `DELETE FROM deliveries`+where+` AND wanted_rev <= $6`, append(key, d.WantedRev)...)
			if err == nil {
				_, err = tx.ExecContext(ctx, `UPDATE deliveries SET leased_until = 0, attempts = 0`+where, key...)
			}
		case r.Dead != "":
			_, err = tx.ExecContext(ctx, `UPDATE deliveries SET leased_until = 0,
				due_at = CASE WHEN wanted_rev > $6 THEN due_at END,
				dead = CASE WHEN wanted_rev > $6 THEN '' ELSE $7 END, last_error = $7`+where,
				append(key, d.WantedRev, r.Dead)...)
		case r.Err != "":
			// Due later, unless a change has made it due anew since.
			_, err = tx.ExecContext(ctx, `UPDATE deliveries SET leased_until = 0, strikes = strikes + $6, last_error = $7,
				due_at = CASE WHEN wanted_rev > $8 AND due_at > $9 THEN due_at ELSE $9 END,
				attempts = attempts - $10`+where,
				append(key, r.Strikes, r.Err, d.WantedRev, millis(time.Now().Add(r.Wait)), flag(r.NotTried))...)
		default:
			_, err = tx.ExecContext(ctx, `UPDATE deliveries SET leased_until = 0, attempts = 0, strikes = 0, last_error = '',
				delivered_rev = $6, remote_id = $7,
				due_at = CASE WHEN wanted_rev > $6 THEN due_at END`+where,
				append(key, d.WantedRev, r.RemoteID)...)
		}
		if err == nil && d.IsResponse() && (r.Dead != "" || r.Err == "") {
			err = s.release(ctx, tx, d.Backend, d.ResponseID)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store the delivery of response %s to %s: %w", d.ResponseID, d.Backend, err)
	}
	return nil
}

// Hurry makes everything that waits for another attempt due now: the backend
// has just been seen to work.
func (s *Store) Hurry(ctx context.Context, backend string) error {
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		now := millis(time.Now())
		_, err := tx.ExecContext(ctx, `UPDATE deliveries SET due_at = $1 WHERE backend = $2 AND due_at > $1 AND due_at < $3 AND attempts > 0`,
			now, backend, blocked)
		return err
	})
	if err != nil {
		return fmt.Errorf("make the backlog of %s due: %w", backend, err)
	}
	return nil
}

// textNotKept stands for a text that is not in the database, by [Options] or
// because of its age.
const textNotKept = "(not kept)"

// Load reads what a delivery is about, as it stands now. Between the claim and
// now it may have changed; the revision that is sent is the one that is read.
func (s *Store) Load(ctx context.Context, d *feedback.Delivery) (feedback.Response, feedback.Submission, error) {
	r, err := s.Response(ctx, d.ResponseID)
	if err != nil {
		return feedback.Response{}, feedback.Submission{}, err
	}
	if r.Question == "" && r.Answer == "" {
		d.Textless = true
		r.Question, r.Answer = textNotKept, textNotKept // some backends take no empty texts
	}
	if d.IsResponse() {
		d.WantedRev = r.Rev
		return r, feedback.Submission{}, nil
	}
	sub, found, err := s.submission(ctx, d.ResponseID, d.Rater, d.Source)
	if err == nil && !found {
		err = fmt.Errorf("its submission is gone: %w", feedback.ErrUnknownResponse)
	}
	if err != nil {
		return feedback.Response{}, feedback.Submission{}, fmt.Errorf("read the submission on response %s: %w", d.ResponseID, err)
	}
	d.WantedRev = sub.Rev
	return r, sub, nil
}

// SentResponse returns what a backend returned for a response, and when it was
// last sent there.
func (s *Store) SentResponse(ctx context.Context, backend, responseID string) (remoteID string, sentAt time.Time, err error) {
	var tried int64
	err = s.reading(ctx, func() error {
		return s.read.QueryRowContext(ctx, `SELECT remote_id, tried_at FROM deliveries
			WHERE backend = $1 AND response_id = $2 AND rater = ''`, backend, responseID).Scan(&remoteID, &tried)
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", time.Time{}, fmt.Errorf("read the delivery of response %s to %s: %w", responseID, backend, err)
	}
	return remoteID, fromMillis(tried), nil
}

// Backlog is what one backend has not got.
type Backlog struct {
	Backend string
	Pending int64         // will be sent
	Dead    int64         // refused for good, kept with the reason
	Oldest  time.Duration // age of the oldest pending item
}

// Backlogs returns the backlog of every backend that has one.
func (s *Store) Backlogs(ctx context.Context) ([]Backlog, error) {
	now := time.Now()
	scan := func(row scanner) (b Backlog, err error) {
		var oldest int64
		err = row.Scan(&b.Backend, &b.Pending, &b.Dead, &oldest)
		if oldest > 0 {
			b.Oldest = now.Sub(fromMillis(oldest))
		}
		return b, err
	}
	parts, err := find(ctx, s, scan, `SELECT backend, COUNT(*), 0, MIN(changed_at) FROM deliveries
			WHERE due_at IS NOT NULL GROUP BY backend
		UNION ALL SELECT backend, 0, COUNT(*), 0 FROM deliveries WHERE dead <> '' GROUP BY backend ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("count the deliveries: %w", err)
	}
	var list []Backlog
	for _, p := range parts {
		if n := len(list); n > 0 && list[n-1].Backend == p.Backend {
			last := &list[n-1]
			last.Pending, last.Dead, last.Oldest = last.Pending+p.Pending, last.Dead+p.Dead, max(last.Oldest, p.Oldest)
			continue
		}
		list = append(list, p)
	}
	return list, nil
}
