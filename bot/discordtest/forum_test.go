package discordtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"feedbackbot/bot/discordtest"
)

// A forum holds posts, which are threads. The first message of a post has the
// thread's id and stands in the thread; the forum has no messages.
func TestForum(t *testing.T) {
	s := start(t, discordtest.Options{})
	l, _ := identified(t, s, allIntents)
	ann, board := s.AddUser("ann"), s.AddForum(s.Guild().ID, "help")
	post := s.AddPost(ann.ID, board.ID, "it does not start", "why?")
	var opened discordtest.Channel
	if err := json.Unmarshal(l.until(0, "THREAD_CREATE").D, &opened); err != nil || opened.ID != post.ID || opened.Thread == nil || opened.ParentID != board.ID {
		t.Errorf("THREAD_CREATE = %+v, %v", opened, err)
	}
	var first discordtest.Message
	if err := json.Unmarshal(l.until(0, "MESSAGE_CREATE").D, &first); err != nil || first.ID != post.ID || first.ChannelID != post.ID || first.Content != "why?" {
		t.Errorf("MESSAGE_CREATE = %+v, %v", first, err)
	}
	for path, code := range map[string]int{
		"/channels/" + board.ID + "/messages/" + post.ID: 10008,
		"/channels/" + post.ID + "/messages/" + post.ID:  0,
	} {
		if got := call(t, s, "GET", path, nil); got.code() != code {
			t.Errorf("GET %s = %d %s, want code %d", path, got.status, got.body, code)
		}
	}
	if got := call(t, s, "POST", "/channels/"+board.ID+"/messages", fresh("hi", "a")); got.code() != 50008 {
		t.Errorf("writing in a forum = %d %s", got.status, got.body)
	}
	if got := call(t, s, "POST", "/channels/"+board.ID+"/threads", object{"name": "x", "type": 11}); got.code() != 50024 {
		t.Errorf("a thread without a message in a forum = %d %s", got.status, got.body)
	}
}

// The address of a file expires; reading its message again gives a new one.
func TestFilesExpire(t *testing.T) {
	s := start(t, discordtest.Options{})
	identified(t, s, allIntents)
	m := s.Say(s.AddUser("ann").ID, s.Channel().ID, "look", discordtest.Attach(discordtest.Attachment{Filename: "a b.txt"}.WithData([]byte("eggs"))))
	get := func(address string) (int, string) {
		resp, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(data)
	}
	old := m.Attachments[0].URL
	if status, text := get(old); status != 200 || text != "eggs" {
		t.Errorf("a new address = %d %q", status, text)
	}
	s.ExpireFiles()
	if status, _ := get(old); status != 404 {
		t.Errorf("an expired address = %d, want 404", status)
	}
	var again discordtest.Message
	if err := json.Unmarshal(call(t, s, "GET", "/channels/"+m.ChannelID+"/messages/"+m.ID, nil).body, &again); err != nil {
		t.Fatal(err)
	}
	if status, text := get(again.Attachments[0].URL); status != 200 || text != "eggs" {
		t.Errorf("the address of a message read again = %d %q", status, text)
	}
}
