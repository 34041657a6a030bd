package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Each file is one step of the schema. Their names sort in the order they are
// applied; a file that has been released is never changed.
//
//go:embed schema/*.sql
var schemaFiles embed.FS

// advisoryLock is held while a Postgres schema is upgraded, so that two
// processes that start together do not both do it. The number is arbitrary.
const advisoryLock = 7_205_115_940

// ErrNewerDatabase is returned by [Open] for a database that a newer version of
// this program has upgraded.
var ErrNewerDatabase = errors.New("the database was made by a newer version of this program; run that version, or restore the backup from before the upgrade")

// migrate applies the steps that the database lacks, each in a transaction of
// its own. A SQLite file that already holds something is copied first.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := fs.Glob(s.schema, "schema/*.sql")
	if err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer conn.Close()
	if s.dialect == postgresDialect {
		if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, advisoryLock); err != nil {
			return fmt.Errorf("wait for another process's upgrade: %w", err)
		}
		defer conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, advisoryLock)
	}
	_, err = conn.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)`)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	version, err := optional[int](conn.QueryRowContext(ctx, `SELECT version FROM schema_version`))
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if version > len(steps) {
		return fmt.Errorf("schema %d, this program knows %d: %w", version, len(steps), ErrNewerDatabase)
	}
	if version > 0 && version < len(steps) && s.dialect == sqliteDialect {
		if err := s.backup(ctx, conn, version); err != nil {
			return err
		}
	}
	for i, step := range steps[version:] {
		if err := s.applyStep(ctx, conn, step, version+i+1); err != nil {
			return fmt.Errorf("upgrade the schema with %s: %w", step, err)
		}
	}
	return nil
}

// backup writes a copy of the SQLite file beside it, named after its version.
func (s *Store) backup(ctx context.Context, conn execer, version int) error {
	file, err := optional[string](conn.QueryRowContext(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`))
	if err != nil {
		return fmt.Errorf("find the database's file: %w", err)
	}
	target := fmt.Sprintf("%s.before-schema-%d", file, version+1)
	if err := ensureAbsent(target); err != nil {
		return err
	}
	if err := ensureFile(target); err != nil { // VACUUM fills an empty file, and keeps its mode
		return err
	}
	if _, err := conn.ExecContext(ctx, `VACUUM INTO $1`, target); err != nil {
		return fmt.Errorf("back up the database before the upgrade: %w", err)
	}
	s.log.Info("backed up the database before its upgrade", "to", target)
	return nil
}

func (s *Store) applyStep(ctx context.Context, conn beginner, step string, version int) error {
	text, err := fs.ReadFile(s.schema, step)
	if err != nil {
		return err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for statement := range strings.SplitSeq(stripComments(string(text)), ";") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM schema_version`); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO schema_version (version) VALUES ($1)`, version); err != nil {
		return err
	}
	return tx.Commit()
}

// stripComments removes "-- ..." to the end of each line, so that a semicolon
// in a comment does not end a statement.
func stripComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		code, _, found := strings.Cut(line, "--")
		b.WriteString(code)
		if found {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// ensureAbsent removes a file that an interrupted run may have left.
func ensureAbsent(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove an old backup: %w", err)
	}
	return nil
}
