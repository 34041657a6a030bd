package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"feedbackbot/feedback"
)

func everybody() string { return "all" }

func scopes(guildID string, asker feedback.Rater) []string {
	list := []string{everybody()}
	if asker != "" {
		list = append(list, feedback.OfMember(asker))
	}
	if guildID != "" {
		list = append(list, feedback.OfServer(guildID))
	}
	return list
}

// Reserve sets aside what the answer to a may take, if the budget of today has
// room for it. A question that has a reservation, from before a crash, keeps it.
func (s *Store) Reserve(ctx context.Context, a feedback.Ask, most feedback.Use, b feedback.Budget, now time.Time) (feedback.Verdict, error) {
	var verdict feedback.Verdict
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		verdict = feedback.Within
		known, err := optional[int](tx.QueryRowContext(ctx, `SELECT 1 FROM reservations WHERE ask_id = $1`, a.ID))
		if err != nil || known == 1 {
			return err
		}
		// Adding first takes the lock on everybody's sum, so that two processes
		// cannot both find room for the last answer.
		asker, err := optional[feedback.Rater](tx.QueryRowContext(ctx, `SELECT CASE WHEN EXISTS
			(SELECT 1 FROM asks WHERE id = $1 AND asker = '') THEN '' ELSE CAST($2 AS TEXT) END`, a.ID, a.Asker)) // nobody's, when the asker has been forgotten since
		if err != nil {
			return err
		}
		a.Asker = asker
		on, all := day(now), scopes(a.GuildID, a.Asker)
		if err := addUse(ctx, tx, on, all, feedback.Use{Questions: 1, Tokens: most.Tokens, Cost: most.Cost}); err != nil {
			return err
		}
		if verdict, err = fits(ctx, tx, a.Asker, b, on); err != nil {
			return err
		}
		if verdict != feedback.Within {
			return addUse(ctx, tx, on, all, feedback.Use{Questions: -1, Tokens: -most.Tokens, Cost: -most.Cost})
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO reservations (ask_id, day, guild_id, asker, tokens, cost, settled)
			VALUES ($1, $2, $3, $4, $5, $6, 0)`, a.ID, on, a.GuildID, a.Asker, most.Tokens, most.Cost)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("reserve for question %s: %w", a.ID, err)
	}
	return verdict, nil
}

// fits reports whether the sums of a day are within the budget.
func fits(ctx context.Context, tx tx, asker feedback.Rater, b feedback.Budget, on string) (feedback.Verdict, error) {
	if b.Tokens > 0 || b.Cost > 0 {
		all, err := used(ctx, tx, everybody(), on)
		if err != nil {
			return "", err
		}
		if b.Tokens > 0 && all.Tokens > b.Tokens || b.Cost > 0 && all.Cost > b.Cost {
			return feedback.OverBudget, nil
		}
	}
	if b.MemberTokens > 0 {
		own, err := used(ctx, tx, feedback.OfMember(asker), on)
		if err != nil {
			return "", err
		}
		if own.Tokens > b.MemberTokens {
			return feedback.OverMembersOwn, nil
		}
	}
	return feedback.Within, nil
}

func used(ctx context.Context, from execer, scope, since string) (u feedback.Use, err error) {
	err = from.QueryRowContext(ctx, `SELECT COALESCE(SUM(questions), 0), COALESCE(SUM(tokens), 0), COALESCE(SUM(cost), 0)
		FROM usage WHERE scope = $1 AND day >= $2`, scope, since).Scan(&u.Questions, &u.Tokens, &u.Cost)
	return u, err
}

func addUse(ctx context.Context, tx tx, day string, scopes []string, u feedback.Use) error {
	for _, scope := range scopes {
		_, err := tx.ExecContext(ctx, `INSERT INTO usage (day, scope, questions, tokens, cost) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (day, scope) DO UPDATE SET questions = usage.questions + excluded.questions,
			tokens = usage.tokens + excluded.tokens, cost = usage.cost + excluded.cost`, day, scope, u.Questions, u.Tokens, u.Cost)
		if err != nil {
			return err
		}
	}
	return nil
}

// Settle replaces what was set aside for a question by what its answer took. It
// counts once, however often it is called.
func (s *Store) Settle(ctx context.Context, askID string, took feedback.Use) error {
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		var guildID, on string
		var asker feedback.Rater
		var tokens, cost int64
		err := tx.QueryRowContext(ctx, `SELECT day, guild_id, asker, tokens, cost FROM reservations WHERE ask_id = $1 AND settled = 0`,
			askID).Scan(&on, &guildID, &asker, &tokens, &cost)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE reservations SET tokens = $1, cost = $2, settled = 1 WHERE ask_id = $3 AND settled = 0`,
			took.Tokens, took.Cost, askID)
		if err != nil {
			return err
		}
		if rows, err := result.RowsAffected(); err != nil || rows == 0 {
			return err
		}
		return addUse(ctx, tx, on, scopes(guildID, asker), feedback.Use{Tokens: took.Tokens - tokens, Cost: took.Cost - cost})
	})
	if err != nil {
		return fmt.Errorf("settle question %s: %w", askID, err)
	}
	return nil
}

// Used returns what a scope, see [feedback.OfServer] and [feedback.OfMember], has used since the
// day of a moment.
func (s *Store) Used(ctx context.Context, scope string, since time.Time) (u feedback.Use, err error) {
	err = s.reading(ctx, func() (err error) {
		u, err = used(ctx, s.read, scope, day(since))
		return err
	})
	if err != nil {
		return feedback.Use{}, fmt.Errorf("read what was used: %w", err)
	}
	return u, nil
}
