package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"feedbackbot/feedback"
)

// raterBytes is how much of the HMAC is kept: 128 bits, as a UUID.
const raterBytes = 16

// Rater returns the pseudonym of a Discord id that stands for a person. A plain
// hash would not do: ids are guessable, so the hash is keyed.
func (s *Store) Rater(discordID string) feedback.Rater {
	mac := hmac.New(sha256.New, s.raterKey)
	mac.Write([]byte(discordID))
	return feedback.Rater(hex.EncodeToString(mac.Sum(nil)[:raterBytes]))
}

// loadRaterKey reads the key of this database's pseudonyms, and makes it at the
// first start. Two processes that start together agree on the first one's key.
func (s *Store) loadRaterKey(ctx context.Context) error {
	key := make([]byte, sha256.Size)
	if _, err := rand.Read(key); err != nil {
		return fmt.Errorf("make the key of the pseudonyms: %w", err)
	}
	const name = "rater_key"
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`,
			name, hex.EncodeToString(key))
		return err
	})
	if err != nil {
		return fmt.Errorf("store the key of the pseudonyms: %w", err)
	}
	text, err := s.Setting(ctx, name)
	if err != nil {
		return err
	}
	if s.raterKey, err = hex.DecodeString(text); err != nil {
		return fmt.Errorf("the key of the pseudonyms is damaged: %w", err)
	}
	return nil
}

// Setting returns a value kept with [Store.SetSetting], or "".
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	value, err := maybe[string](ctx, s, `SELECT value FROM settings WHERE name = $1`, name)
	if err != nil {
		return "", fmt.Errorf("read setting %s: %w", name, err)
	}
	return value, nil
}

// SetSetting keeps a small value that must outlive the process.
func (s *Store) SetSetting(ctx context.Context, name, value string) error {
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
		return err
	})
	if err != nil {
		return fmt.Errorf("store setting %s: %w", name, err)
	}
	return nil
}

// SetChoice is SetSetting for what has been chosen in a server; it goes when the
// server's data goes.
func (s *Store) SetChoice(ctx context.Context, guildID, name, value string) error {
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value, guild_id) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value, guild_id = excluded.guild_id`, name, value, guildID)
		return err
	})
	if err != nil {
		return fmt.Errorf("store setting %s: %w", name, err)
	}
	return nil
}

// DeleteSetting removes a setting.
func (s *Store) DeleteSetting(ctx context.Context, name string) error {
	err := s.write(ctx, func(ctx context.Context, tx tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM settings WHERE name = $1`, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete setting %s: %w", name, err)
	}
	return nil
}

// Settings returns the settings whose names begin with a prefix.
func (s *Store) Settings(ctx context.Context, prefix string) (map[string]string, error) {
	pairs, err := find(ctx, s, pair, `SELECT name, value FROM settings WHERE SUBSTR(name, 1, $1) = $2`, len(prefix), prefix)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return mapped(pairs), nil
}

// Choices returns those of the settings with these names that exist.
func (s *Store) Choices(ctx context.Context, names ...string) (map[string]string, error) {
	pairs, err := find(ctx, s, pair, `SELECT name, value FROM settings WHERE name IN (`+places(1, len(names))+`)`, anys(names)...)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return mapped(pairs), nil
}
