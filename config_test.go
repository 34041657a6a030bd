package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// .env.example is the documentation of Config: every variable stands there once,
// with its type and default above it, and no other.
func TestEnvExampleListsConfig(t *testing.T) {
	text, err := os.ReadFile(".env.example")
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		defaults[variableName(field)] = field.Tag.Get("envDefault")
	}
	line := regexp.MustCompile(`^#?([A-Z][A-Z0-9_]*)=(.*)$`)
	var names []string
	described := false
	for text := range strings.Lines(string(text)) {
		text = strings.TrimSpace(text)
		m := line.FindStringSubmatch(text)
		switch {
		case m == nil:
			described = text != "" && (described || strings.Contains(text, "default") || strings.Contains(text, "required"))
			continue
		case !described:
			t.Errorf("%s has no comment with its type and default", m[1])
		}
		names = append(names, m[1])
		if m[2] != "" && m[2] != defaults[m[1]] {
			t.Errorf("%s=%s in .env.example, want the default %s", m[1], m[2], defaults[m[1]])
		}
	}
	want := variableNames()
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("variables in .env.example = %v, want %v", names, want)
	}
}

// NAME_FILE takes NAME's value from a file, without the line end that editors
// leave.
func TestConfigFromFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("canary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig([]string{"DISCORD_TOKEN_FILE=" + path, "OPENAI_API_KEY=k"})
	if err != nil || c.DiscordToken.Reveal() != "canary" {
		t.Errorf("loadConfig() = %q, %v, want the file's text", c.DiscordToken.Reveal(), err)
	}
	_, err = loadConfig([]string{"DISCORD_TOKEN_FILE=/does/not/exist", "OPENAI_API_KEY=k"})
	if err == nil || !strings.Contains(err.Error(), "DISCORD_TOKEN_FILE cannot be read") || strings.Contains(err.Error(), "is missing") {
		t.Errorf("loadConfig() = %v, want only that the file cannot be read", err)
	}
}

// A server of one's own needs no key; OpenAI's does.
func TestKeyIsOptionalElsewhere(t *testing.T) {
	c, err := loadConfig([]string{"DISCORD_TOKEN=t", "OPENAI_BASE_URL=http://localhost:11434/v1", "HTTP_ADDR="})
	if err != nil {
		t.Fatalf("loadConfig() = %v, want nil", err)
	}
	if c.HTTPAddr != "127.0.0.1:8080" {
		t.Errorf("HTTP_ADDR = %q, want the default for an empty variable", c.HTTPAddr)
	}
}

// However a secret is printed, logged or marshalled, it does not come out.
func TestSecretStaysSecret(t *testing.T) {
	s := Secret("canary")
	nested := struct {
		S Secret
		P *Secret
		M map[string]Secret
	}{s, &s, map[string]Secret{"k": s}}
	var log strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("m", "s", s, "nested", nested, "config", Config{DiscordToken: s, DatabaseURL: s})
	}
	out, err := json.Marshal(nested)
	if err != nil {
		t.Fatal(err)
	}
	log.Write(out)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&log, verb, s)
		fmt.Fprintf(&log, verb, nested)
	}
	if strings.Contains(log.String(), "canary") {
		t.Errorf("a secret came out: %s", log.String())
	}
}
