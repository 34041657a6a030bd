package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// An operator moves from SQLite to Postgres with one command, and is told what
// is wrong otherwise.
func TestMigrateCommand(t *testing.T) {
	source := "sqlite:" + filepath.Join(t.TempDir(), "feedback.db")
	kept, err := store.Open(t.Context(), source, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := feedbacktest.NewResponse()
	if err := kept.Monitor(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	command := func(database string, args ...string) (int, string) {
		var out bytes.Buffer
		environ := []string{"DATABASE_URL=" + database}
		return run(t.Context(), append([]string{"migrate"}, args...), environ, &out, &out), out.String()
	}
	for _, wrong := range [][]string{{"sqlite:here.db", "-from", source}, {"postgres:///x", "-from", "sqlite:" + filepath.Join(t.TempDir(), "none.db")},
		{"postgres:///x", "-from", "postgres:///y"}, {"postgres:///x", "everything"}} {
		if code, out := command(wrong[0], wrong[1:]...); code == exitOK {
			t.Errorf("migrate %q = %d: %s, want an error", wrong, code, out)
		}
	}
	if code, out := command("postgres:///x", "-h"); code != exitOK || !strings.Contains(out, "Stop the bot first") {
		t.Errorf("migrate -h = %d: %s", code, out)
	}
	target := feedbacktest.Postgres(t)
	for range 2 {
		if code, out := command(target, "-from", source); code != exitOK || !strings.Contains(out, "Copied and verified 2 rows") || !strings.Contains(out, "100%") {
			t.Errorf("migrate = %d: %s", code, out)
		}
	}
	to, err := store.Open(t.Context(), target, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if got, err := to.Response(t.Context(), r.ID); err != nil || got.Answer != r.Answer {
		t.Errorf("Response() = %+v, %v", got, err)
	}
}
