// Package feedbacktest holds what tests of the feedback package and of those
// that use it share: the databases to run a test on, and the contract that
// every backend must meet, as a suite that runs.
package feedbacktest

import (
	"path/filepath"
	"testing"
)

// Databases runs test once on each kind of database, as the subtests "sqlite"
// and "postgres". Each run gets the URL of an empty database of its own. The
// Postgres server is started for the purpose; without one installed that
// subtest is skipped.
func Databases(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite returns the URL of a SQLite database that does not exist yet, in a
// folder that is removed after the test.
func SQLite(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "feedback.db")
}
