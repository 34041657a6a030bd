package discordtest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
)

var ask = object{"name": "ask", "description": "Ask", "options": []object{{"name": "text", "description": "What", "type": 3}}}

func register(t *testing.T, s *discordtest.Server) {
	t.Helper()
	commands := []object{ask, {"name": "Rate this", "type": 3, "default_member_permissions": "0"}}
	if a := call(t, s, "PUT", "/applications/"+s.Bot().ID+"/commands", commands); a.status != 200 {
		t.Fatalf("PUT commands = %d %s", a.status, a.body)
	}
}

// Registered commands can be listed and run, in the guild and in direct messages.
func TestCommands(t *testing.T) {
	s := start(t, discordtest.Options{})
	l, _ := identified(t, s, 1)
	ann := s.AddUser("ann").ID
	register(t, s)
	if err := s.WaitCommand(soon(t), "Rate this"); err != nil {
		t.Fatal(err)
	}
	a := call(t, s, "GET", "/applications/"+s.Bot().ID+"/commands", nil)
	var listed []object
	if err := json.Unmarshal(a.body, &listed); err != nil || len(listed) != 2 || listed[0]["name"] != "ask" {
		t.Errorf("commands = %s, %v", a.body, err)
	}

	type event struct {
		ID      string
		Context int
		GuildID string `json:"guild_id"`
		User    *discordtest.User
		Member  *discordtest.Member
		Data    struct {
			Name    string
			Options []struct {
				Name  string
				Type  int
				Value any
			}
			TargetID string `json:"target_id"`
			Resolved struct {
				Messages map[string]discordtest.Message
			}
		}
	}
	next := func() (e event) {
		if err := json.Unmarshal(l.until(0, "INTERACTION_CREATE").D, &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	i := s.Command(ann, s.Channel().ID, "ask", map[string]any{"text": "why"})
	e := next()
	if e.ID != i.ID || e.Context != 0 || e.GuildID != s.Guild().ID || e.Member.User.ID != ann || e.User != nil {
		t.Errorf("in a guild: %+v", e)
	}
	if o := e.Data.Options; len(o) != 1 || o[0].Name != "text" || o[0].Type != 3 || o[0].Value != "why" {
		t.Errorf("options = %+v", o)
	}
	s.Command(ann, s.DM(ann).ID, "ask", nil)
	if e = next(); e.Context != 1 || e.GuildID != "" || e.Member != nil || e.User.ID != ann {
		t.Errorf("in a direct message: %+v", e)
	}
	m := s.Say(ann, s.Channel().ID, "rate me")
	s.MessageCommand(ann, m.ID, "Rate this")
	if e = next(); e.Data.TargetID != m.ID || e.Data.Resolved.Messages[m.ID].Content != "rate me" {
		t.Errorf("message command: %+v", e.Data)
	}
}

// Commands that Discord refuses are refused and recorded.
func TestCommandRules(t *testing.T) {
	s := start(t, discordtest.Options{})
	for _, test := range []struct {
		name string
		list []object
		code int
	}{
		{"right", []object{ask}, 0},
		{"upper case", []object{{"name": "Ask", "description": "x"}}, 50035},
		{"context menus have spaces and capitals", []object{{"name": "Rate This", "type": 3}}, 0},
		{"no description", []object{{"name": "ask"}}, 50035},
		{"description on a context menu", []object{{"name": "x", "type": 3, "description": "x"}}, 50035},
		{"name too long", []object{{"name": strings.Repeat("x", 33), "description": "x"}}, 50035},
		{"same name twice", []object{ask, ask}, 50035},
		{"sixteen message commands", repeat(16, func(i int) object { return object{"name": string(rune('a' + i)), "type": 3} }), 30032},
	} {
		t.Run(test.name, func(t *testing.T) {
			problems := problemsIn(s, func() {
				a := call(t, s, "PUT", "/applications/"+s.Bot().ID+"/guilds/"+s.Guild().ID+"/commands", test.list)
				if a.code() != test.code {
					t.Errorf("PUT = %d %s", a.status, a.body)
				}
			})
			if test.code == 0 && len(problems) > 0 || test.code == 50035 && len(problems) == 0 {
				t.Errorf("problems = %q", problems)
			}
		})
	}
}

// POST adds a command or replaces the one of its name.
func TestPostCommand(t *testing.T) {
	s := start(t, discordtest.Options{})
	path := "/applications/" + s.Bot().ID + "/commands"
	for range 2 {
		if a := call(t, s, "POST", path, ask); a.status != 201 {
			t.Fatalf("POST = %d %s", a.status, a.body)
		}
	}
	var listed []object
	if json.Unmarshal(call(t, s, "GET", path, nil).body, &listed); len(listed) != 1 {
		t.Errorf("commands = %v", listed)
	}
}
