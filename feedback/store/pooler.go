package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// lent are the errors that only a pooler makes: a prepared statement is not there, or
// is there already, and there are no transactions.
var lent = map[string]bool{"26000": true, "42P05": true, "08P01": true}

// ownWait is how long a second connection may take; a pooler that has one alone
// lets us wait for minutes.
const ownWait = 10 * time.Second

// ownConnections returns a ConfigurationError when a connection is lent to others
// between its transactions, as by PgBouncer in transaction mode. Locks and prepared
// statements, which belong to a connection, would be lost at some later time.
func (s *Store) ownConnections(ctx context.Context) error {
	if s.dialect != postgresDialect {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, ownWait)
	defer cancel()
	pooled := &ConfigurationError{Err: errors.New("DATABASE_URL leads to a pooler that lends one connection to several"),
		Mend: "set its pool_mode to session, or name Postgres itself in DATABASE_URL"}
	ours, err := s.sameServer(ctx)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && lent[pg.Code]:
		return fmt.Errorf("%w (%w)", pooled, err)
	case err != nil:
		return fmt.Errorf("connect to the database: %w", err)
	case !ours:
		return pooled
	}
	return nil
}

// sameServer reports whether a connection keeps its process of Postgres for itself
// while it rests, and another one has another.
func (s *Store) sameServer(ctx context.Context) (bool, error) {
	first, err := s.db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer first.Close()
	second, err := s.db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer second.Close()
	// Some poolers keep a connection for whoever has changed a setting on it, as the
	// locks do.
	if _, err := first.ExecContext(ctx, `SET tcp_keepalives_idle = 3`); err != nil {
		return false, err
	}
	// The pooler's free processes may be handed out in turn, or the last one first.
	var pids [3]int
	for n, conn := range []*sql.Conn{first, first, second} {
		if err := conn.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&pids[n]); err != nil {
			return false, err
		}
	}
	return pids[0] == pids[1] && pids[1] != pids[2], nil
}
