package discordtest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
)

// Without the message content intent, content arrives only where Discord makes an exception.
func TestMessageContent(t *testing.T) {
	for _, test := range []struct {
		name    string
		intents int
		say     func(s *discordtest.Server, ann, own string) discordtest.Message
		shown   bool
	}{
		{"with the intent", allIntents, func(s *discordtest.Server, ann, _ string) discordtest.Message {
			return s.Say(ann, s.Channel().ID, "secret")
		}, true},
		{"without", 1 << 9, func(s *discordtest.Server, ann, _ string) discordtest.Message {
			return s.Say(ann, s.Channel().ID, "secret", discordtest.Attach(discordtest.Attachment{Filename: "a"}))
		}, false},
		{"mention", 1 << 9, func(s *discordtest.Server, ann, _ string) discordtest.Message {
			return s.Say(ann, s.Channel().ID, "hi <@"+s.Bot().ID+">")
		}, true},
		{"direct message", 1 << 12, func(s *discordtest.Server, ann, _ string) discordtest.Message {
			return s.Say(ann, s.DM(ann).ID, "secret")
		}, true},
		{"reply to the bot", 1 << 9, func(s *discordtest.Server, ann, own string) discordtest.Message {
			return s.Say(ann, s.Channel().ID, "secret", discordtest.ReplyTo(own))
		}, true},
		{"reply without ping", 1 << 9, func(s *discordtest.Server, ann, own string) discordtest.Message {
			return s.Say(ann, s.Channel().ID, "secret", discordtest.ReplyTo(own), discordtest.NoPing())
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, discordtest.Options{})
			own := post(t, s, "n")
			l, _ := identified(t, s, test.intents)
			said := test.say(s, s.AddUser("ann").ID, own)
			var got discordtest.Message
			if err := json.Unmarshal(l.until(0, "MESSAGE_CREATE").D, &got); err != nil {
				t.Fatal(err)
			}
			if (got.Content == said.Content) != test.shown || !test.shown && len(got.Attachments) > 0 || got.ID != said.ID {
				t.Errorf("got %q of %q", got.Content, said.Content)
			}
			if (got.Member != nil) != (got.GuildID != "") {
				t.Error("a guild message without member")
			}
		})
	}
}

// An app that has not enabled the intent does not read content over REST either.
func TestContentOverREST(t *testing.T) {
	s := start(t, discordtest.Options{Intents: discordtest.NoPrivilegedIntents})
	m := s.Say(s.AddUser("ann").ID, s.Channel().ID, "secret")
	o := call(t, s, "GET", "/channels/"+s.Channel().ID+"/messages/"+m.ID, nil).object(t)
	if o["content"] != "" {
		t.Errorf("content = %q", o["content"])
	}
	if flags := call(t, s, "GET", "/applications/@me", nil).object(t)["flags"]; flags != 0.0 {
		t.Errorf("application flags = %v", flags)
	}
}

// Messages carry what a bot decides by: mentions, replies, webhooks and bots.
func TestSay(t *testing.T) {
	s := start(t, discordtest.Options{})
	ann, bob := s.AddUser("ann"), s.AddUser("bob")
	here := s.Channel().ID
	first := s.Say(ann.ID, here, "hi <@"+bob.ID+"> and <@!"+bob.ID+">")
	if len(first.Mentions) != 1 || first.Mentions[0].ID != bob.ID || first.Type != 0 {
		t.Errorf("mentions = %+v", first.Mentions)
	}
	reply := s.Say(bob.ID, here, "hello", discordtest.ReplyTo(first.ID))
	if reply.Type != 19 || reply.ReferencedMessage.ID != first.ID || reply.MessageReference.MessageID != first.ID ||
		len(reply.Mentions) != 1 || reply.Mentions[0].ID != ann.ID {
		t.Errorf("reply = %+v", reply)
	}
	hook := s.Say(ann.ID, here, "x", discordtest.AsWebhook("news"))
	if hook.WebhookID == "" || !hook.Author.Bot || hook.Author.Username != "news" || hook.Member != nil {
		t.Errorf("webhook = %+v", hook)
	}
	if bot := s.Say(ann.ID, here, "x", discordtest.AsBot()); !bot.Author.Bot {
		t.Errorf("bot = %+v", bot)
	}
	s.Edit(first.ID, "changed")
	if m, _ := s.Message(first.ID); m.Content != "changed" || m.EditedTimestamp == nil || first.Content == "changed" {
		t.Errorf("edited = %+v, earlier copy %q", m, first.Content)
	}
	s.Delete(first.ID)
	if _, ok := s.Message(first.ID); ok {
		t.Error("a deleted message is still there")
	}
}

// Whatever happens in the world is told to a bot that may know it, and to nobody else.
func TestEvents(t *testing.T) {
	s := start(t, discordtest.Options{})
	l, _ := identified(t, s, allIntents)
	l.until(0, "GUILD_CREATE")
	ann := s.AddUser("ann").ID
	other := s.AddChannel(s.Guild().ID, "other").ID
	s.SetPermissions(other, 0)
	s.Say(ann, other, "unseen")
	s.DeleteChannel(other)
	m := s.Say(ann, s.Channel().ID, "seen")
	s.Edit(m.ID, "edited")
	s.Delete(m.ID)
	s.AddGuild("another")
	want := []string{"GUILD_MEMBER_ADD", "CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE", "MESSAGE_CREATE",
		"MESSAGE_UPDATE", "MESSAGE_DELETE", "GUILD_CREATE"}
	for n, name := range want {
		if f, _ := l.next(); f.T != name {
			t.Fatalf("event %d is %s, want %s", n, f.T, name)
		}
	}
}

// A channel is listed newest first, before or after an id.
func TestListMessages(t *testing.T) {
	s := start(t, discordtest.Options{})
	ann := s.AddUser("ann").ID
	var ids []string
	for n := range 6 {
		ids = append(ids, s.Say(ann, s.Channel().ID, fmt.Sprint(n)).ID)
	}
	s.Delete(ids[5])
	for query, want := range map[string][]string{
		"":                                {ids[4], ids[3], ids[2], ids[1], ids[0]},
		"?limit=2":                        {ids[4], ids[3]},
		"?limit=2&before=" + ids[3]:       {ids[2], ids[1]},
		"?limit=2&after=" + ids[0]:        {ids[2], ids[1]},
		"?after=" + ids[4]:                {},
		"?limit=100&before=" + ids[5]:     {ids[4], ids[3], ids[2], ids[1], ids[0]},
		"?before=" + ids[0] + "&limit=50": {},
	} {
		var list []discordtest.Message
		a := call(t, s, "GET", "/channels/"+s.Channel().ID+"/messages"+query, nil)
		if err := json.Unmarshal(a.body, &list); err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, m := range list {
			got = append(got, m.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	if a := call(t, s, "GET", "/channels/"+s.Channel().ID+"/messages?limit=101", nil); a.code() != 50035 {
		t.Errorf("limit 101 = %d", a.status)
	}
}

// Every reading route answers in the form of Discord's OpenAPI document, which start holds the fake to.
func TestReadingRoutes(t *testing.T) {
	s := start(t, discordtest.Options{Shards: 2})
	ann := s.AddUser("ann")
	g, ch := "/guilds/"+s.Guild().ID, "/channels/"+s.Channel().ID
	s.Say(ann.ID, s.Channel().ID, "hi", discordtest.ReplyTo(s.Say(ann.ID, s.Channel().ID, "hi").ID))
	for _, path := range []string{
		"/gateway", "/gateway/bot", "/users/@me", "/users/@me/guilds", "/applications/@me", "/oauth2/applications/@me",
		g, g + "/channels", g + "/roles", g + "/members/" + ann.ID, g + "/members/@me", ch, "/channels/" + s.DM(ann.ID).ID,
		ch + "/messages", "/applications/" + s.Bot().ID + "/commands",
	} {
		if a := call(t, s, "GET", path, nil); a.status != 200 {
			t.Errorf("GET %s = %d %s", path, a.status, a.body)
		}
	}
	if a := call(t, s, "POST", "/users/@me/channels", object{"recipient_id": ann.ID}); a.object(t)["id"] != s.DM(ann.ID).ID {
		t.Errorf("POST /users/@me/channels = %s", a.body)
	}
	if p := s.Problems(); len(p) > 0 {
		t.Errorf("problems = %q", p)
	}
}

// The log of requests is cut to its newest part.
func TestKeepRequests(t *testing.T) {
	s := start(t, discordtest.Options{KeepRequests: 3})
	for n := range 8 {
		call(t, s, "GET", fmt.Sprint("/guilds/", n+1), nil)
	}
	r := s.Requests()
	if len(r) != 3 || r[2].Path != "/guilds/8" || r[2].Route != "/guilds/{guild_id}" || r[2].Status != 404 {
		t.Errorf("requests = %+v", r)
	}
}

// Ids rise, and tell when they were made.
func TestSnowflakes(t *testing.T) {
	s := start(t, discordtest.Options{})
	ann, last := s.AddUser("ann").ID, ""
	before := time.Now().Truncate(time.Millisecond)
	for range 1000 {
		id := s.Say(ann, s.Channel().ID, "x").ID
		if len(id) < len(last) || len(id) == len(last) && id <= last {
			t.Fatalf("%s after %s", id, last)
		}
		last = id
	}
	var n int64
	fmt.Sscan(last, &n)
	if made := time.UnixMilli(n>>22 + 1420070400000); made.Before(before) || made.After(time.Now()) {
		t.Errorf("the id says that it was made at %v", made)
	}
}

// Subscribers see everything in order until they leave.
func TestSubscribe(t *testing.T) {
	s, ann, message := scene(t, discordtest.Options{})
	kinds := make(chan string, 100)
	stop := s.Subscribe(func(e discordtest.Event) { kinds <- e.Kind })
	i := s.Click(ann, message, "b")
	call(t, s, "POST", callback(i), sayHi)
	for _, want := range []string{"interaction", "message", "answer", "request"} {
		if got := <-kinds; got != want {
			t.Errorf("event %s, want %s", got, want)
		}
	}
	stop()
	s.Say(ann, s.Channel().ID, "x")
	select {
	case got := <-kinds:
		t.Errorf("event %s after leaving", got)
	default:
	}
}

// Close wakes whoever waits.
func TestCloseWakes(t *testing.T) {
	s, ann, message := scene(t, discordtest.Options{})
	i := s.Click(ann, message, "b")
	s.Close()
	if _, err := i.Wait(soon(t)); err != discordtest.ErrClosed {
		t.Errorf("Wait = %v", err)
	}
	if _, err := s.WaitMessage(soon(t), func(discordtest.Message) bool { return false }); err != discordtest.ErrClosed {
		t.Errorf("WaitMessage = %v", err)
	}
	if err := s.WaitCommand(soon(t), "x"); err != discordtest.ErrClosed {
		t.Errorf("WaitCommand = %v", err)
	}
	s.Close()
}
