package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// pgbouncer runs the tests of the store that need PgBouncer: like those that need
// Postgres, they start their own where it is installed.
func pgbouncer(ctx context.Context, b *bench) error {
	ctx = b.begin(ctx)
	out, err := output(ctx, "..", nil, "go", "test", "-trimpath", "-count=1", "-v", "-run", "PgBouncer", "./feedback/store")
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if _, why, skipped := strings.Cut(line, "_test.go:"); skipped {
			return skip{strings.TrimSpace(strings.TrimLeft(why, "0123456789: "))}
		}
	}
	if !strings.Contains(string(out), "--- PASS: TestPgBouncerByTransaction") {
		return errors.New("no test of PgBouncer was run")
	}
	return nil
}
