package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// around is what editors, clipboards, Docker and shells leave around a value.
var around = []struct{ name, before, after string }{
	{"nothing", "", ""},
	{"newline", "", "\n"},
	{"CRLF", "", "\r\n"},
	{"blanks", " \t", "  "},
	{"no-break space", "\u00a0", "\u00a0"},
	{"zero-width space", "\u200b", "\u200b\u200d"},
	{"byte order mark", "\ufeff", ""},
	{"direction marks", "\u200e\u202a", "\u202c"},
	{"NUL", "", "\x00"},
	{"single quotes", "'", "'"},
	{"double quotes", `"`, `"`},
	{"quotes and newline", `"`, "\"\n"},
	{"newline in quotes", "' ", "\n'"},
	{"curly quotes", "“", "”"},
}

// A value is what was meant, from the environment and from a file alike.
func TestValuesAreCleaned(t *testing.T) {
	want := map[string]string{
		"DISCORD_TOKEN": "canary.token", "OPENAI_API_KEY": "sk-canary", "OPENAI_BASE_URL": "http://localhost:11434/v1",
		"DATABASE_URL": "postgres://bot:ca'nary@db/feedback", "OPENAI_MAX_TOKENS": "100", "HTTPS_PROXY": "http://me:canary@proxy:3128",
		"ALLOW_PLACES": "1,\n2", "SYSTEM_PROMPT": "You're \"Mira\".\n\tBe brief.",
	}
	for _, a := range around {
		var plain, files []string
		for name, value := range want {
			plain = append(plain, name+"="+a.before+value+a.after)
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(a.before+value+a.after), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, name+"_FILE="+a.before+path+a.after)
		}
		for _, environ := range [][]string{plain, files} {
			c, err := loadConfig(environ)
			if err != nil {
				t.Errorf("%s: %v", a.name, err)
				continue
			}
			prompt := want["SYSTEM_PROMPT"]
			if strings.Contains(a.name, "quotes") && !strings.HasPrefix(a.before, "“") {
				prompt = strings.TrimSpace(a.before + prompt + a.after) // the quotes may be its own
			}
			if c.DiscordToken.Reveal() != want["DISCORD_TOKEN"] || c.OpenAIKey.Reveal() != want["OPENAI_API_KEY"] || c.OpenAIBaseURL != want["OPENAI_BASE_URL"] ||
				c.DatabaseURL.Reveal() != want["DATABASE_URL"] || c.OpenAIMaxTokens != 100 || c.HTTPSProxy.Reveal() != want["HTTPS_PROXY"] ||
				len(c.AllowPlaces) != 2 || c.SystemPrompt != prompt {
				t.Errorf("%s: loadConfig() = %q %q %q %q %d %q %q %q", a.name, c.DiscordToken.Reveal(), c.OpenAIKey.Reveal(), c.OpenAIBaseURL,
					c.DatabaseURL.Reveal(), c.OpenAIMaxTokens, c.HTTPSProxy.Reveal(), c.AllowPlaces, c.SystemPrompt)
			}
		}
	}
}

// A line break or control character inside a value is refused once, by the
// variable's name; nothing of the value is shown.
func TestBreaksInsideAreRefused(t *testing.T) {
	for _, inner := range []string{"\n", "\r\n", "\x00", "\x1b", "\x7f", "\u0085", "\u2028", "\t"} {
		for _, name := range []string{"DISCORD_TOKEN", "OPENAI_API_KEY", "OPENAI_BASE_URL", "DATABASE_URL",
			"OPENAI_MAX_TOKENS", "HTTPS_PROXY", "HTTP_ADDR"} {
			value := "canary" + inner + "canary"
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
				t.Fatal(err)
			}
			want := "configuration: " + name + " has a line break or control character inside; write it in one line"
			for _, set := range []string{name + "=" + value, name + "_FILE=" + path} {
				environ := []string{"DISCORD_TOKEN=t", "OPENAI_API_KEY=k", set}
				if _, err := loadConfig(environ); err == nil || err.Error() != want {
					t.Errorf("%s with %q = %v, want %q", name, inner, err, want)
				}
			}
		}
	}
}

// A secret that PowerShell wrote to a file is in UTF-16.
func TestValueFromUTF16(t *testing.T) {
	for name, bytes := range map[string]string{
		"little": "\xff\xfec\x00\xe9\x00=\xd8\x00\xde\r\x00\n\x00", "big": "\xfe\xff\x00c\x00\xe9\xd8=\xde\x00\x00\n", "marked UTF-8": "\xef\xbb\xbfcé😀\n",
	} {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(bytes), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := loadConfig([]string{"DISCORD_TOKEN_FILE=" + path, "OPENAI_API_KEY=k"})
		if err != nil || c.DiscordToken.Reveal() != "cé😀" {
			t.Errorf("%s: loadConfig() = %q, %v", name, c.DiscordToken.Reveal(), err)
		}
	}
}
