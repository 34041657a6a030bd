package discordtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
)

// With the document, what only a schema knows is recorded: here, requests that break no rule written by hand.
func TestSchema(t *testing.T) {
	if os.Getenv("DISCORD_OPENAPI") == "" {
		t.Skip("set DISCORD_OPENAPI to the path of openapi.json from github.com/discord/discord-api-spec to check schemas")
	}
	for _, test := range []struct {
		name string
		send func(s *discordtest.Server) (method, path string, body any)
		bad  bool
	}{
		{"right message", func(s *discordtest.Server) (string, string, any) {
			return "POST", "/channels/" + s.Channel().ID + "/messages", fresh("hi", "n", "components", []object{row(button("x"))})
		}, false},
		{"embed colour of the wrong type", func(s *discordtest.Server) (string, string, any) {
			return "POST", "/channels/" + s.Channel().ID + "/messages", fresh("hi", "n", "embeds", []object{{"color": "red"}})
		}, true},
		{"unknown kind of mention", func(s *discordtest.Server) (string, string, any) {
			return "POST", "/channels/" + s.Channel().ID + "/messages", fresh("hi", "n", "allowed_mentions",
				object{"parse": []string{}, "users": []string{"not a snowflake"}})
		}, true},
		{"permissions as a string", func(s *discordtest.Server) (string, string, any) {
			return "PUT", "/applications/" + s.Bot().ID + "/commands",
				[]object{{"name": "x", "type": 3, "default_member_permissions": "8"}}
		}, false},
		{"choice without value", func(s *discordtest.Server) (string, string, any) {
			option := object{"name": "o", "description": "o", "type": 3, "choices": []object{{"name": "c"}}}
			return "PUT", "/applications/" + s.Bot().ID + "/commands",
				[]object{{"name": "x", "description": "x", "options": []object{option}}}
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, discordtest.Options{})
			method, path, body := test.send(s)
			call(t, s, method, path, body)
			if hasProblem(s, "OpenAPI") != test.bad {
				t.Errorf("problems = %q", s.Problems())
			}
		})
	}
}

// A document that cannot be used is an error of New.
func TestSchemaUnreadable(t *testing.T) {
	for name, content := range map[string]string{"no JSON": "{", "no paths": "{}", "absent": ""} {
		path := filepath.Join(t.TempDir(), "openapi.json")
		if content != "" {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := discordtest.New(discordtest.Options{OpenAPI: path}); err == nil || !strings.Contains(err.Error(), "OpenAPI") {
			t.Errorf("%s: New = %v", name, err)
		}
	}
	if _, err := discordtest.New(discordtest.Options{Addr: "nowhere:-1"}); err == nil {
		t.Error("New listens nowhere")
	}
}
