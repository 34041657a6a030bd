package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// readPatience bounds how long a read waits for a database that is away. It is
// short: most readers can do something sensible without.
const readPatience = 3 * time.Second

// reading runs do, which only reads, again while the database is away and the
// caller waits. do must assign its results, never add to them.
func (s *Store) reading(ctx context.Context, do func() error) error {
	patient, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	for {
		err := do()
		if !isPassing(err) || patient.Err() != nil {
			return err
		}
		select {
		case <-time.After(retryPause):
		case <-patient.Done():
		}
	}
}

type scanner interface{ Scan(...any) error }

// find returns all rows that a query finds.
func find[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), query string, args ...any) (found []T, err error) {
	err = s.reading(ctx, func() error {
		rows, err := s.read.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		found, err = collect(rows, scan)
		return err
	})
	return found, err
}

// one returns the row that a query finds, or sql.ErrNoRows.
func one[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), query string, args ...any) (found T, err error) {
	err = s.reading(ctx, func() (err error) {
		found, err = scan(s.read.QueryRowContext(ctx, query, args...))
		return err
	})
	return found, err
}

// maybe returns the one column of the row that a query finds, or the zero value.
func maybe[T any](ctx context.Context, s *Store, query string, args ...any) (T, error) {
	v, err := one(ctx, s, column[T], query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return v, err
}

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	var found []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	return found, rows.Err()
}

// column scans a row of one column.
func column[T any](row scanner) (v T, err error) { return v, row.Scan(&v) }

// pair scans a row of two texts.
func pair(row scanner) (p [2]string, err error) { return p, row.Scan(&p[0], &p[1]) }

// optional scans a row of one column and turns "no rows" into the zero value.
func optional[T any](row *sql.Row) (T, error) {
	v, err := column[T](row)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return v, err
}

// mapped turns pairs into a map.
func mapped(pairs [][2]string) map[string]string {
	found := make(map[string]string, len(pairs))
	for _, p := range pairs {
		found[p[0]] = p[1]
	}
	return found
}
