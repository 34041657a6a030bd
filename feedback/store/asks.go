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

// Take stores a question as open. It returns false when the question had been
// taken before, by whatever process, for a response with another id.
func (s *Store) Take(ctx context.Context, a feedback.Ask) (bool, error) {
	var taken bool
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		result, err := tx.ExecContext(ctx, `INSERT INTO asks
			(id, response_id, state, guild_id, channel_id, asker, token, conversation_id, parent_id, alternative_of, source, question, asked_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING`,
			a.ID, a.ResponseID, feedback.AskOpen, a.GuildID, a.ChannelID, a.Asker, a.Token, a.ConversationID, a.ParentID,
			a.AlternativeOf, a.Source, s.kept(a.Question), millis(a.AskedAt))
		if err != nil {
			return err
		}
		rows, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if taken = rows == 1; taken {
			return s.keepShown(ctx, tx, a)
		}
		// It may be this call's own row, from a commit whose answer was lost.
		id, err := optional[string](tx.QueryRowContext(ctx, `SELECT response_id FROM asks WHERE id = $1`, a.ID))
		taken = id == a.ResponseID
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take question %s: %w", a.ID, err)
	}
	return taken, nil
}

// Move stores that a question is answered in another channel, and no longer as
// an answer to its interaction.
func (s *Store) Move(ctx context.Context, askID, channelID string) error {
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE asks SET channel_id = $1, token = '' WHERE id = $2`, channelID, askID)
		return err
	})
	if err != nil {
		return fmt.Errorf("move question %s: %w", askID, err)
	}
	return nil
}

// Posted stores that a Discord message shows one part of the answer to a.
func (s *Store) Posted(ctx context.Context, a feedback.Ask, messageID string, part int) error {
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO messages (id, ask_id, response_id, part) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO NOTHING`, messageID, a.ID, a.ResponseID, part)
		return err
	})
	if err != nil {
		return fmt.Errorf("store message %s of response %s: %w", messageID, a.ResponseID, err)
	}
	return nil
}

// Monitor stores a complete response and makes it due at every backend. From
// then on it can be rated, and its question counts as answered. It returns
// [feedback.ErrForgotten], and stores nothing, when the asker has been forgotten
// or the question deleted since it was taken.
func (s *Store) Monitor(ctx context.Context, r feedback.Response) error {
	if s.noText {
		r.Context = nil
	}
	texts, err := json.Marshal(r.Context)
	if err != nil {
		return fmt.Errorf("monitor response %s: %w", r.ID, err)
	}
	var gone bool
	err = s.writeOn(ctx, r.ID, func(ctx context.Context, tx tx) error {
		var err error
		if gone, err = s.isGone(ctx, tx, r); err != nil || gone {
			return err
		}
		result, err := tx.ExecContext(ctx, `INSERT INTO responses (id, rev, ask_id, guild_id, channel_id, asker,
				conversation_id, parent_id, alternative_of, question, answer, context, model, provider, prompt_version, finish,
				input_tokens, output_tokens, cost, asked_at, first_text_at, finished_at)
			VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
			ON CONFLICT (id) DO NOTHING`,
			r.ID, r.AskID, r.GuildID, r.ChannelID, r.Asker, r.ConversationID, r.ParentID, r.AlternativeOf,
			s.kept(r.Question), s.kept(r.Answer), stripNUL(string(texts)), stripNUL(r.Model), r.Provider, r.PromptVersion, r.Finish,
			r.InputTokens, r.OutputTokens, r.Cost, millis(r.AskedAt), millis(r.FirstTextAt), millis(r.FinishedAt))
		if err != nil {
			return err
		}
		if rows, err := result.RowsAffected(); err != nil || rows == 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE asks SET state = $1 WHERE id = $2`, feedback.AskAnswered, r.AskID); err != nil {
			return err
		}
		if err := s.makeDue(ctx, tx, feedback.Item{ResponseID: r.ID}, 1, time.Now(), 0); err != nil {
			return err
		}
		return s.queueSample(ctx, tx, r.ID)
	})
	if err != nil {
		return fmt.Errorf("monitor response %s: %w", r.ID, err)
	}
	if gone {
		return feedback.ErrForgotten
	}
	s.enabled.wake()
	return nil
}

// isGone reports whether somebody asked for a response's question to be forgotten,
// or deleted it, since it was taken; in this process or in another.
func (s *Store) isGone(ctx context.Context, tx tx, r feedback.Response) (bool, error) {
	var asker feedback.Rater
	var removed bool
	err := tx.QueryRowContext(ctx, `SELECT asker, removed FROM asks WHERE id = $1`+s.dialect.forUpdate(), r.AskID).Scan(&asker, &removed)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return removed || asker == "" && r.Asker != "", err
}

// Fail stores that a question will get no response, only a notice.
func (s *Store) Fail(ctx context.Context, askID string) error {
	return s.setState(ctx, askID, feedback.AskFailed)
}

// Finish stores that the person has everything: the answer with its buttons,
// or the notice. What was kept to complete it is removed, but for the question
// of a failed answer, which can be asked again.
func (s *Store) Finish(ctx context.Context, askID string) error {
	return s.setState(ctx, askID, feedback.AskDone)
}

func (s *Store) setState(ctx context.Context, askID string, state feedback.AskState) error {
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		query := `UPDATE asks SET state = $1 WHERE id = $2`
		if state == feedback.AskDone {
			query = `UPDATE asks SET question = CASE WHEN state = 'failed' THEN question ELSE '' END, state = $1, token = '' WHERE id = $2`
		}
		_, err := tx.ExecContext(ctx, query, state, askID)
		return err
	})
	if err != nil {
		return fmt.Errorf("store that question %s is %s: %w", askID, state, err)
	}
	return nil
}

// Unfinished returns the questions that an earlier process left, oldest first,
// with the messages they already have.
func (s *Store) Unfinished(ctx context.Context) ([]feedback.Ask, error) {
	asks, err := find(ctx, s, scanAsk, `SELECT `+askColumns+` FROM asks WHERE state <> 'done' ORDER BY asked_at, id`)
	if err != nil {
		return nil, fmt.Errorf("list unfinished questions: %w", err)
	}
	for i := range asks {
		if asks[i].Messages, err = s.Messages(ctx, asks[i].ID); err != nil {
			return nil, err
		}
	}
	return asks, nil
}

const askColumns = `id, response_id, state, guild_id, channel_id, asker, token, conversation_id, parent_id, alternative_of, source, question, asked_at`

func scanAsk(row scanner) (feedback.Ask, error) {
	var a feedback.Ask
	var askedAt int64
	err := row.Scan(&a.ID, &a.ResponseID, &a.State, &a.GuildID, &a.ChannelID, &a.Asker, &a.Token,
		&a.ConversationID, &a.ParentID, &a.AlternativeOf, &a.Source, &a.Question, &askedAt)
	a.AskedAt = fromMillis(askedAt)
	return a, err
}

func scanPlace(row scanner) (p feedback.Place, err error) {
	return p, row.Scan(&p.GuildID, &p.ChannelID)
}

// RecentPlaces returns the channels of the latest questions, the latest first,
// at most n: direct messages, or channels of servers.
func (s *Store) RecentPlaces(ctx context.Context, direct bool, n int) ([]feedback.Place, error) {
	where := `guild_id <> ''`
	if direct {
		where = `guild_id = ''`
	}
	places, err := find(ctx, s, scanPlace, `SELECT guild_id, channel_id FROM
			(SELECT guild_id, channel_id, asked_at FROM asks WHERE `+where+` ORDER BY asked_at DESC LIMIT $1) AS latest
		GROUP BY guild_id, channel_id ORDER BY MAX(asked_at) DESC LIMIT $2`, 20*n, n)
	if err != nil {
		return nil, fmt.Errorf("list the channels of the latest questions: %w", err)
	}
	return places, nil
}

// Messages returns the Discord messages that show the answer to a question, in
// order.
func (s *Store) Messages(ctx context.Context, askID string) ([]string, error) {
	ids, err := find(ctx, s, column[string], `SELECT id FROM messages WHERE ask_id = $1 ORDER BY part`, askID)
	if err != nil {
		return nil, fmt.Errorf("list the messages of question %s: %w", askID, err)
	}
	return ids, nil
}

const responseColumns = `id, rev, ask_id, guild_id, channel_id, asker, conversation_id, parent_id, alternative_of, question, answer,
	context, model, provider, prompt_version, finish, input_tokens, output_tokens, cost, asked_at, first_text_at, finished_at`

func scanResponse(row scanner) (feedback.Response, error) {
	var r feedback.Response
	var texts string
	var asked, first, finished int64
	err := row.Scan(&r.ID, &r.Rev, &r.AskID, &r.GuildID, &r.ChannelID, &r.Asker, &r.ConversationID, &r.ParentID, &r.AlternativeOf,
		&r.Question, &r.Answer, &texts, &r.Model, &r.Provider, &r.PromptVersion, &r.Finish,
		&r.InputTokens, &r.OutputTokens, &r.Cost, &asked, &first, &finished)
	if err != nil {
		return feedback.Response{}, err
	}
	r.AskedAt, r.FirstTextAt, r.FinishedAt = fromMillis(asked), fromMillis(first), fromMillis(finished)
	return r, json.Unmarshal([]byte(texts), &r.Context)
}

// Response returns a response by its id, or [feedback.ErrUnknownResponse].
func (s *Store) Response(ctx context.Context, id string) (feedback.Response, error) {
	return s.oneResponse(ctx, `SELECT `+responseColumns+` FROM responses WHERE id = $1`, id)
}

// ResponseByMessage returns the response that a Discord message shows a part
// of, or [feedback.ErrUnknownResponse].
func (s *Store) ResponseByMessage(ctx context.Context, messageID string) (feedback.Response, error) {
	return s.oneResponse(ctx, `SELECT `+responseColumns+` FROM responses
		WHERE id = (SELECT response_id FROM messages WHERE id = $1)`, messageID)
}

func (s *Store) oneResponse(ctx context.Context, query, key string) (feedback.Response, error) {
	r, err := one(ctx, s, scanResponse, query, key)
	if errors.Is(err, sql.ErrNoRows) {
		return feedback.Response{}, feedback.ErrUnknownResponse
	}
	if err != nil {
		return feedback.Response{}, fmt.Errorf("read response of %s: %w", key, err)
	}
	return r, nil
}

// kept is what the database keeps of what was said.
func (s *Store) kept(text string) string {
	if s.noText {
		return ""
	}
	return stripNUL(text)
}

// stripNUL removes U+0000, which Postgres cannot store in a text.
func stripNUL(text string) string { return strings.ReplaceAll(text, "\x00", "") }
