package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"feedbackbot/feedback"
)

const (
	tokenLink    = "link"
	tokenSession = "session"
)

// AddReviewLink stores a link that opens the reviewers' pages once, and removes
// what has expired.
func (s *Store) AddReviewLink(ctx context.Context, link feedback.ReviewToken, now time.Time) error {
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM review_tokens WHERE expires_at <= $1`, millis(now)); err != nil {
			return err
		}
		return addToken(ctx, tx, tokenLink, link)
	})
	if err != nil {
		return fmt.Errorf("store a reviewer's link: %w", err)
	}
	return nil
}

func addToken(ctx context.Context, tx tx, kind string, t feedback.ReviewToken) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO review_tokens (hash, kind, rater, sealed, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (hash) DO NOTHING`, t.Hash, kind, t.Rater, t.Sealed, millis(t.ExpiresAt))
	return err
}

// ReviewLink returns a link that has not been used, or [feedback.ErrNoToken].
func (s *Store) ReviewLink(ctx context.Context, hash string, now time.Time) (feedback.ReviewToken, error) {
	return s.reviewToken(ctx, tokenLink, hash, now)
}

// ReviewSession returns a session that lasts, or [feedback.ErrNoToken].
func (s *Store) ReviewSession(ctx context.Context, hash string, now time.Time) (feedback.ReviewToken, error) {
	return s.reviewToken(ctx, tokenSession, hash, now)
}

func (s *Store) reviewToken(ctx context.Context, kind, hash string, now time.Time) (feedback.ReviewToken, error) {
	t, err := one(ctx, s, func(row scanner) (t feedback.ReviewToken, err error) {
		var expires int64
		err = row.Scan(&t.Hash, &t.Rater, &t.Sealed, &expires)
		t.ExpiresAt = fromMillis(expires)
		return t, err
	}, `SELECT hash, rater, sealed, expires_at FROM review_tokens WHERE hash = $1 AND kind = $2 AND expires_at > $3`, hash, kind, millis(now))
	if errors.Is(err, sql.ErrNoRows) {
		return feedback.ReviewToken{}, feedback.ErrNoToken
	}
	if err != nil {
		return feedback.ReviewToken{}, fmt.Errorf("read a reviewer's %s: %w", kind, err)
	}
	return t, nil
}

// SpendReviewLink turns a link into a session, once. It returns
// [feedback.ErrNoToken] the second time.
func (s *Store) SpendReviewLink(ctx context.Context, hash string, session feedback.ReviewToken, now time.Time) error {
	var spent bool
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		n, err := affected(tx.ExecContext(ctx, `DELETE FROM review_tokens WHERE hash = $1 AND kind = $2 AND expires_at > $3`, hash, tokenLink, millis(now)))
		if err != nil {
			return err
		}
		if spent = n == 1; spent {
			return addToken(ctx, tx, tokenSession, session)
		}
		// It may be this call's own, from a commit whose answer was lost.
		own, err := optional[int](tx.QueryRowContext(ctx, `SELECT 1 FROM review_tokens WHERE hash = $1`, session.Hash))
		spent = own == 1
		return err
	})
	if err != nil {
		return fmt.Errorf("use a reviewer's link: %w", err)
	}
	if !spent {
		return feedback.ErrNoToken
	}
	return nil
}

// EndReviewSession ends a session.
func (s *Store) EndReviewSession(ctx context.Context, hash string) error {
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM review_tokens WHERE hash = $1`, hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("end a reviewer's session: %w", err)
	}
	return nil
}
