package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"feedbackbot/feedback"
)

const reviewColumns = `response_id, reviewer, state, revision, claimed_until, rating, kind, reasons, explanation, expected,
	queue, probability, first_rating, first_at, changed, began_at, updated_at`

func scanReview(row scanner) (r feedback.Review, err error) {
	var reasons string
	var claimed, first, began, updated int64
	err = row.Scan(&r.ResponseID, &r.Reviewer, &r.State, &r.Revision, &claimed, &r.Rating, &r.Kind, &reasons, &r.Explanation, &r.Expected,
		&r.Queue, &r.Probability, &r.FirstRating, &first, &r.Changed, &began, &updated)
	if err != nil {
		return feedback.Review{}, err
	}
	r.ClaimedUntil, r.FirstAt, r.BeganAt, r.UpdatedAt = fromMillis(claimed), fromMillis(first), fromMillis(began), fromMillis(updated)
	return r, json.Unmarshal([]byte(reasons), &r.Reasons)
}

const reviewOf = `SELECT ` + reviewColumns + ` FROM reviews WHERE response_id = $1 AND reviewer = $2`

// Review returns what a reviewer has done about a response; its revision is 0
// when that is nothing yet.
func (s *Store) Review(ctx context.Context, responseID string, reviewer feedback.Rater) (feedback.Review, error) {
	r, err := one(ctx, s, scanReview, reviewOf, responseID, reviewer)
	if errors.Is(err, sql.ErrNoRows) {
		return feedback.Review{ResponseID: responseID, Reviewer: reviewer, State: feedback.ReviewOpen}, nil
	}
	if err != nil {
		return feedback.Review{}, fmt.Errorf("read the review of %s: %w", responseID, err)
	}
	return r, nil
}

// LatestReviews returns what a reviewer did last, the newest first.
func (s *Store) LatestReviews(ctx context.Context, reviewer feedback.Rater, n int) ([]feedback.Review, error) {
	list, err := find(ctx, s, scanReview, `SELECT `+reviewColumns+` FROM reviews WHERE reviewer = $1 ORDER BY updated_at DESC LIMIT $2`, reviewer, n)
	if err != nil {
		return nil, fmt.Errorf("read the latest reviews: %w", err)
	}
	return list, nil
}

// SubmissionsOn returns all feedback on a response that stands, the oldest first.
func (s *Store) SubmissionsOn(ctx context.Context, responseID string) ([]feedback.Submission, error) {
	list, err := find(ctx, s, func(row scanner) (feedback.Submission, error) {
		v := feedback.Submission{ResponseID: responseID}
		var created, updated int64
		err := row.Scan(&v.Rater, &v.Source, &v.Rating, &v.Kind, &v.ByAsker, &v.Explanation, &v.Expected, &v.Version, &v.Rev, &created, &updated)
		v.CreatedAt, v.UpdatedAt = fromMillis(created), fromMillis(updated)
		return v, err
	}, `SELECT rater, source, rating, kind, by_asker, explanation, expected, version, rev, created_at, updated_at
		FROM submissions WHERE response_id = $1 AND withdrawn = 0 ORDER BY created_at, rater LIMIT 1000`, responseID)
	if err != nil {
		return nil, fmt.Errorf("read the feedback on response %s: %w", responseID, err)
	}
	return list, nil
}

// review changes a reviewer's row of a response, in the order in which everything
// about the response happens. change gets the row as it is, with revision 0 when
// there is none, and returns what it becomes; a refusal changes nothing. Each
// change has the next revision, and leaves the row claimed.
func (s *Store) review(ctx context.Context, responseID string, reviewer feedback.Rater, now time.Time,
	change func(ctx context.Context, tx tx, r *feedback.Review) (refusal, err error)) (feedback.Review, error) {
	var r feedback.Review
	var refusal error
	err := s.writeOn(ctx, responseID, func(ctx context.Context, tx tx) error {
		r, refusal = feedback.Review{}, nil
		var asker feedback.Rater
		err := tx.QueryRowContext(ctx, `SELECT asker FROM responses WHERE id = $1 AND removed = 0`+s.dialect.forUpdate(), responseID).Scan(&asker)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			refusal = feedback.ErrUnknownResponse
			return nil
		case err != nil:
			return err
		case asker == reviewer:
			refusal = feedback.ErrOwnQuestion
			return nil
		}
		before, err := scanReview(tx.QueryRowContext(ctx, reviewOf, responseID, reviewer))
		if errors.Is(err, sql.ErrNoRows) {
			before, err = feedback.Review{ResponseID: responseID, Reviewer: reviewer, State: feedback.ReviewOpen, BeganAt: now}, nil
		}
		if err != nil {
			return err
		}
		r = before
		if refusal, err = change(ctx, tx, &r); err != nil || refusal != nil {
			return err
		}
		r.Revision, r.UpdatedAt = before.Revision+1, now
		return storeReview(ctx, tx, r)
	})
	if err != nil {
		return feedback.Review{}, fmt.Errorf("store a review of response %s: %w", responseID, err)
	}
	return r, refusal
}

func storeReview(ctx context.Context, tx tx, r feedback.Review) error {
	if r.Reasons == nil {
		r.Reasons = []string{}
	}
	reasons, err := json.Marshal(r.Reasons)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO reviews (`+reviewColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (response_id, reviewer) DO UPDATE SET state = excluded.state, revision = excluded.revision,
			claimed_until = excluded.claimed_until, rating = excluded.rating, kind = excluded.kind, reasons = excluded.reasons,
			explanation = excluded.explanation, expected = excluded.expected, queue = excluded.queue, probability = excluded.probability,
			first_rating = excluded.first_rating, first_at = excluded.first_at, changed = excluded.changed, updated_at = excluded.updated_at`,
		r.ResponseID, r.Reviewer, r.State, r.Revision, millis(r.ClaimedUntil), r.Rating, r.Kind, stripNUL(string(reasons)),
		stripNUL(r.Explanation), stripNUL(r.Expected), r.Queue, r.Probability, r.FirstRating, millis(r.FirstAt), flag(r.Changed),
		millis(r.BeganAt), millis(r.UpdatedAt))
	return err
}

// ClaimReview keeps a response for a reviewer who opens it in a queue, or by a
// link when queue is "". It returns [feedback.ErrClaimed] when as many others as
// are wanted work on it; whoever has it may always have it.
func (s *Store) ClaimReview(ctx context.Context, responseID string, reviewer feedback.Rater, queue feedback.Queue, now time.Time) (feedback.Review, error) {
	return s.review(ctx, responseID, reviewer, now, func(ctx context.Context, tx tx, r *feedback.Review) (refusal, err error) {
		if r.ClaimedUntil.Before(now) && queue != "" {
			others, err := optional[int](tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM reviews
				WHERE response_id = $1 AND reviewer <> $2 AND state = 'open' AND claimed_until > $3`, responseID, reviewer, millis(now)))
			if err != nil {
				return nil, err
			}
			missing, err := optional[int](tx.QueryRowContext(ctx, `SELECT missing FROM review_queue WHERE response_id = $1 AND queue = $2`, responseID, queue))
			if err != nil || others >= missing {
				return feedback.ErrClaimed, err
			}
		}
		if r.Queue == "" && queue != "" {
			r.Queue = queue
			r.Probability, err = optional[float64](tx.QueryRowContext(ctx, `SELECT probability FROM review_queue WHERE response_id = $1 AND queue = $2`, responseID, queue))
		}
		if r.State == feedback.ReviewSkipped {
			r.State = feedback.ReviewOpen
		}
		r.ClaimedUntil = now.Add(feedback.ClaimTime)
		return nil, err
	})
}

// SaveDraft keeps what a reviewer has typed so far, and renews the claim.
// revision is the one that was changed: with another one it returns the row as it
// is with [feedback.ErrConflict]. A draft leaves a verdict as it is.
func (s *Store) SaveDraft(ctx context.Context, responseID string, reviewer feedback.Rater, revision int64, o feedback.Opinion, now time.Time) (feedback.Review, error) {
	return s.review(ctx, responseID, reviewer, now, func(_ context.Context, _ tx, r *feedback.Review) (refusal, err error) {
		if r.Revision != revision {
			return feedback.ErrConflict, nil
		}
		r.Opinion, r.ClaimedUntil = o, now.Add(feedback.ClaimTime)
		return nil, nil
	})
}

// Decide stores a verdict: as a submission with its texts, and in the reviewer's
// row. The first one is kept beside later ones.
func (s *Store) Decide(ctx context.Context, responseID string, reviewer feedback.Rater, revision int64, o feedback.Opinion, now time.Time) (feedback.Review, error) {
	r, err := s.review(ctx, responseID, reviewer, now, func(ctx context.Context, tx tx, r *feedback.Review) (refusal, err error) {
		if r.Revision != revision {
			return feedback.ErrConflict, nil
		}
		if o.Rating < 1 || o.Rating > 5 {
			return feedback.ErrNoRating, nil
		}
		r.Changed = r.Changed || !r.FirstAt.IsZero()
		if r.FirstAt.IsZero() {
			r.FirstRating, r.FirstAt = o.Rating, now
		}
		r.Opinion, r.State, r.ClaimedUntil = o, feedback.ReviewDone, time.Time{}
		return nil, s.submit(ctx, tx, responseID, reviewer, o, now)
	})
	if err == nil {
		s.enabled.wake()
	}
	return r, err
}

// submit makes a reviewer's opinion their submission; without a rating it takes
// the submission back. The caller holds the response's lock.
func (s *Store) submit(ctx context.Context, tx tx, responseID string, reviewer feedback.Rater, o feedback.Opinion, now time.Time) error {
	before, found, err := findSubmission(ctx, tx, responseID, reviewer, feedback.Reviewer, s.dialect.forUpdate())
	if err != nil || o.Rating == 0 && !found {
		return err
	}
	version := max((now.UnixMilli()-discordEpoch)<<22, before.Version+1)
	sub, outcome := apply(before, found, feedback.Vote{ResponseID: responseID, Rater: reviewer, Source: feedback.Reviewer,
		Rating: o.Rating, Kind: o.Kind, Version: version}, now)
	if o.Rating != 0 {
		sub.Explanation, sub.Expected = stripNUL(withReasons(o)), stripNUL(o.Expected)
	}
	if outcome == feedback.Unchanged && (sub.Explanation != before.Explanation || sub.Expected != before.Expected) {
		outcome = feedback.Changed
		sub.Rev++
	}
	if err := s.storeVote(ctx, tx, before, sub, outcome); err != nil {
		return err
	}
	return s.countVerdicts(ctx, tx, responseID)
}

// discordEpoch is from when Discord's ids, and so the versions of votes, count.
const discordEpoch = 1_420_070_400_000

// withReasons is an explanation as backends get it: they have no field for reasons.
func withReasons(o feedback.Opinion) string {
	if len(o.Reasons) == 0 {
		return o.Explanation
	}
	return strings.TrimSpace("[" + strings.Join(o.Reasons, ", ") + "] " + o.Explanation)
}

// countVerdicts stores how many verdicts a response still lacks.
func (s *Store) countVerdicts(ctx context.Context, tx tx, responseID string) error {
	n, err := optional[int](tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM submissions WHERE response_id = $1 AND source = 'reviewer' AND withdrawn = 0`, responseID))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE review_queue SET missing = $1 WHERE response_id = $2`, max(0, s.reviewing.Times-n), responseID)
	return err
}

// SkipReview leaves a response to others. What was typed is kept.
func (s *Store) SkipReview(ctx context.Context, responseID string, reviewer feedback.Rater, now time.Time) (feedback.Review, error) {
	return s.review(ctx, responseID, reviewer, now, func(_ context.Context, _ tx, r *feedback.Review) (refusal, err error) {
		if r.State == feedback.ReviewOpen {
			r.State, r.ClaimedUntil = feedback.ReviewSkipped, time.Time{}
		}
		return nil, nil
	})
}

// UndoReview takes a verdict or a skip back. What was typed becomes the draft
// again, and the submission is withdrawn.
func (s *Store) UndoReview(ctx context.Context, responseID string, reviewer feedback.Rater, now time.Time) (feedback.Review, error) {
	r, err := s.review(ctx, responseID, reviewer, now, func(ctx context.Context, tx tx, r *feedback.Review) (refusal, err error) {
		if r.State == feedback.ReviewDone {
			err = s.submit(ctx, tx, responseID, reviewer, feedback.Opinion{}, now)
		}
		r.State, r.ClaimedUntil = feedback.ReviewOpen, now.Add(feedback.ClaimTime)
		return nil, err
	})
	if err == nil {
		s.enabled.wake()
	}
	return r, err
}

// TeamReviews returns how many verdicts each reviewer has given, or changed, since
// a time.
func (s *Store) TeamReviews(ctx context.Context, since time.Time) (map[feedback.Rater]int, error) {
	type count struct {
		rater feedback.Rater
		n     int
	}
	list, err := find(ctx, s, func(row scanner) (c count, err error) { return c, row.Scan(&c.rater, &c.n) },
		// Not by the column itself: its index is in that order, and would be read whole.
		`SELECT reviewer || '', COUNT(*) FROM reviews WHERE state = 'done' AND updated_at >= $1 GROUP BY reviewer || ''`, millis(since))
	if err != nil {
		return nil, fmt.Errorf("count the reviewers' verdicts: %w", err)
	}
	by := map[feedback.Rater]int{}
	for _, c := range list {
		by[c.rater] = c.n
	}
	return by, nil
}
