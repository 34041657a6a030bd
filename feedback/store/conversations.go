package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"feedbackbot/feedback"
)

// Latest returns the newest n responses of a conversation, oldest first.
func (s *Store) Latest(ctx context.Context, conversationID string, n int) ([]feedback.Response, error) {
	return s.listResponses(ctx, `SELECT `+responseColumns+` FROM (SELECT * FROM responses
		WHERE conversation_id = $1 AND removed = 0 ORDER BY id DESC LIMIT $2) AS latest ORDER BY id`, conversationID, n)
}

// Chain returns the response with this id and those it follows, at most n,
// oldest first, without what was removed.
func (s *Store) Chain(ctx context.Context, id string, n int) ([]feedback.Response, error) {
	return s.listResponses(ctx, `WITH RECURSIVE chain (id, depth) AS (
			SELECT CAST($1 AS TEXT), 1
			UNION ALL
			SELECT r.parent_id, chain.depth + 1 FROM chain JOIN responses r ON r.id = chain.id
			WHERE r.parent_id <> '' AND chain.depth < $2)
		SELECT `+responseColumns+` FROM responses WHERE id IN (SELECT id FROM chain) AND removed = 0 ORDER BY id`, id, n)
}

func (s *Store) listResponses(ctx context.Context, query string, args ...any) ([]feedback.Response, error) {
	responses, err := find(ctx, s, scanResponse, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read a conversation: %w", err)
	}
	return responses, nil
}

// AskOf returns the question that a response answers, or should have answered,
// or [feedback.ErrUnknownResponse].
func (s *Store) AskOf(ctx context.Context, responseID string) (feedback.Ask, error) {
	a, err := one(ctx, s, scanAsk, `SELECT `+askColumns+` FROM asks WHERE response_id = $1`, responseID)
	if errors.Is(err, sql.ErrNoRows) {
		return feedback.Ask{}, feedback.ErrUnknownResponse
	}
	if err != nil {
		return feedback.Ask{}, fmt.Errorf("read the question of response %s: %w", responseID, err)
	}
	return a, nil
}

// Shown returns which of these Discord messages show responses that are still
// part of a conversation, and which responses: ids by message id.
func (s *Store) Shown(ctx context.Context, messageIDs []string) (map[string]string, error) {
	if len(messageIDs) == 0 {
		return nil, nil
	}
	pairs, err := find(ctx, s, pair, `SELECT m.id, m.response_id FROM messages m JOIN responses r ON r.id = m.response_id
		WHERE r.removed = 0 AND m.id IN (`+places(1, len(messageIDs))+`)`, anys(messageIDs)...)
	if err != nil {
		return nil, fmt.Errorf("read which answers are shown: %w", err)
	}
	return mapped(pairs), nil
}

// AskedSince returns when somebody first asked something in a channel; the zero
// time if nobody did. A thread at an answer, whose id is that of the message,
// counts from that answer's question.
func (s *Store) AskedSince(ctx context.Context, channelID string) (time.Time, error) {
	first, err := maybe[sql.NullInt64](ctx, s, `SELECT MIN(asked_at) FROM asks
		WHERE channel_id = $1 OR id = (SELECT ask_id FROM messages WHERE id = $1)`, channelID)
	if err != nil {
		return time.Time{}, fmt.Errorf("read since when somebody asks in channel %s: %w", channelID, err)
	}
	return fromMillis(first.Int64), nil
}

// Remove takes what a deleted Discord message asked or showed out of its
// conversation, and what it said out of what the model was shown. It does nothing
// for other messages, of which there are many more.
func (s *Store) Remove(ctx context.Context, messageID string) error {
	n, err := maybe[int](ctx, s, `SELECT 1 FROM asks WHERE id = $1 UNION ALL SELECT 1 FROM messages WHERE id = $1
		UNION ALL SELECT 1 FROM turns WHERE message_id = $1 AND message_id <> '' LIMIT 1`, messageID)
	if err == nil && n == 1 {
		err = s.write(ctx, func(ctx context.Context, tx tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE asks SET removed = 1 WHERE id = $1`, messageID)
			for _, statement := range []string{turnsOfAsk, turnsOfMessage} {
				if err == nil {
					_, err = tx.ExecContext(ctx, statement, messageID)
				}
			}
			if err == nil {
				_, err = tx.ExecContext(ctx, `DELETE FROM review_queue WHERE response_id IN
					(SELECT id FROM responses WHERE ask_id = $1 UNION SELECT response_id FROM messages WHERE id = $1)`, messageID)
			}
			if err == nil {
				_, err = tx.ExecContext(ctx, `UPDATE responses SET removed = 1 WHERE removed = 0 AND id IN
					(SELECT id FROM responses WHERE ask_id = $1 UNION SELECT response_id FROM messages WHERE id = $1)`, messageID)
			}
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("take message %s out of its conversation: %w", messageID, err)
	}
	return nil
}
