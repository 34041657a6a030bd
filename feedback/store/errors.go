package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"io/fs"
	"net"
	"slices"
	"syscall"

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

// ConfigurationError is returned by [Open] for a database that no repetition will
// open, with how to mend it.
type ConfigurationError struct {
	Err  error
	Mend string
}

func (e *ConfigurationError) Error() string { return e.Err.Error() + "; " + e.Mend }

func (e *ConfigurationError) Unwrap() error { return e.Err }

// forGood makes an error with which a database cannot be opened a
// ConfigurationError, unless it may pass or is one already.
func forGood(err error) error {
	var known *ConfigurationError
	if err == nil || errors.As(err, &known) {
		return err
	}
	for _, mend := range []func(error) string{
		fileRefuses,
		postgresRefuses,
	} {
		if m := mend(err); m != "" {
			return &ConfigurationError{Err: err, Mend: m}
		}
	}
	return err
}

// fileRefuses returns how to mend what the file system or SQLite has against a
// file, or "" when that may pass, as a full disk does.
func fileRefuses(err error) string {
	var lite *sqlite.Error
	var path *fs.PathError // not that of a socket, which a server may still make
	switch {
	case errors.As(err, &lite) && lite.Code()&0xff == sqlitelib.SQLITE_NOTADB:
		return "it is no SQLite database: name another file in DATABASE_URL"
	case errors.As(err, &lite) && slices.Contains([]int{sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_PERM}, lite.Code()&0xff):
		return "name a file in DATABASE_URL in a folder that this user can write to"
	case !errors.As(err, &path):
		return ""
	case errors.Is(err, syscall.EISDIR):
		return "name a file in that folder in DATABASE_URL, as sqlite:FOLDER/feedbackbot.db"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "name a file in DATABASE_URL that this user can write to"
	}
	for _, never := range []error{syscall.ENOTDIR, syscall.ENOENT, syscall.ENAMETOOLONG, syscall.EINVAL, syscall.ELOOP} {
		if errors.Is(err, never) {
			return "correct the path in DATABASE_URL"
		}
	}
	return ""
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
