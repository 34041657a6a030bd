package discordtest_test

import (
	"encoding/json"
	"slices"
	"testing"

	"feedbackbot/bot/discordtest"
)

// Forwards, polls, stickers and voice messages look as Discord's do, in events and in
// REST; without the intent what they say is hidden like all content.
func TestKindsOfMessages(t *testing.T) {
	s := start(t, discordtest.Options{})
	l, _ := identified(t, s, allIntents)
	ann, general := s.AddUser("ann"), s.Channel().ID
	first := s.Say(ann.ID, general, "look", discordtest.Attach(discordtest.Attachment{Filename: "a.txt"}.WithData([]byte("hi"))))
	said := []discordtest.Message{first,
		s.Say(ann.ID, s.DM(ann.ID).ID, "", discordtest.Forward(first.ID)),
		s.Say(ann.ID, general, "", discordtest.WithPoll("which?", "this", "that")),
		s.Say(ann.ID, general, "", discordtest.WithSticker("Wave")),
		s.Say(ann.ID, general, "", discordtest.Voice(3.5)),
		s.Say(ann.ID, general, "", discordtest.Holding(`{"embeds":[{"type":"rich","title":"down"}]}`)),
	}
	for _, want := range said {
		var got discordtest.Message
		if err := json.Unmarshal(l.until(0, "MESSAGE_CREATE").D, &got); err != nil || got.ID != want.ID {
			t.Fatalf("MESSAGE_CREATE = %+v, %v, want %+v", got, err, want)
		}
		if a := call(t, s, "GET", "/channels/"+want.ChannelID+"/messages/"+want.ID, nil); a.status != 200 {
			t.Errorf("GET = %d %s", a.status, a.body)
		}
	}
	forward, poll, voice := said[1], said[2], said[4]
	if m := forward.Snapshots[0].Message; forward.MessageReference.Type != 1 || forward.Flags != discordtest.FlagForwarded || m.Content != "look" || m.Attachments[0].ID != first.Attachments[0].ID {
		t.Errorf("the forward is %+v", forward)
	}
	if voice.Flags != discordtest.FlagVoice || voice.Attachments[0].Seconds != 3.5 || voice.Attachments[0].Waveform == "" {
		t.Errorf("the voice message is %+v", voice)
	}
	s.ClosePoll(poll.ID, 2, 1)
	l.until(0, "MESSAGE_UPDATE")
	if m, _ := s.Message(poll.ID); !m.Poll.Results.Final || m.Poll.Results.Counts[0].Count != 2 {
		t.Errorf("the closed poll is %+v", m.Poll)
	}
	again := s.Say(ann.ID, general, "", discordtest.Forward(forward.ID))
	if again.Snapshots[0].Message.Content != "look" {
		t.Errorf("the forward of a forward is %+v", again)
	}

	bare := start(t, discordtest.Options{Intents: discordtest.NoPrivilegedIntents})
	bob := bare.AddUser("bob")
	hidden := bare.Say(bob.ID, bare.Channel().ID, "", discordtest.WithPoll("which?", "this"))
	if o := call(t, bare, "GET", "/channels/"+hidden.ChannelID+"/messages/"+hidden.ID, nil).object(t); o["poll"] != nil {
		t.Errorf("without the intent a poll shows %v", o["poll"])
	}
}

// Roles are announced with their guild and one by one; the bot has one of its own,
// and messages name those that they mention.
func TestRoles(t *testing.T) {
	s := start(t, discordtest.Options{})
	l, _ := identified(t, s, allIntents)
	guild := s.Guild().ID
	own := s.OwnRole(guild)
	var g struct {
		Roles   []discordtest.Role
		Members []discordtest.Member
	}
	if err := json.Unmarshal(l.until(0, "GUILD_CREATE").D, &g); err != nil || len(g.Roles) != 2 || g.Roles[1].ID != own.ID ||
		g.Roles[1].Tags.BotID != s.Bot().ID || !slices.Contains(g.Members[0].Roles, own.ID) {
		t.Errorf("GUILD_CREATE = %+v, %v", g, err)
	}
	crew := s.AddRole(guild, "Crew")
	l.until(0, "GUILD_ROLE_CREATE")
	m := s.Say(s.AddUser("ann").ID, s.Channel().ID, "<@&"+crew.ID+"> <@&"+own.ID+"> <@&5> <@&"+crew.ID+">")
	if want := []string{crew.ID, own.ID}; !slices.Equal(m.MentionRoles, want) {
		t.Errorf("mention_roles = %v, want %v", m.MentionRoles, want)
	}
	s.DeleteRole(guild, crew.ID)
	l.until(0, "GUILD_ROLE_DELETE")
	var list []discordtest.Role
	if a := call(t, s, "GET", "/guilds/"+guild+"/roles", nil); json.Unmarshal(a.body, &list) != nil || len(list) != 2 {
		t.Errorf("roles = %s", a.body)
	}
}

// A text can be refused with any of Discord's codes, in one place or everywhere, as a
// new message and as an edit, until it is allowed again.
func TestRefuseText(t *testing.T) {
	s := start(t, discordtest.Options{})
	general, other := s.Channel().ID, s.AddChannel(s.Guild().ID, "other").ID
	allow := s.RefuseText(discordtest.Refusal{Code: 200000, Words: "bad", Where: general})
	send := func(method, path, content, nonce string) int {
		return call(t, s, method, path, fresh(content, nonce)).code()
	}
	good := call(t, s, "POST", "/channels/"+general+"/messages", fresh("good", "a")).object(t)["id"].(string)
	if code := send("POST", "/channels/"+general+"/messages", "so bad", "b"); code != 200000 {
		t.Errorf("a new message = %d", code)
	}
	if code := call(t, s, "PATCH", "/channels/"+general+"/messages/"+good, text("so bad")).code(); code != 200000 {
		t.Errorf("an edit = %d", code)
	}
	if code := send("POST", "/channels/"+other+"/messages", "so bad", "c"); code != 0 {
		t.Errorf("elsewhere = %d", code)
	}
	allow()
	if code := send("POST", "/channels/"+general+"/messages", "so bad", "d"); code != 0 {
		t.Errorf("when it is allowed = %d", code)
	}
	blind := s.AddChannel(s.Guild().ID, "blind", discordtest.DefaultPermissions&^discordtest.ReadMessageHistory).ID
	if a := call(t, s, "POST", "/channels/"+blind+"/messages", fresh("hi", "e", "message_reference", object{"message_id": "1"})); a.code() != 160002 {
		t.Errorf("a reply where history is hidden = %d %s", a.status, a.body)
	}
}
