package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// isPassing reports whether a failure is the database's at this moment, and not
// the transaction's: tried again, it may succeed.
func isPassing(err error) bool {
	var lite *sqlite.Error
	var network net.Error
	switch {
	case err == nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &lite):
		// The driver has already waited for its busy_timeout.
		return lite.Code()&0xff == sqlitelib.SQLITE_BUSY
	}
	for _, says := range []func(error) (passes, known bool){
		postgresSays,
	} {
		if passes, known := says(err); known {
			return passes
		}
	}
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn)
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
