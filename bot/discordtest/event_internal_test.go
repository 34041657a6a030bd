package discordtest

import (
	"os"
	"testing"
)

// What the fake sends over the gateway is held against Discord's document, as its REST answers are.
func TestWrongEventIsAProblem(t *testing.T) {
	path := os.Getenv("DISCORD_OPENAPI")
	if path == "" {
		t.Skip("set DISCORD_OPENAPI to the path of openapi.json from github.com/discord/discord-api-spec to check events")
	}
	s, err := New(Options{OpenAPI: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.mu.Lock()
	s.judgeEvent("MESSAGE_CREATE", []byte(`{"id":"1","content":"a message without an author"}`))
	s.judgeEvent("RESUMED", []byte(`{}`))
	s.mu.Unlock()
	if problems := s.Problems(); len(problems) != 1 {
		t.Errorf("problems = %q, want one about MESSAGE_CREATE", problems)
	}
}
