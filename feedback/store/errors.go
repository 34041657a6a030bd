package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// passing are the errors of Postgres after which the same transaction may
// succeed: the server stops, starts or hands over, or two transactions were in
// each other's way.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var passing = map[string]bool{
	"08000": true, "08003": true, "08006": true, "08001": true, "08004": true, "08007": true, // connection exception
	"25006": true,                // read only transaction: the server is no longer the primary
	"40001": true, "40P01": true, // serialization failure, deadlock
	"53300": true,                               // too many connections
	"57P01": true, "57P02": true, "57P03": true, // shut down, crashed, cannot connect now
}

// isPassing reports whether a failure is the database's at this moment, and not
// the transaction's: tried again, it may succeed.
func isPassing(err error) bool {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var network net.Error
	switch {
	case err == nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &lite):
		// The driver has already waited for its busy_timeout.
		return lite.Code()&0xff == sqlitelib.SQLITE_BUSY
	case errors.As(err, &pg):
		return passing[pg.Code]
	}
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)
}

// isReadOnly reports whether a server of Postgres takes no changes.
func isReadOnly(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "25006"
}

// dropIdle closes the unused connections, so that the next ones are made anew
// and find the server that is now behind the address.
func (s *Store) dropIdle() {
	s.db.SetMaxIdleConns(0)
	s.db.SetMaxIdleConns(maxIdle)
}

// begin starts a transaction. A pooled connection may have died unused, which
// shows only now; nothing has been done on it, so another is tried.
func (s *Store) begin(ctx context.Context) (tx *sql.Tx, err error) {
	for range maxIdle + 1 {
		tx, err = s.db.BeginTx(ctx, nil)
		if err == nil || s.dialect == sqliteDialect || ctx.Err() != nil {
			break
		}
	}
	return tx, err
}
