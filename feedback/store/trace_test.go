package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Traced is a statement and the arguments it was first seen with.
type Traced struct {
	Query string
	Args  []any
}

// Tracer notes what a store asks of its database.
type Tracer struct {
	suffix string
	mu     sync.Mutex
	seen   []Traced
}

var tracers atomic.Int64

// Trace returns a tracer. It wraps the drivers under names of its own.
func Trace(t *testing.T) *Tracer {
	t.Helper()
	tr := &Tracer{suffix: fmt.Sprintf("-traced-%d", tracers.Add(1))}
	for _, name := range []string{
		"sqlite",
		"pgx",
	} {
		db, err := sql.Open(name, "")
		if err != nil {
			t.Fatal(err)
		}
		sql.Register(name+tr.suffix, tracingDriver{db.Driver(), tr})
		db.Close()
	}
	return tr
}

// Options opens a store that is traced.
func (tr *Tracer) Options() Options { return Options{driverSuffix: tr.suffix} }

// Statements returns the statements so far, each once.
func (tr *Tracer) Statements() []Traced {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Clone(tr.seen)
}

func (tr *Tracer) note(query string, args []driver.NamedValue) {
	for _, kind := range []string{"SELECT", "WITH", "UPDATE", "DELETE", "INSERT"} {
		if !strings.HasPrefix(strings.TrimSpace(query), kind) {
			continue
		}
		tr.mu.Lock()
		defer tr.mu.Unlock()
		if slices.ContainsFunc(tr.seen, func(t Traced) bool { return t.Query == query }) {
			return
		}
		one := Traced{Query: query}
		for _, a := range args {
			one.Args = append(one.Args, a.Value)
		}
		tr.seen = append(tr.seen, one)
	}
}

type tracingDriver struct {
	driver.Driver
	tracer *Tracer
}

func (d tracingDriver) Open(name string) (driver.Conn, error) {
	conn, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return tracingConn{conn, d.tracer}, nil
}

type tracingConn struct {
	driver.Conn
	tracer *Tracer
}

func (c tracingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c tracingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.tracer.note(query, args)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c tracingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.tracer.note(query, args)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c tracingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query) // it was seen before it was compiled
}
