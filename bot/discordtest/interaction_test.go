package discordtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
)

// scene is a server with a button and ann, who can press it.
func scene(t *testing.T, opt discordtest.Options) (s *discordtest.Server, ann, messageID string) {
	t.Helper()
	s = start(t, opt)
	return s, s.AddUser("ann").ID, post(t, s, "scene", row(button("b")))
}

func mustWait(t *testing.T, i *discordtest.Interaction) discordtest.Answer {
	t.Helper()
	a, err := i.Wait(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var (
	sayHi    = object{"type": 4, "data": text("hi")}
	whisper  = object{"type": 4, "data": text("psst", "flags", 64)}
	askModal = object{"type": 9, "data": object{"custom_id": "m", "title": "Why?", "components": []object{
		row(object{"type": 4, "custom_id": "why", "label": "Why?", "style": 2, "required": false, "max_length": 10}),
	}}}
)

func modalOf(parts ...object) object {
	return object{"type": 9, "data": object{"custom_id": "m", "title": "Why?", "components": parts}}
}

func input(id string) object {
	return object{"type": 4, "custom_id": id, "label": "Why?", "style": 1, "required": false}
}

// Every callback is accepted or refused as Discord does, for each kind of interaction.
func TestCallbackRules(t *testing.T) {
	update := object{"type": 7, "data": text("new")}
	label := func(child object) object { return object{"type": 18, "label": "Why?", "component": child} }
	radio := object{"type": 21, "custom_id": "r", "options": []object{{"label": "a", "value": "a"}, {"label": "b", "value": "b"}}}
	bare := object{"type": 4, "custom_id": "why", "style": 1}
	many := func(n int) []object {
		return repeat(n, func(i int) object { return row(input(string(rune('a' + i)))) })
	}
	s, ann, message := scene(t, discordtest.Options{})
	register(t, s)
	for _, test := range []struct {
		name string
		kind int
		body object
		code int
	}{
		{"message to command", discordtest.TypeCommand, sayHi, 0},
		{"message to click", discordtest.TypeComponent, sayHi, 0},
		{"message to modal", discordtest.TypeModal, sayHi, 0},
		{"deferred message", discordtest.TypeCommand, object{"type": 5}, 0},
		{"deferred ephemeral", discordtest.TypeComponent, object{"type": 5, "data": object{"flags": 64}}, 0},
		{"deferred with other flags", discordtest.TypeComponent, object{"type": 5, "data": object{"flags": 4}}, 50035},
		{"deferred update of click", discordtest.TypeComponent, object{"type": 6}, 0},
		{"deferred update of modal from click", discordtest.TypeModal, object{"type": 6}, 0},
		{"deferred update of command", discordtest.TypeCommand, object{"type": 6}, 50035},
		{"update of click", discordtest.TypeComponent, update, 0},
		{"update of command", discordtest.TypeCommand, update, 50035},
		{"modal to command", discordtest.TypeCommand, askModal, 0},
		{"modal to click", discordtest.TypeComponent, askModal, 0},
		{"modal to modal", discordtest.TypeModal, askModal, 50035},
		{"pong", discordtest.TypeComponent, object{"type": 1}, 50035},
		{"choices to click", discordtest.TypeComponent, object{"type": 8, "data": object{"choices": []object{}}}, 50035},
		{"no such type", discordtest.TypeComponent, object{"type": 99}, 50035},
		{"empty message", discordtest.TypeComponent, object{"type": 4, "data": text("")}, 50006},
		{"message without data", discordtest.TypeComponent, object{"type": 4}, 50006},
		{"five inputs", discordtest.TypeComponent, modalOf(many(5)...), 0},
		{"six inputs", discordtest.TypeComponent, modalOf(many(6)...), 50035},
		{"no input", discordtest.TypeComponent, modalOf(), 50035},
		{"same id twice", discordtest.TypeComponent, modalOf(row(input("a")), row(input("a"))), 50035},
		{"label with input", discordtest.TypeComponent, modalOf(label(bare)), 0},
		{"label with radio group", discordtest.TypeComponent, modalOf(label(radio)), 0},
		{"label with labelled input", discordtest.TypeComponent, modalOf(label(input("why"))), 50035},
		{"label without child", discordtest.TypeComponent, modalOf(object{"type": 18, "label": "x"}), 50035},
		{"button in a modal", discordtest.TypeComponent, modalOf(row(button("x"))), 50035},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := interactionOf(t, s, test.kind, ann, message)
			problems := problemsIn(s, func() {
				a := call(t, s, "POST", callback(i), test.body)
				if a.code() != test.code || a.code() == 0 && (a.status != 204 || a.header.Get("Content-Type") != "") {
					t.Errorf("callback = %d %s, want code %d", a.status, a.body, test.code)
				}
			})
			if (len(problems) > 0) != (test.code != 0) {
				t.Errorf("problems = %q", problems)
			}
			if test.code != 0 {
				return
			}
			if got := mustWait(t, i); float64(got.Type) != asFloat(test.body["type"]) || got.Latency <= 0 {
				t.Errorf("Wait = %+v", got)
			}
		})
	}
}

func asFloat(v any) float64 { return float64(v.(int)) }

func interactionOf(t *testing.T, s *discordtest.Server, kind int, ann, message string) *discordtest.Interaction {
	t.Helper()
	switch kind {
	case discordtest.TypeCommand:
		return s.Command(ann, s.Channel().ID, "ask", map[string]any{"text": "hi"})
	case discordtest.TypeModal:
		click := s.Click(ann, message, "b")
		call(t, s, "POST", callback(click), askModal)
		return s.Submit(ann, click, nil)
	}
	return s.Click(ann, message, "b")
}

// One acknowledgement, in time, with the right token.
func TestAcknowledgement(t *testing.T) {
	s, ann, message := scene(t, discordtest.Options{})
	i := s.Click(ann, message, "b")
	if a := call(t, s, "POST", "/interactions/"+i.ID+"/wrong/callback", sayHi); a.status != 404 || a.code() != 10062 {
		t.Errorf("wrong token = %d %s", a.status, a.body)
	}
	if a := call(t, s, "POST", "/webhooks/"+s.Bot().ID+"/"+i.Token, text("early")); a.code() != 10015 {
		t.Errorf("follow-up before the first answer = %d %s", a.status, a.body)
	}
	if a := call(t, s, "POST", callback(i), sayHi); a.status != 204 {
		t.Errorf("first = %d %s", a.status, a.body)
	}
	if p := s.Problems(); len(p) > 0 {
		t.Errorf("problems = %q", p)
	}
	if a := call(t, s, "POST", callback(i), sayHi); a.code() != 40060 || !hasProblem(s, "already been acknowledged") {
		t.Errorf("second = %d %s, problems %q", a.status, a.body, s.Problems())
	}
}

// Too late an answer gets 10062, and the user sees that the interaction failed.
func TestTooLate(t *testing.T) {
	s, ann, message := scene(t, discordtest.Options{AckTimeout: 20 * time.Millisecond})
	i := s.Click(ann, message, "b")
	if _, err := i.Wait(soon(t)); !errors.Is(err, discordtest.ErrInteractionFailed) {
		t.Errorf("Wait = %v", err)
	}
	if a := call(t, s, "POST", callback(i), sayHi); a.status != 404 || a.code() != 10062 {
		t.Errorf("late = %d %s", a.status, a.body)
	}
}

// After TokenLife the token is worth nothing.
func TestTokenLife(t *testing.T) {
	s, ann, message := scene(t, discordtest.Options{TokenLife: time.Nanosecond})
	i := s.Click(ann, message, "b")
	call(t, s, "POST", callback(i), sayHi)
	a := call(t, s, "PATCH", "/webhooks/"+s.Bot().ID+"/"+i.Token+"/messages/@original", text("late"))
	if a.status != 401 || a.code() != 50027 {
		t.Errorf("late edit = %d %s", a.status, a.body)
	}
}

// with_response returns the message the callback made.
func TestWithResponse(t *testing.T) {
	s, ann, message := scene(t, discordtest.Options{})
	i := s.Click(ann, message, "b")
	o := call(t, s, "POST", callback(i)+"?with_response=true", whisper).object(t)
	m := mustWait(t, i).Message
	resource := o["resource"].(object)["message"].(object)
	if resource["id"] != m.ID || resource["flags"] != 64.0 || o["interaction"].(object)["response_message_ephemeral"] != true {
		t.Errorf("response = %v", o)
	}
}

// Deferred, first follow-up, second follow-up, edit, read, delete: all by the token alone.
func TestFollowUps(t *testing.T) {
	s, ann, message := scene(t, discordtest.Options{})
	bob := s.AddUser("bob")
	i := s.Click(ann, message, "b")
	call(t, s, "POST", callback(i), object{"type": 5, "data": object{"flags": 64}})
	loading := mustWait(t, i).Message
	if loading.Flags != discordtest.FlagLoading|discordtest.FlagEphemeral {
		t.Errorf("loading = %+v", loading)
	}
	hook := "/webhooks/" + s.Bot().ID + "/" + i.Token
	first := call(t, s, "POST", hook, text("first")).object(t)
	if first["id"] != loading.ID || first["flags"] != 64.0 {
		t.Errorf("the first follow-up did not take the place of the loading message: %v", first)
	}
	second := call(t, s, "POST", hook, text("second")).object(t)
	if second["id"] == loading.ID || second["flags"] != 0.0 {
		t.Errorf("second follow-up = %v", second)
	}
	if n := len(s.Messages(s.Channel().ID, bob.ID)); n != 2 {
		t.Errorf("bob sees %d messages, want the button and the second follow-up", n)
	}
	if a := call(t, s, "PATCH", hook+"/messages/"+second["id"].(string), text("edited")); a.status != 200 {
		t.Errorf("edit = %d %s", a.status, a.body)
	}
	if o := call(t, s, "GET", hook+"/messages/@original", nil).object(t); o["content"] != "first" {
		t.Errorf("@original = %v", o)
	}
	if a := call(t, s, "PATCH", hook+"/messages/"+message, text("mine?")); a.code() != 10008 {
		t.Errorf("the token edits a message that is not its own: %d %s", a.status, a.body)
	}
	if a := call(t, s, "DELETE", hook+"/messages/@original", nil); a.status != 204 {
		t.Errorf("delete = %d %s", a.status, a.body)
	}
	if a := call(t, s, "GET", hook+"/messages/@original", nil); a.code() != 10008 {
		t.Errorf("deleted = %d %s", a.status, a.body)
	}
}

// What a client would not let a user do is not sent; what a forger would do is.
func TestClickRules(t *testing.T) {
	s, ann, message := scene(t, discordtest.Options{})
	bob := s.AddUser("bob").ID
	off := post(t, s, "off", row(with("disabled", true)))
	i := s.Click(ann, message, "b")
	call(t, s, "POST", callback(i), object{"type": 4, "data": text("psst", "flags", 64, "components", []object{row(button("u"))})})
	secret := mustWait(t, i).Message.ID
	said := s.Say(ann, s.Channel().ID, "hi").ID
	for name, test := range map[string]struct {
		i    *discordtest.Interaction
		sent bool
	}{
		"button":             {s.Click(bob, message, "b"), true},
		"no such button":     {s.Click(bob, message, "c"), false},
		"no such message":    {s.Click(bob, "1", "b"), false},
		"no such user":       {s.Click("1", message, "b"), false},
		"disabled":           {s.Click(bob, off, "x"), false},
		"own ephemeral":      {s.Click(ann, secret, "u"), true},
		"another's":          {s.Click(bob, secret, "u"), false},
		"forged id":          {s.ClickRaw(bob, message, "forged"), true},
		"forged place":       {s.ClickRaw(bob, said, "b"), true},
		"forged modal":       {s.SubmitRaw(bob, message, "m", map[string]string{"why": "x"}), true},
		"modal never opened": {s.Submit(ann, i, nil), false},
		"unknown command":    {s.Command(ann, s.Channel().ID, "nope", nil), false},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := test.i.Wait(ctx)
		if sent := errors.Is(err, context.Canceled); sent != test.sent {
			t.Errorf("%s: Wait = %v", name, err)
		}
	}
}
