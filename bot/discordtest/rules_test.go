package discordtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
)

func repeat(n int, part func(int) object) []object {
	list := make([]object, n)
	for i := range list {
		list[i] = part(i)
	}
	return list
}

func buttons(n int) []object {
	return repeat(n, func(i int) object { return button(fmt.Sprint("b", i)) })
}

// with is a button with some fields changed.
func with(changes ...any) object {
	b := button("x")
	for i := 0; i < len(changes); i += 2 {
		b[changes[i].(string)] = changes[i+1]
	}
	return b
}

// Every rule for a message: what breaks it is refused and recorded, what just keeps it is neither.
func TestMessageRules(t *testing.T) {
	s := start(t, discordtest.Options{})
	long := func(n int) string { return strings.Repeat("é", n) } // two bytes each: code points count
	rows := func(list ...object) object { return fresh("hi", "n", "components", list) }
	selectOf := func(n int) object {
		return object{"type": 3, "custom_id": "s", "options": repeat(n, func(i int) object {
			return object{"label": fmt.Sprint(i), "value": fmt.Sprint(i)}
		})}
	}
	v2 := func(parts ...object) object {
		return object{"flags": 1 << 15, "components": parts, "allowed_mentions": object{"parse": []string{}},
			"nonce": "n", "enforce_nonce": true}
	}
	show := func(n int) object { return object{"type": 10, "content": long(n)} }
	embed := func(title, text int) object { return object{"title": long(title), "description": long(text)} }
	for _, test := range []struct {
		name string
		body any
		code int
	}{
		{"content of 2000 code points", fresh(long(2000), "n"), 0},
		{"content of 2001 code points", fresh(long(2001), "n"), 50035},
		{"empty", fresh("", "n"), 50006},
		{"only spaces", fresh(" \n ", "n"), 50006},
		{"nonce of 25", fresh("hi", long(25)), 0},
		{"nonce of 26", fresh("hi", long(26)), 50035},
		{"five rows", rows(row(button("1")), row(button("2")), row(button("3")), row(button("4")), row(button("5"))), 0},
		{"six rows", rows(repeat(6, func(i int) object { return row(button(fmt.Sprint(i))) })...), 50035},
		{"five buttons", rows(row(buttons(5)...)), 0},
		{"six buttons", rows(row(buttons(6)...)), 50035},
		{"empty row", rows(row()), 50035},
		{"button without row", rows(button("x")), 50035},
		{"duplicate custom id", rows(row(button("x")), row(button("x"))), 50035},
		{"custom id of 100", rows(row(button(long(100)))), 0},
		{"custom id of 101", rows(row(button(long(101)))), 50035},
		{"label of 80", rows(row(with("label", long(80)))), 0},
		{"label of 81", rows(row(with("label", long(81)))), 50035},
		{"emoji alone", rows(row(with("label", "", "emoji", object{"name": "⭐"}))), 0},
		{"neither label nor emoji", rows(row(with("label", ""))), 50035},
		{"style 7", rows(row(with("style", 7))), 50035},
		{"link with custom id", rows(row(with("style", 5, "url", "https://example.com"))), 50035},
		{"text input in a message", rows(row(object{"type": 4, "custom_id": "t", "label": "t", "style": 1})), 50035},
		{"select of 25", rows(row(selectOf(25))), 0},
		{"select of 26", rows(row(selectOf(26))), 50035},
		{"select beside a button", rows(row(selectOf(2), button("x"))), 50035},
		{"embed alone", fresh("", "n", "embeds", []object{embed(256, 4096)}), 0},
		{"embed title of 257", fresh("", "n", "embeds", []object{embed(257, 0)}), 50035},
		{"embeds of 6001 together", fresh("", "n", "embeds", []object{embed(1, 3000), embed(0, 3000)}), 50035},
		{"eleven embeds", fresh("", "n", "embeds", repeat(11, func(int) object { return embed(1, 1) })), 50035},
		{"V2 of 4000", v2(show(2000), show(2000)), 0},
		{"V2 of 4001", v2(show(2000), show(2001)), 50035},
		{"V2 with content", fresh("hi", "n", "flags", 1<<15, "components", []object{show(1)}), 50035},
		{"parse and list of one kind", fresh("hi", "n", "allowed_mentions",
			object{"parse": []string{"users"}, "users": []string{"1"}}), 50035},
		{"reply to nothing, allowed", fresh("hi", "n", "message_reference",
			object{"message_id": "1", "fail_if_not_exists": false}), 0},
		{"content of the wrong type", fresh("hi", "n", "content", object{}), 50035},
	} {
		t.Run(test.name, func(t *testing.T) {
			channel := s.AddChannel(s.Guild().ID, "one for each limit and nonce").ID
			problems := problemsIn(s, func() {
				a := call(t, s, "POST", "/channels/"+channel+"/messages", test.body)
				if a.code() != test.code {
					t.Errorf("code = %d, want %d: %s", a.code(), test.code, a.body)
				}
			})
			if (len(problems) > 0) != (test.code != 0) {
				t.Errorf("problems = %q", problems)
			}
		})
	}
}

// What Discord lets pass but a correct bot does not do is recorded.
func TestHabits(t *testing.T) {
	for _, test := range []struct {
		name, problem string
		body          any
	}{
		{"all right", "", fresh("hi", "n")},
		{"no nonce", "without nonce", text("hi")},
		{"nonce not enforced", "without nonce", text("hi", "nonce", "n")},
		{"no allowed_mentions", "allowed_mentions", fresh("hi", "n", "allowed_mentions", nil)},
		{"allowed_mentions without parse", "allowed_mentions", fresh("hi", "n", "allowed_mentions", object{})},
		{"parse null", "allowed_mentions", fresh("hi", "n", "allowed_mentions", object{"parse": nil})},
		{"parse of users", "allowed_mentions", fresh("hi", "n", "allowed_mentions", object{"parse": []string{"users"}})},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := bare(t, discordtest.Options{})
			if a := call(t, s, "POST", "/channels/"+s.Channel().ID+"/messages", test.body); a.status != 200 {
				t.Errorf("POST = %d %s", a.status, a.body)
			}
			if p := s.Problems(); test.problem == "" && len(p) > 0 || test.problem != "" && !hasProblem(s, test.problem) {
				t.Errorf("problems = %q, want %q", p, test.problem)
			}
		})
	}
}

// An edit is judged by what the message becomes.
func TestEditRules(t *testing.T) {
	s := start(t, discordtest.Options{ChannelLimit: -1})
	path := "/channels/" + s.Channel().ID + "/messages/" + post(t, s, "n", row(button("x")))
	for _, test := range []struct {
		name string
		body object
		code int
	}{
		{"content stays when left out", object{"components": []object{}, "allowed_mentions": object{"parse": []string{}}}, 0},
		{"content null and nothing else", text("", "content", ""), 50006},
		{"too long", text(strings.Repeat("x", 2001)), 50035},
		{"back again", text("new", "components", []object{row(button("y"))}), 0},
	} {
		if a := call(t, s, "PATCH", path, test.body); a.code() != test.code {
			t.Errorf("%s: code = %d, want %d: %s", test.name, a.code(), test.code, a.body)
		}
	}
	o := call(t, s, "GET", path, nil).object(t)
	if o["content"] != "new" || o["edited_timestamp"] == nil {
		t.Errorf("message = %v", o)
	}
	ann := s.AddUser("ann")
	theirs := s.Say(ann.ID, s.Channel().ID, "mine")
	if a := call(t, s, "PATCH", "/channels/"+s.Channel().ID+"/messages/"+theirs.ID, text("no")); a.code() != 50005 {
		t.Errorf("edit of another's message = %d %s", a.status, a.body)
	}
	if call(t, s, "PATCH", path, object{"content": "x"}); !hasProblem(s, "allowed_mentions") {
		t.Error("an edit without allowed_mentions passed")
	}
}

// Who may not be asked, and what does not exist, is told with Discord's codes.
func TestRefusals(t *testing.T) {
	s := start(t, discordtest.Options{ChannelLimit: -1})
	ann := s.AddUser("ann")
	blind := s.AddChannel(s.Guild().ID, "blind", discordtest.SendMessages).ID
	mute := s.AddChannel(s.Guild().ID, "mute", discordtest.ViewChannel, discordtest.ReadMessageHistory).ID
	open := s.Channel().ID
	theirs := s.Say(ann.ID, open, "hi").ID
	for _, test := range []struct {
		method, path string
		body         any
		status, code int
	}{
		{"POST", "/channels/" + blind + "/messages", fresh("hi", "1"), 403, 50001},
		{"POST", "/channels/" + mute + "/messages", fresh("hi", "1"), 403, 50013},
		{"POST", "/channels/" + mute + "/typing", nil, 403, 50013},
		{"POST", "/channels/" + open + "/typing", nil, 204, 0},
		{"GET", "/channels/" + mute, nil, 200, 0},
		{"GET", "/channels/" + blind, nil, 403, 50001},
		{"POST", "/channels/" + open + "/messages", fresh("hi", "1", "message_reference", object{"message_id": "1"}), 400, 50035},
		{"POST", "/channels/1/messages", fresh("hi", "1"), 404, 10003},
		{"GET", "/channels/" + open + "/messages/1", nil, 404, 10008},
		{"PATCH", "/channels/" + open + "/messages/1", text("hi"), 404, 10008},
		{"DELETE", "/channels/" + open + "/messages/" + theirs, nil, 403, 50013},
		{"GET", "/guilds/1", nil, 404, 10004},
		{"GET", "/guilds/" + s.Guild().ID + "/members/1", nil, 404, 10007},
		{"POST", "/users/@me/channels", object{"recipient_id": "1"}, 400, 50033},
	} {
		a := call(t, s, test.method, test.path, test.body)
		if a.status != test.status || a.code() != test.code {
			t.Errorf("%s %s = %d %s, want %d with %d", test.method, test.path, a.status, a.body, test.status, test.code)
		}
		if a.status == 204 && a.header.Get("Content-Type") != "" {
			t.Errorf("%s %s: a 204 with a content type", test.method, test.path)
		}
	}
	if p := s.Problems(); len(p) > 0 {
		t.Errorf("problems = %q", p)
	}
	if n := s.InvalidRequests(); n != 5 {
		t.Errorf("invalid requests = %d, want 5", n)
	}
}

// A path that Discord does not have, and another API version, are problems.
func TestUnknownPath(t *testing.T) {
	for path, unknown := range map[string]bool{
		"/api/v10/gateway": false, "/api/v9/gateway": false, "/api/v8/gateway": true, "/api/v10/nothing": true, "/": true,
	} {
		s := bare(t, discordtest.Options{})
		req, _ := http.NewRequest("GET", strings.TrimSuffix(s.URL(), "/api/v10")+path, nil)
		req.Header.Set("Authorization", "Bot test-token")
		req.Header.Set("User-Agent", "DiscordBot (x, 1)")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if (res.StatusCode == 404) != unknown || hasProblem(s, "unknown path") != unknown {
			t.Errorf("GET %s = %d, problems %q", path, res.StatusCode, s.Problems())
		}
	}
}

// A refused token is answered 401; a bot that goes on is recorded, one that makes sure is not.
func TestUnauthorized(t *testing.T) {
	s := start(t, discordtest.Options{Token: "another"})
	for n := range 4 {
		a := call(t, s, "GET", "/users/@me", nil)
		if want := `{"code":0,"message":"401: Unauthorized"}`; a.status != 401 || string(a.body) != want {
			t.Errorf("GET /users/@me = %d %s", a.status, a.body)
		}
		if late := n >= 3; hasProblem(s, "after a 401") != late {
			t.Errorf("after %d requests: %q", n+1, s.Problems())
		}
	}
}

// A User-Agent that is not the prescribed one is named once.
func TestUserAgent(t *testing.T) {
	s := start(t, discordtest.Options{})
	for range 3 {
		res, err := s.Client().Get("https://discord.com/api/v10/gateway")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	if n := len(s.Problems()); n != 1 || !hasProblem(s, "User-Agent") {
		t.Errorf("problems = %q", s.Problems())
	}
}
