package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"feedbackbot/feedback"
)

// forgetMember are the statements that delete a person: their votes, what they
// wrote, also in what others asked about, what was answered to it, and their
// pseudonym. Votes of others on those
// answers stay, without a text.
var forgetMember = []string{
	`DELETE FROM deliveries WHERE rater = $1`,
	// What no backend has got yet must not leave any more, nor votes on it.
	`DELETE FROM deliveries WHERE (backend, response_id) IN (SELECT d.backend, d.response_id FROM deliveries d
		JOIN responses r ON r.id = d.response_id WHERE r.asker = $1 AND d.rater = '' AND d.delivered_rev = 0)`,
	`DELETE FROM submission_history WHERE rater = $1`,
	turnsOfAsker, // as long as it is known who asked
	turnsOfOwner,
	`UPDATE asks SET asker = '', question = '', token = '', conversation_id = '' WHERE asker = $1`,
	`UPDATE reservations SET asker = '' WHERE asker = $1`,
	`DELETE FROM usage WHERE scope = 'member:' || $1`,
	// What they did as a reviewer, and what reviewers quote of their answers.
	`DELETE FROM review_tokens WHERE rater = $1`,
	`DELETE FROM reviews WHERE reviewer = $1`,
	`DELETE FROM review_queue WHERE asker = $1`,
	`DELETE FROM reviews WHERE response_id IN (SELECT id FROM responses WHERE asker = $1)`,
	`UPDATE submissions SET explanation = '', expected = '' WHERE source = 'reviewer' AND response_id IN (SELECT id FROM responses WHERE asker = $1)`,
}

// Forget deletes everything about a person, and returns what was deleted. It
// returns after the database's files hold nothing of it any more.
func (s *Store) Forget(ctx context.Context, who feedback.Rater) (feedback.Forgotten, error) {
	var f feedback.Forgotten
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		f = feedback.Forgotten{}
		var err error
		if lock := s.dialect.forUpdate(); lock != "" { // a verdict that is being stored may quote an answer
			if _, err := tx.ExecContext(ctx, `SELECT 1 FROM responses WHERE asker = $1 ORDER BY id`+lock, who); err != nil {
				return err
			}
		}
		if f.Erased, f.Delivered, err = s.markErasures(ctx, tx, who); err != nil {
			return err
		}
		if f.Votes, err = affected(tx.ExecContext(ctx, `DELETE FROM submissions WHERE rater = $1`, who)); err != nil {
			return err
		}
		for _, statement := range forgetMember {
			if _, err := tx.ExecContext(ctx, statement, who); err != nil {
				return err
			}
		}
		f.Questions, err = affected(tx.ExecContext(ctx, `UPDATE responses SET asker = '', question = '', answer = '', context = '[]',
			conversation_id = '', removed = 1 WHERE asker = $1`, who))
		return err
	})
	if err == nil {
		err = s.scrub(ctx)
	}
	if err != nil {
		return feedback.Forgotten{}, fmt.Errorf("forget a member: %w", err)
	}
	return f, nil
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

const (
	scrubTries = 50
	scrubAgain = 100 * time.Millisecond
)

// scrub takes deleted content out of SQLite's side files: the log of changes,
// and the backups from before an upgrade. Within the database itself
// secure_delete overwrites it. It never waits on the connection that writes: a
// reader keeps the log, and clicks must not wait for a reader.
func (s *Store) scrub(ctx context.Context) error {
	if s.dialect != sqliteDialect {
		return nil
	}
	for busy, tries := 1, 0; busy != 0; tries++ {
		var logged, moved int
		if err := s.checkpoints.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &moved); err != nil {
			return fmt.Errorf("empty the log of changes: %w", err)
		}
		if busy == 0 {
			break
		}
		if tries == scrubTries {
			return errors.New("empty the log of changes: somebody is reading")
		}
		select { // a reader keeps what it reads
		case <-time.After(scrubAgain):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	file, err := maybe[string](ctx, s, `SELECT file FROM pragma_database_list WHERE name = 'main'`)
	if err != nil {
		return fmt.Errorf("find the database's file: %w", err)
	}
	backups, err := filepath.Glob(file + ".before-schema-*")
	if err != nil {
		return fmt.Errorf("find backups: %w", err)
	}
	for _, backup := range backups {
		if err := os.Remove(backup); err != nil {
			return fmt.Errorf("delete a backup: %w", err)
		}
		s.log.Info("deleted a backup from before an upgrade, because somebody asked to be forgotten", "file", backup)
	}
	return nil
}

// Servers returns the ids of the servers in which something was asked.
func (s *Store) Servers(ctx context.Context) ([]string, error) {
	// From one id to the next, so that a server with many questions is one step.
	ids, err := find(ctx, s, column[string], `WITH RECURSIVE servers (id) AS (
			SELECT MIN(guild_id) FROM asks WHERE guild_id > ''
			UNION ALL SELECT (SELECT MIN(guild_id) FROM asks WHERE guild_id > servers.id) FROM servers WHERE id IS NOT NULL)
		SELECT id FROM servers WHERE id IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("list the servers: %w", err)
	}
	return ids, nil
}

// ForgetServer deletes everything that was asked and chosen in a server, and its
// votes.
func (s *Store) ForgetServer(ctx context.Context, guildID string) error {
	err := s.deleteResponses(ctx, `guild_id = $3`, guildID)
	if err == nil {
		err = s.deleteAsks(ctx, `guild_id = $3 AND state = 'done'`, guildID, `DELETE FROM asks`)
	}
	if err == nil { // an answer that is still being written must not be stored
		err = s.deleteAsks(ctx, `guild_id = $3`, guildID, `UPDATE asks SET removed = 1, asker = '', question = '', guild_id = ''`)
	}
	for _, statement := range []string{
		`DELETE FROM reservations WHERE ask_id IN (SELECT ask_id FROM reservations WHERE guild_id = $2 LIMIT $1)`,
		`DELETE FROM settings WHERE name IN (SELECT name FROM settings WHERE guild_id = $2 AND guild_id <> '' LIMIT $1)`,
	} {
		if err == nil {
			err = s.inBits(ctx, statement, guildID)
		}
	}
	if err == nil {
		err = s.write(ctx, func(ctx context.Context, tx tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM usage WHERE scope = 'server:' || $1`, guildID)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("forget a server: %w", err)
	}
	return nil
}

// deleteResponses deletes the responses that a condition on $3 selects with all
// that hangs on them.
func (s *Store) deleteResponses(ctx context.Context, condition string, arg any) error {
	_, err := s.inPages(ctx, `SELECT id FROM responses WHERE id > $1 AND `+condition+` ORDER BY id LIMIT $2`, []any{arg},
		func(ctx context.Context, tx tx, ids []string) (int64, error) {
			if err := s.holdAll(ctx, tx, ids); err != nil {
				return 0, err
			}
			for _, table := range []string{"deliveries", "submission_history", "submissions", "messages", "review_queue", "reviews"} {
				_, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE response_id IN (`+places(1, len(ids))+`)`, anys(ids)...)
				if err != nil {
					return 0, err
				}
			}
			_, err := tx.ExecContext(ctx, `DELETE FROM responses WHERE id IN (`+places(1, len(ids))+`)`, anys(ids)...)
			return 0, err
		})
	return err
}

// deleteAsks deletes what hangs on the asks that a condition on $3 selects, and
// does with these as a statement without a condition says.
func (s *Store) deleteAsks(ctx context.Context, condition string, arg any, statement string) error {
	_, err := s.inPages(ctx, `SELECT id FROM asks WHERE id > $1 AND `+condition+` ORDER BY id LIMIT $2`, []any{arg},
		func(ctx context.Context, tx tx, ids []string) (int64, error) {
			for _, one := range []string{
				`DELETE FROM turns WHERE ask_id`,
				`DELETE FROM messages WHERE ask_id`,
				statement + ` WHERE id`,
			} {
				if _, err := tx.ExecContext(ctx, one+` IN (`+places(1, len(ids))+`)`, anys(ids)...); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
	return err
}

// Expire deletes what is older than it may become.
func (s *Store) Expire(ctx context.Context, keep feedback.Retention, now time.Time) error {
	if keep.Texts > 0 {
		if err := s.expireTexts(ctx, millis(now.Add(-keep.Texts))); err != nil {
			return fmt.Errorf("delete old texts: %w", err)
		}
	}
	if keep.Votes <= 0 {
		return nil
	}
	before, lastDay := millis(now.Add(-keep.Votes)), day(now.Add(-keep.Votes))
	err := s.deleteResponses(ctx, `finished_at < $3`, before)
	if err == nil {
		err = s.deleteAsks(ctx, `asked_at < $3 AND state = 'done'`, before, `DELETE FROM asks`)
	}
	for _, d := range []struct {
		statement string
		before    any
	}{
		{turnsBefore, before},
		{`DELETE FROM reservations WHERE ask_id IN (SELECT ask_id FROM reservations WHERE day < $2 ORDER BY day LIMIT $1)`, lastDay},
		{`DELETE FROM usage WHERE (day, scope) IN (SELECT day, scope FROM usage WHERE day < $2 ORDER BY day, scope LIMIT $1)`, lastDay},
	} {
		if err == nil {
			err = s.inBits(ctx, d.statement, d.before)
		}
	}
	if err != nil {
		return fmt.Errorf("delete what is old: %w", err)
	}
	return nil
}

// expireTexts deletes the texts from before a time.
func (s *Store) expireTexts(ctx context.Context, before int64) error {
	for _, statement := range []string{
		`UPDATE responses SET question = '', answer = '', context = '[]', removed = 1 WHERE id IN
			(SELECT id FROM responses WHERE finished_at < $2 AND (question <> '' OR answer <> '' OR context NOT IN ('[]', 'null'))
			ORDER BY id LIMIT $1` + s.dialect.forUpdate() + `)`,
		`UPDATE asks SET question = '' WHERE id IN
			(SELECT id FROM asks WHERE asked_at < $2 AND state = 'done' AND question <> '' ORDER BY asked_at LIMIT $1)`,
		turnsBefore,
		`DELETE FROM review_queue WHERE (response_id, queue) IN (SELECT response_id, queue FROM review_queue WHERE since < $2 ORDER BY since LIMIT $1)`,
		`UPDATE reviews SET explanation = '', expected = '' WHERE (response_id, reviewer) IN
			(SELECT response_id, reviewer FROM reviews WHERE updated_at < $2 AND (explanation <> '' OR expected <> '') ORDER BY updated_at LIMIT $1)`,
	} {
		if err := s.inBits(ctx, statement, before); err != nil {
			return err
		}
	}
	_, err := s.inPages(ctx, `SELECT DISTINCT response_id FROM submissions WHERE response_id > $1 AND updated_at < $3
			AND (explanation <> '' OR expected <> '') ORDER BY response_id LIMIT $2`, []any{before},
		func(ctx context.Context, tx tx, ids []string) (int64, error) {
			if err := s.holdAll(ctx, tx, ids); err != nil {
				return 0, err
			}
			_, err := tx.ExecContext(ctx, `UPDATE submissions SET explanation = '', expected = ''
				WHERE updated_at < $1 AND response_id IN (`+places(2, len(ids))+`)`, append([]any{before}, anys(ids)...)...)
			return 0, err
		})
	return err
}

// day names the day that a moment belongs to.
func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
