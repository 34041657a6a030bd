package store

import (
	"context"
	"strconv"
	"strings"
)

// pageSize is how many responses one write may be about. Clicks wait for a write
// before theirs, so work on everything that is stored is done in pages.
const pageSize = 500

// inPages calls do with the ids of the responses that a query finds, some at a
// time, each time in a transaction of its own, and returns the sum of what do
// returned. The query gets the last id before the page as $1, the size of a page
// as $2, and args from $3 on.
func (s *Store) inPages(ctx context.Context, query string, args []any, do func(ctx context.Context, tx tx, ids []string) (int64, error)) (sum int64, err error) {
	for last := ""; ; {
		ids, err := find(ctx, s, column[string], query, append([]any{last, pageSize}, args...)...)
		if err != nil || len(ids) == 0 {
			return sum, err
		}
		var n int64
		err = s.write(ctx, func(ctx context.Context, tx tx) (err error) {
			n, err = do(ctx, tx, ids)
			return err
		})
		if err != nil {
			return sum, err
		}
		sum += n
		if len(ids) < pageSize {
			return sum, nil
		}
		last = ids[len(ids)-1]
	}
}

// inBits executes a statement about at most $1 rows again and again, each time in
// a transaction of its own, until it finds fewer.
func (s *Store) inBits(ctx context.Context, statement string, args ...any) error {
	for {
		var n int64
		err := s.write(ctx, func(ctx context.Context, tx tx) (err error) {
			n, err = affected(tx.ExecContext(ctx, statement, append([]any{pageSize}, args...)...))
			return err
		})
		if err != nil || n < pageSize {
			return err
		}
	}
}

// places are the numbered parameters of a list with n values, from $first on.
func places(first, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(list, ", ")
}

// anys are values as arguments of a query.
func anys(values []string) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}
