package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"feedbackbot/feedback"
)

// Reviewing says what is put before reviewers. The zero value is nothing.
type Reviewing struct {
	Sample float64 // how much of all responses, drawn at random
	Times  int     // how many verdicts a response gets; 0 switches all of it off
}

func (r Reviewing) on() bool { return r.Times > 0 }

// queueRules are the conditions under which members' votes on a response put it
// into a queue.
var queueRules = []struct {
	queue feedback.Queue
	rule  string
}{
	{feedback.QueueBad, `SUM(CASE WHEN s.rating <= 2 AND (s.explanation <> '' OR s.expected <> '') THEN 1 ELSE 0 END) > 0`},
	{feedback.QueueDisputed, `MIN(s.rating) <= 2 AND MAX(s.rating) >= 4`},
}

const (
	membersVotes = `s.source = 'user' AND s.withdrawn = 0`
	// lacks is how many verdicts a response r still lacks of $2.
	lacks = `CASE WHEN CAST($2 AS INTEGER) > (SELECT COUNT(*) FROM submissions v WHERE v.response_id = r.id AND v.source = 'reviewer' AND v.withdrawn = 0)
		THEN CAST($2 AS INTEGER) - (SELECT COUNT(*) FROM submissions v WHERE v.response_id = r.id AND v.source = 'reviewer' AND v.withdrawn = 0) ELSE 0 END`
	intoQueue = `INSERT INTO review_queue (response_id, queue, guild_id, channel_id, asker, since, probability, missing) `
)

// queued puts a response where a member's changed vote on it belongs, unless the
// change has failed.
func (s *Store) queued(ctx context.Context, tx tx, sub feedback.Submission, failed error) error {
	if failed != nil || sub.Source != feedback.User {
		return failed
	}
	return s.queueVotes(ctx, tx, sub.ResponseID)
}

// queueVotes puts responses into the queues to which members' votes on them
// belong, and takes them out of the others.
func (s *Store) queueVotes(ctx context.Context, tx tx, ids ...string) error {
	if !s.reviewing.on() || s.noText {
		return nil
	}
	for _, q := range queueRules {
		_, err := tx.ExecContext(ctx, intoQueue+`SELECT r.id, CAST($1 AS TEXT), r.guild_id, r.channel_id, r.asker, MAX(s.updated_at), 1, `+lacks+`
			FROM responses r JOIN submissions s ON s.response_id = r.id AND `+membersVotes+`
			WHERE r.id IN (`+places(3, len(ids))+`) AND r.removed = 0
			GROUP BY r.id, r.guild_id, r.channel_id, r.asker HAVING `+q.rule+` ON CONFLICT DO NOTHING`,
			append([]any{q.queue, s.reviewing.Times}, anys(ids)...)...)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM review_queue WHERE queue = $1 AND missing > 0 AND response_id IN (`+places(2, len(ids))+`)
			AND NOT EXISTS (SELECT 1 FROM submissions s WHERE s.response_id = review_queue.response_id AND `+membersVotes+`
				GROUP BY s.response_id HAVING `+q.rule+`)`, append([]any{q.queue}, anys(ids)...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// queueSample puts those of some responses into the random sample that belong to
// it. Which do follows from the id and a secret, so that a repetition draws the
// same, and nobody can choose.
func (s *Store) queueSample(ctx context.Context, tx tx, ids ...string) error {
	if !s.reviewing.on() || s.noText {
		return nil
	}
	for _, id := range ids {
		if !s.drawn(id) {
			continue
		}
		_, err := tx.ExecContext(ctx, intoQueue+`SELECT r.id, CAST($1 AS TEXT), r.guild_id, r.channel_id, r.asker, r.finished_at, CAST($4 AS DOUBLE PRECISION), `+lacks+`
			FROM responses r WHERE r.id = $3 AND r.removed = 0 ON CONFLICT DO NOTHING`,
			feedback.QueueSample, s.reviewing.Times, id, s.reviewing.Sample)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) drawn(id string) bool {
	mac := hmac.New(sha256.New, s.raterKey)
	mac.Write([]byte("sample " + id))
	return float64(binary.BigEndian.Uint64(mac.Sum(nil)))/math.MaxUint64 < s.reviewing.Sample
}

const reviewsFilled = "reviews_filled"

// FillReviews queues what was stored before there were reviewers. It does so
// once.
func (s *Store) FillReviews(ctx context.Context) error {
	done, err := s.Setting(ctx, reviewsFilled)
	if err != nil || done != "" || !s.reviewing.on() {
		return err
	}
	_, err = s.inPages(ctx, `SELECT id FROM responses WHERE id > $1 AND removed = 0 ORDER BY id LIMIT $2`, nil,
		func(ctx context.Context, tx tx, ids []string) (int64, error) {
			if err := s.holdAll(ctx, tx, ids); err != nil {
				return 0, err
			}
			if err := s.queueVotes(ctx, tx, ids...); err != nil {
				return 0, err
			}
			return 0, s.queueSample(ctx, tx, ids...)
		})
	if err != nil {
		return fmt.Errorf("queue what there is for reviewers: %w", err)
	}
	return s.SetSetting(ctx, reviewsFilled, time.Now().UTC().Format(time.RFC3339))
}

// waitsFor selects what of a queue in a server ($1, $2) waits for a reviewer
// ($3): not their own question, not what they have decided or skipped.
const waitsFor = ` FROM review_queue q JOIN responses r ON r.id = q.response_id
	WHERE q.queue = $1 AND q.guild_id = $2 AND q.missing > 0 AND q.asker <> $3 AND r.removed = 0
		AND NOT EXISTS (SELECT 1 FROM reviews m WHERE m.response_id = q.response_id AND m.reviewer = $3 AND m.state <> 'open')`

// WaitingReviews returns how much of a server waits for a reviewer, by queue and
// channel. It counts the [feedback.MaxWaiting] of each queue that wait longest.
func (s *Store) WaitingReviews(ctx context.Context, guildID string, reviewer feedback.Rater) (list []feedback.Waiting, err error) {
	for _, queue := range []feedback.Queue{feedback.QueueBad, feedback.QueueDisputed, feedback.QueueSample} {
		some, err := find(ctx, s, func(row scanner) (feedback.Waiting, error) {
			w := feedback.Waiting{Queue: queue}
			var oldest int64
			err := row.Scan(&w.ChannelID, &w.Left, &oldest)
			w.Oldest = fromMillis(oldest)
			return w, err
		}, `SELECT channel_id, COUNT(*), MIN(since) FROM (SELECT q.channel_id, q.since`+waitsFor+` ORDER BY q.since, q.response_id LIMIT $4) w
			GROUP BY channel_id`, queue, guildID, reviewer, feedback.MaxWaiting)
		if err != nil {
			return nil, fmt.Errorf("count what waits for reviewers: %w", err)
		}
		list = append(list, some...)
	}
	return list, nil
}

// NextReviews returns up to n responses of a queue in a server that a reviewer
// could take, the longest waiting first: after one of them, or the first ones.
// What others work on right now is left out.
func (s *Store) NextReviews(ctx context.Context, queue feedback.Queue, guildID string, reviewer feedback.Rater, after feedback.Queued, now time.Time, n int) ([]feedback.Queued, error) {
	list, err := find(ctx, s, func(row scanner) (q feedback.Queued, err error) {
		var since int64
		err = row.Scan(&q.ResponseID, &q.ChannelID, &since)
		q.Since = fromMillis(since)
		return q, err
	}, `SELECT q.response_id, q.channel_id, q.since`+waitsFor+` AND (q.since, q.response_id) > ($4, $5)
		AND q.missing > (SELECT COUNT(*) FROM reviews o WHERE o.response_id = q.response_id AND o.reviewer <> $3 AND o.state = 'open' AND o.claimed_until > $6)
		ORDER BY q.since, q.response_id LIMIT $7`,
		queue, guildID, reviewer, millis(after.Since), after.ResponseID, millis(now), n)
	if err != nil {
		return nil, fmt.Errorf("find what waits for reviewers: %w", err)
	}
	return list, nil
}
