package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"feedbackbot/feedback"
)

// Vote stores a vote and returns the submission as it now stands. The vote with
// the greatest version wins, in whatever order votes arrive. A changed vote
// keeps its texts; an undo removes them. What a caller did wrong comes back as
// [feedback.ErrUnknownResponse], [feedback.ErrNotAsker] or [feedback.ErrNoVote], and changes nothing.
func (s *Store) Vote(ctx context.Context, v feedback.Vote) (feedback.Submission, feedback.Outcome, error) {
	if v.Rating < 0 || v.Rating > 5 {
		return feedback.Submission{}, "", fmt.Errorf("rating %d is not between 0 and 5", v.Rating)
	}
	if v.Version <= 0 {
		return feedback.Submission{}, "", fmt.Errorf("a vote needs the version of its click, not %d", v.Version)
	}
	var sub feedback.Submission
	var outcome feedback.Outcome
	var refusal error
	err := s.writeOn(ctx, v.ResponseID, func(ctx context.Context, tx tx) (err error) {
		sub, outcome, refusal = feedback.Submission{}, "", nil
		asker, err := findAsker(ctx, tx, v.ResponseID, v.MessageID, s.dialect.forUpdate())
		switch {
		case errors.Is(err, sql.ErrNoRows):
			refusal = feedback.ErrUnknownResponse
			return nil
		case err != nil:
			return err
		case v.AskerOnly && asker != v.Rater:
			refusal = feedback.ErrNotAsker
			return nil
		}
		before, found, err := findSubmission(ctx, tx, v.ResponseID, v.Rater, v.Source, s.dialect.forUpdate())
		if err != nil {
			return err
		}
		if v.Rating == 0 && !found {
			refusal = feedback.ErrNoVote
			return nil
		}
		sub, outcome = apply(before, found, v, time.Now())
		if outcome == feedback.Late && v.Rating == 0 { // the newer vote stands, but what was written before the undo goes
			sub, err = s.storeTexts(ctx, tx, before, "", "", v.Version)
			return err
		}
		sub.ByAsker = asker == v.Rater
		return s.storeVote(ctx, tx, before, sub, outcome)
	})
	if err != nil {
		return feedback.Submission{}, "", fmt.Errorf("store a vote on response %s: %w", v.ResponseID, err)
	}
	if refusal != nil {
		return feedback.Submission{}, "", refusal
	}
	s.enabled.wake()
	return sub, outcome, nil
}

// apply returns what a vote makes of the submission before it.
func apply(before feedback.Submission, found bool, v feedback.Vote, now time.Time) (feedback.Submission, feedback.Outcome) {
	if found && v.Version <= before.Version {
		if v.Version == before.Version {
			return before, feedback.Unchanged
		}
		return before, feedback.Late
	}
	sub := before
	if !found {
		sub = feedback.Submission{ResponseID: v.ResponseID, Rater: v.Rater, Source: v.Source, CreatedAt: now}
	}
	sub.Version, sub.UpdatedAt = v.Version, now
	if v.Rating == 0 {
		sub.Withdrawn, sub.Explanation, sub.Expected = true, "", ""
		if before.Withdrawn {
			return sub, feedback.Unchanged
		}
		sub.Rev++
		return sub, feedback.Withdrawn
	}
	sub.Rating, sub.Kind, sub.Withdrawn = v.Rating, v.Kind, false
	switch {
	case !found || before.Withdrawn:
		sub.Rev++
		return sub, feedback.Saved
	case before.Rating == sub.Rating && before.Kind == sub.Kind:
		return sub, feedback.Unchanged
	default:
		sub.Rev++
		return sub, feedback.Changed
	}
}

func (s *Store) storeVote(ctx context.Context, tx tx, before, sub feedback.Submission, outcome feedback.Outcome) error {
	if sub.Version == before.Version {
		return nil // nothing is new
	}
	textsVersion := int64(0) // 0 leaves it as it is
	if sub.Withdrawn {
		textsVersion = sub.Version
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO submissions (response_id, rater, source, rating, kind, withdrawn,
			by_asker, explanation, expected, version, texts_version, rev, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (response_id, rater, source) DO UPDATE SET rating = excluded.rating, kind = excluded.kind,
			withdrawn = excluded.withdrawn, explanation = excluded.explanation, expected = excluded.expected,
			version = excluded.version, rev = excluded.rev, updated_at = excluded.updated_at,
			texts_version = CASE WHEN excluded.texts_version > submissions.texts_version
				THEN excluded.texts_version ELSE submissions.texts_version END`,
		sub.ResponseID, sub.Rater, sub.Source, sub.Rating, sub.Kind, flag(sub.Withdrawn), flag(sub.ByAsker),
		sub.Explanation, sub.Expected, sub.Version, textsVersion, sub.Rev, millis(sub.CreatedAt), millis(sub.UpdatedAt))
	if err != nil {
		return err
	}
	if outcome == feedback.Unchanged {
		return nil
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO submission_history
			(response_id, rater, source, version, rating, kind, withdrawn, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		sub.ResponseID, sub.Rater, sub.Source, sub.Version, sub.Rating, sub.Kind, flag(sub.Withdrawn), millis(sub.UpdatedAt))
	if err == nil {
		err = s.makeDue(ctx, tx, sub.Item(), sub.Rev, sub.UpdatedAt, s.settle)
	}
	return s.queued(ctx, tx, sub, err)
}

// Explain stores the texts of a form with the vote they belong to, and returns
// the submission as it now stands. It never changes the vote. Without a
// standing vote it returns [feedback.ErrNoVote].
func (s *Store) Explain(ctx context.Context, e feedback.Explanation) (feedback.Submission, error) {
	var sub feedback.Submission
	var refusal error
	err := s.writeOn(ctx, e.ResponseID, func(ctx context.Context, tx tx) error {
		refusal = nil
		if err := s.hold(ctx, tx, e.ResponseID); err != nil {
			return err
		}
		before, found, err := findSubmission(ctx, tx, e.ResponseID, e.Rater, e.Source, s.dialect.forUpdate())
		if err != nil {
			return err
		}
		if !found || before.Withdrawn {
			refusal = feedback.ErrNoVote
			return nil
		}
		sub, err = s.storeTexts(ctx, tx, before, stripNUL(e.Explanation), stripNUL(e.Expected), e.Version)
		return err
	})
	if err != nil {
		return feedback.Submission{}, fmt.Errorf("store an explanation for response %s: %w", e.ResponseID, err)
	}
	if refusal != nil {
		return feedback.Submission{}, refusal
	}
	s.enabled.wake()
	return sub, nil
}

// storeTexts gives a submission other texts, unless a newer form or undo has
// already set them.
func (s *Store) storeTexts(ctx context.Context, tx tx, before feedback.Submission, explanation, expected string, version int64) (feedback.Submission, error) {
	sub := before
	if explanation != before.Explanation || expected != before.Expected {
		sub.Explanation, sub.Expected = explanation, expected
		sub.Rev, sub.UpdatedAt = before.Rev+1, time.Now()
	}
	result, err := tx.ExecContext(ctx, `UPDATE submissions
		SET explanation = $1, expected = $2, texts_version = $3, rev = $4, updated_at = $5
		WHERE response_id = $6 AND rater = $7 AND source = $8 AND texts_version < $3`,
		sub.Explanation, sub.Expected, version, sub.Rev, millis(sub.UpdatedAt), sub.ResponseID, sub.Rater, sub.Source)
	if err != nil {
		return feedback.Submission{}, err
	}
	if rows, err := result.RowsAffected(); err != nil || rows == 0 {
		return before, err
	}
	if sub.Rev == before.Rev {
		return sub, nil // the same texts again
	}
	return sub, s.queued(ctx, tx, sub, s.makeDue(ctx, tx, sub.Item(), sub.Rev, sub.UpdatedAt, s.settle))
}

// Submission returns somebody's feedback on a response, or [feedback.ErrNoVote] when
// there is none or it was taken back.
func (s *Store) Submission(ctx context.Context, responseID string, rater feedback.Rater, source feedback.Source) (feedback.Submission, error) {
	sub, found, err := s.submission(ctx, responseID, rater, source)
	if err != nil {
		return feedback.Submission{}, fmt.Errorf("read a submission on response %s: %w", responseID, err)
	}
	if !found || sub.Withdrawn {
		return feedback.Submission{}, feedback.ErrNoVote
	}
	return sub, nil
}

// submission is findSubmission outside of a transaction.
func (s *Store) submission(ctx context.Context, responseID string, rater feedback.Rater, source feedback.Source) (sub feedback.Submission, found bool, err error) {
	err = s.reading(ctx, func() (err error) {
		sub, found, err = findSubmission(ctx, s.read, responseID, rater, source, "")
		return err
	})
	return sub, found, err
}

// forUpdate is what a SELECT ends with to keep other processes from changing
// what it found before the transaction ends. SQLite has one writer anyway.
func (d dialect) forUpdate() string {
	if d == postgresDialect {
		return ` FOR UPDATE`
	}
	return ""
}

// hold takes the lock of a response, as every change does first to what hangs on
// it. So such changes follow one another and never wait in a circle.
func (s *Store) hold(ctx context.Context, tx tx, responseID string) error {
	return s.holdAll(ctx, tx, []string{responseID})
}

// holdAll is hold for several responses.
func (s *Store) holdAll(ctx context.Context, tx tx, responseIDs []string) error {
	lock := s.dialect.forUpdate()
	if lock == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `SELECT 1 FROM responses WHERE id IN (`+places(1, len(responseIDs))+`) ORDER BY id`+lock, anys(responseIDs)...)
	return err
}

// findAsker returns who asked for a response, provided that the message shows
// it. It returns sql.ErrNoRows otherwise. With a lock, votes on one response
// follow one another, also a person's first ones.
func findAsker(ctx context.Context, db execer, responseID, messageID, lock string) (asker feedback.Rater, err error) {
	err = db.QueryRowContext(ctx, `SELECT asker FROM responses WHERE id = $1
		AND ($2 = '' OR EXISTS (SELECT 1 FROM messages WHERE id = $2 AND response_id = responses.id))`+lock,
		responseID, messageID).Scan(&asker)
	return asker, err
}

func findSubmission(ctx context.Context, db execer, responseID string, rater feedback.Rater, source feedback.Source, lock string) (feedback.Submission, bool, error) {
	s := feedback.Submission{ResponseID: responseID, Rater: rater, Source: source}
	var created, updated int64
	err := db.QueryRowContext(ctx, `SELECT rating, kind, withdrawn, by_asker, explanation, expected, version, rev,
			created_at, updated_at
		FROM submissions WHERE response_id = $1 AND rater = $2 AND source = $3`+lock, responseID, rater, source).
		Scan(&s.Rating, &s.Kind, &s.Withdrawn, &s.ByAsker, &s.Explanation, &s.Expected, &s.Version, &s.Rev, &created, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return feedback.Submission{}, false, nil
	}
	s.CreatedAt, s.UpdatedAt = fromMillis(created), fromMillis(updated)
	return s, err == nil, err
}
