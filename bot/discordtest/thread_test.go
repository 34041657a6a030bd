package discordtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"feedbackbot/bot/discordtest"
)

// Threads are opened by people and by the bot, from a message or not, and are written in under a permission of their
// own.
func TestThreads(t *testing.T) {
	s := start(t, discordtest.Options{})
	l, _ := identified(t, s, allIntents)
	ann, general := s.AddUser("ann"), s.Channel().ID
	theirs := s.AddThread(ann.ID, general, "holiday plans")
	var opened discordtest.Channel
	if err := json.Unmarshal(l.until(0, "THREAD_CREATE").D, &opened); err != nil || opened.ID != theirs.ID || opened.Thread == nil || opened.ParentID != general {
		t.Errorf("THREAD_CREATE = %+v, %v", opened, err)
	}
	question := s.Say(ann.ID, general, "hello")
	fromMessage := call(t, s, "POST", "/channels/"+general+"/messages/"+question.ID+"/threads", object{"name": "an answer"})
	if fromMessage.status != 201 || fromMessage.object(t)["id"] != question.ID {
		t.Errorf("a thread from a message = %d %s", fromMessage.status, fromMessage.body)
	}
	for _, test := range []struct {
		name, path string
		body       object
		code       int
	}{
		{"twice at one message", general + "/messages/" + question.ID + "/threads", object{"name": "x"}, 160004},
		{"at no message", general + "/messages/1/threads", object{"name": "x"}, 10008},
		{"in a thread", theirs.ID + "/threads", object{"name": "x", "type": 11}, 50024},
		{"in a direct message", s.DM(ann.ID).ID + "/threads", object{"name": "x", "type": 11}, 50024},
		{"without a name", general + "/threads", object{"name": "", "type": 11}, 50035},
		{"of its own", general + "/threads", object{"name": "x", "type": 11}, 0},
	} {
		if got := call(t, s, "POST", "/channels/"+test.path, test.body); got.code() != test.code {
			t.Errorf("%s = %d %s, want code %d", test.name, got.status, got.body, test.code)
		}
	}
	var active struct{ Threads []discordtest.Channel }
	list := call(t, s, "GET", "/guilds/"+s.Guild().ID+"/threads/active", nil)
	if err := json.Unmarshal(list.body, &active); err != nil || len(active.Threads) != 3 {
		t.Errorf("active threads = %s, %v", list.body, err)
	}
	write := func(nonce string) int {
		return call(t, s, "POST", "/channels/"+theirs.ID+"/messages", fresh("hi", nonce)).code()
	}
	if code := write("a"); code != 0 {
		t.Errorf("writing in a thread = %d", code)
	}
	s.SetThread(theirs.ID, true, false)
	if code := write("b"); code != 0 {
		t.Errorf("writing in an archived thread = %d, want it awake", code)
	}
	s.SetThread(theirs.ID, true, true)
	if code := write("c"); code != 50083 {
		t.Errorf("writing in a locked thread = %d, want 50083", code)
	}
	s.SetThread(theirs.ID, false, false)
	s.SetPermissions(general, discordtest.DefaultPermissions&^discordtest.SendMessagesInThreads)
	if code := write("d"); code != 50013 {
		t.Errorf("writing without the permission = %d, want 50013", code)
	}
	s.SetPermissions(general, discordtest.DefaultPermissions&^discordtest.CreatePublicThreads)
	if got := call(t, s, "POST", "/channels/"+general+"/threads", object{"name": "x", "type": 11}); got.code() != 50013 {
		t.Errorf("opening without the permission = %s", got.body)
	}
}

// The bytes of an attachment can be fetched, without a token, from the address that the message names.
func TestAttachmentBytes(t *testing.T) {
	s := start(t, discordtest.Options{})
	ann := s.AddUser("ann")
	m := s.Say(ann.ID, s.Channel().ID, "see", discordtest.Attach(
		discordtest.Attachment{Filename: "a note.txt", ContentType: "text/plain"}.WithData([]byte("hello")),
		discordtest.Attachment{Filename: "lost.txt", Size: 7}))
	for _, test := range []struct {
		url, body string
		status    int
	}{{m.Attachments[0].URL, "hello", 200}, {m.Attachments[1].URL, "", 404}, {s.CDN() + "/attachments/1/2/x", "", 404}} {
		got, err := http.Get(test.url)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		body, err := io.ReadAll(got.Body)
		if err != nil || got.StatusCode != test.status || test.status == 200 && string(body) != test.body {
			t.Errorf("%s = %d %q, %v", test.url, got.StatusCode, body, err)
		}
	}
	if m.Attachments[0].Size != 5 || m.Attachments[1].Size != 7 {
		t.Errorf("attachments = %+v", m.Attachments)
	}
}
