//go:build !unix

package feedbacktest

import "testing"

// Postgres skips the test: starting a server is implemented for Unix only.
func Postgres(t testing.TB) string {
	t.Skip("tests on Postgres need a Unix system with the package postgresql installed")
	return ""
}

// OwnPostgres skips the test, as [Postgres] does.
func OwnPostgres(t testing.TB) (url string, crash func()) {
	return Postgres(t), nil
}
