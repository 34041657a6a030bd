package store

import (
	"context"
	"database/sql"
)

// statements keeps what the committer executes compiled, since SQLite takes as
// long to compile a vote's statements as to execute them. pgx does the same by
// itself, and there it is left unused. Without it 10,000 votes at once take twice
// as long on SQLite. Only the committer may use it.
type statements struct {
	ready  map[string]*sql.Stmt
	wanted map[string]bool // seen in a transaction, compiled before the next one
}

// prepare compiles what was wanted. It must be called outside of a transaction,
// since the one connection that writes is taken by it.
func (s *statements) prepare(ctx context.Context, db *sql.DB) {
	if s == nil {
		return
	}
	for query := range s.wanted {
		delete(s.wanted, query)
		if stmt, err := db.PrepareContext(ctx, query); err == nil { // if not, the transaction reports it
			s.ready[query] = stmt
		}
	}
}

// in returns a transaction that uses the compiled statements.
func (s *statements) in(t *sql.Tx) tx {
	if s == nil {
		return t
	}
	return preparedTx{t, s, map[string]*sql.Stmt{}}
}

type preparedTx struct {
	*sql.Tx
	statements *statements
	own        map[string]*sql.Stmt // statements bound to this transaction
}

// maxKept is with how many arguments a statement is kept. Those with more are
// about pages, and each length of a page has a text of its own.
const maxKept = 64

// stmt returns the compiled statement; nil the first time it is asked for.
func (t preparedTx) stmt(ctx context.Context, query string, args []any) *sql.Stmt {
	if len(args) > maxKept {
		return nil
	}
	stmt := t.own[query]
	if stmt != nil {
		return stmt
	}
	compiled := t.statements.ready[query]
	if compiled == nil {
		t.statements.wanted[query] = true
		return nil
	}
	stmt = t.StmtContext(ctx, compiled)
	t.own[query] = stmt
	return stmt
}

func (t preparedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := t.stmt(ctx, query, args); stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

func (t preparedTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := t.stmt(ctx, query, args); stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

func (t preparedTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := t.stmt(ctx, query, args); stmt != nil {
		return stmt.QueryRowContext(ctx, args...)
	}
	return t.Tx.QueryRowContext(ctx, query, args...)
}
