package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Tables that hold everything, with their primary keys.
var tables = []struct{ name, key string }{
	{"settings", "name"},
	{"asks", "id"},
	{"messages", "id"},
	{"responses", "id"},
	{"submissions", "response_id, rater, source"},
	{"submission_history", "response_id, rater, source, version"},
	{"deliveries", "backend, response_id, rater, source"},
	{"usage", "day, scope"},
	{"reservations", "ask_id"},
	{"erasures", "backend, item"},
	{"turns", "ask_id, place"},
	{"review_tokens", "hash"},
	{"review_queue", "response_id, queue"},
	{"reviews", "response_id, reviewer"},
}

// transferredSetting is when a database was filled by [Transfer].
const transferredSetting = "transferred_at"

// ErrInUse is returned by [Transfer] for a database that a bot has worked with.
var ErrInUse = errors.New("the target holds data of its own")

const rowsAtOnce = 500

// Transfer copies everything from one database to another, empties the other
// before if it holds an earlier copy, and verifies counts and checksums. Neither
// may be in use. progress, when not nil, is told how many rows of how many have
// been copied.
func Transfer(ctx context.Context, from, to *Store, progress func(done, total int64)) error {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	if err := to.mayReceive(ctx); err != nil {
		return err
	}
	var total, done int64
	for _, t := range tables {
		n, err := maybe[int64](ctx, from, `SELECT COUNT(*) FROM `+t.name)
		if err != nil {
			return fmt.Errorf("count %s: %w", t.name, err)
		}
		total += n
	}
	empty := `DELETE FROM `
	if to.dialect == postgresDialect {
		empty = `TRUNCATE ` // which takes no time, however much there is
	}
	err := to.write(ctx, func(ctx context.Context, tx tx) error {
		for _, t := range tables {
			if _, err := tx.ExecContext(ctx, empty+t.name); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = to.SetSetting(ctx, transferredSetting, time.Now().UTC().Format(time.RFC3339))
	}
	if err != nil {
		return fmt.Errorf("empty the target: %w", err)
	}
	for _, t := range tables {
		err := from.each(ctx, t.name, rowsAtOnce, func(columns []string, rows [][]any) error {
			if err := to.insert(ctx, t.name, t.key, columns, rows); err != nil {
				return err
			}
			done += int64(len(rows))
			progress(done, total)
			return nil
		})
		if err != nil {
			return fmt.Errorf("copy %s: %w", t.name, err)
		}
	}
	for _, t := range tables {
		here, err := from.checksum(ctx, t.name)
		if err != nil {
			return err
		}
		there, err := to.checksum(ctx, t.name)
		if err != nil {
			return err
		}
		if here != there {
			return fmt.Errorf("%s differs after the copy: %d rows with checksum %x, %d with %x; is a bot still running? Stop it and run this again",
				t.name, here.rows, here.sum, there.rows, there.sum)
		}
	}
	return nil
}

// mayReceive returns ErrInUse for a database that is neither empty nor an
// earlier copy that no bot has used since.
func (s *Store) mayReceive(ctx context.Context) error {
	asked, err := maybe[int](ctx, s, `SELECT 1 FROM asks LIMIT 1`)
	if err != nil {
		return fmt.Errorf("look into the target: %w", err)
	}
	at, err := s.Setting(ctx, transferredSetting)
	if err != nil {
		return err
	}
	alive, err := s.Settings(ctx, "shard_")
	if err != nil {
		return err
	}
	for _, last := range alive {
		if last > at { // both are RFC 3339 in UTC
			return fmt.Errorf("a bot has used it at %s: %w", last, ErrInUse)
		}
	}
	if asked == 1 && at == "" {
		return ErrInUse
	}
	return nil
}

// each reads a table, some rows at a time. It leaves out what belongs to the
// copy itself.
func (s *Store) each(ctx context.Context, table string, n int, do func(columns []string, rows [][]any) error) error {
	where := ""
	if table == "settings" {
		where = ` WHERE name <> '` + transferredSetting + `'`
	}
	rows, err := s.read.QueryContext(ctx, `SELECT * FROM `+table+where)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	var page [][]any
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for n := range row {
			into[n] = &row[n]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if page = append(page, row); len(page) == n {
			if err := do(columns, page); err != nil {
				return err
			}
			page = nil
		}
	}
	if err := rows.Err(); err != nil || len(page) == 0 {
		return err
	}
	return do(columns, page)
}

func (s *Store) insert(ctx context.Context, table, key string, columns []string, rows [][]any) error {
	var places []string
	var args []any
	for _, row := range rows {
		var one []string
		for _, value := range row {
			args = append(args, value)
			one = append(one, "$"+strconv.Itoa(len(args)))
		}
		places = append(places, "("+strings.Join(one, ", ")+")")
	}
	var set []string
	for _, c := range columns {
		set = append(set, c+" = excluded."+c)
	}
	// A setting may be there already: each database makes its own key.
	query := `INSERT INTO ` + table + ` (` + strings.Join(columns, ", ") + `) VALUES ` + strings.Join(places, ", ") +
		` ON CONFLICT (` + key + `) DO UPDATE SET ` + strings.Join(set, ", ")
	return s.write(ctx, func(ctx context.Context, tx tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}

// checksum is the same for the same rows, in whatever order and database.
type checksum struct {
	rows int64
	sum  uint64
}

func (s *Store) checksum(ctx context.Context, table string) (c checksum, err error) {
	err = s.each(ctx, table, rowsAtOnce, func(columns []string, rows [][]any) error {
		order := make([]int, len(columns))
		for n := range order {
			order[n] = n
		}
		slices.SortFunc(order, func(a, b int) int { return strings.Compare(columns[a], columns[b]) })
		for _, row := range rows {
			var text []byte
			for _, n := range order {
				text = fmt.Appendf(text, "%s=%s|", columns[n], canonical(row[n]))
			}
			hash := sha256.Sum256(text)
			c.rows++
			c.sum += binary.BigEndian.Uint64(hash[:])
		}
		return nil
	})
	if err != nil {
		return checksum{}, fmt.Errorf("verify %s: %w", table, err)
	}
	return c, nil
}

// canonical writes a value as both databases return it.
func canonical(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case []byte:
		return strconv.Quote(string(v))
	case string:
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(value)
}
