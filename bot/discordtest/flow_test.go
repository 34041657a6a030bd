package discordtest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bwmarrin/discordgo"

	"feedbackbot/bot/discordtest"
)

// session is an unmodified discordgo session that talks to the fake, race clean.
func session(t *testing.T, s *discordtest.Server) *discordgo.Session {
	t.Helper()
	dg, err := discordgo.New("Bot test-token")
	if err != nil {
		t.Fatal(err)
	}
	dg.Client = s.Client()
	dg.StateEnabled = false
	dg.Identify.Intents |= discordgo.IntentMessageContent
	dg.ShouldReconnectOnError = false
	return dg
}

func open(t *testing.T, dg *discordgo.Session) {
	t.Helper()
	ready := make(chan struct{})
	dg.AddHandlerOnce(func(*discordgo.Session, *discordgo.Ready) { close(ready) })
	if err := dg.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dg.CloseWithCode(4000) })
	select {
	case <-ready:
	case <-soon(t).Done():
		t.Fatal("no READY")
	}
}

// quiet is what every message of a correct bot carries.
var quiet = &discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}}

// A file that discordgo uploads is kept with its name and size.
func TestDiscordgoFile(t *testing.T) {
	s := start(t, discordtest.Options{})
	sent, err := session(t, s).ChannelMessageSendComplex(s.Channel().ID, &discordgo.MessageSend{
		Content: "see", AllowedMentions: quiet, Files: []*discordgo.File{{Name: "a.txt", Reader: strings.NewReader("hello")}},
	})
	if err != nil || len(sent.Attachments) != 1 || sent.Attachments[0].Filename != "a.txt" || sent.Attachments[0].Size != 5 {
		t.Errorf("sent = %+v, %v", sent, err)
	}
}

func press(customID string) []discordgo.MessageComponent {
	return []discordgo.MessageComponent{discordgo.ActionsRow{Components: []discordgo.MessageComponent{
		discordgo.Button{CustomID: customID, Emoji: &discordgo.ComponentEmoji{Name: "👍"}, Style: discordgo.SecondaryButton},
	}}}
}

// feedbackBot answers messages with a button, the button with a modal, and the modal with an ephemeral receipt that
// it then edits.
func feedbackBot(t *testing.T, dg *discordgo.Session) {
	check := func(err error) {
		if err != nil {
			t.Errorf("bot: %v", err)
		}
	}
	dg.AddHandler(func(dg *discordgo.Session, m *discordgo.MessageCreate) {
		if m.Author.Bot {
			return
		}
		_, err := dg.ChannelMessageSendComplex(m.ChannelID, &discordgo.MessageSend{
			Content: "you said " + m.Content, Components: press("good"), AllowedMentions: quiet, Reference: m.Reference(),
		})
		check(err)
	})
	dg.AddHandler(func(dg *discordgo.Session, i *discordgo.InteractionCreate) {
		r := &discordgo.InteractionResponse{Type: discordgo.InteractionResponseModal}
		switch i.Type {
		case discordgo.InteractionMessageComponent:
			why := discordgo.TextInput{CustomID: "why", Label: "Why?", Style: discordgo.TextInputParagraph, Required: true}
			r.Data = &discordgo.InteractionResponseData{CustomID: "explain", Title: "Explain", Components: []discordgo.MessageComponent{
				discordgo.ActionsRow{Components: []discordgo.MessageComponent{why}},
			}}
			check(dg.InteractionRespond(i.Interaction, r))
		case discordgo.InteractionModalSubmit:
			d := i.ModalSubmitData()
			why := d.Components[0].(*discordgo.ActionsRow).Components[0].(*discordgo.TextInput).Value
			if i.Message == nil || i.Member == nil {
				t.Error("a modal from a component of a guild has no message or no member")
			}
			r.Type = discordgo.InteractionResponseChannelMessageWithSource
			r.Data = &discordgo.InteractionResponseData{
				Content: "thanks for " + why, Flags: discordgo.MessageFlagsEphemeral, AllowedMentions: quiet, Components: press("undo"),
			}
			check(dg.InteractionRespond(i.Interaction, r))
			edited := "saved: " + why
			_, err := dg.InteractionResponseEdit(i.Interaction, &discordgo.WebhookEdit{Content: &edited, AllowedMentions: quiet})
			check(err)
		}
	})
}

// The whole way of a vote works with an unmodified discordgo: message, reply, click, modal, submit, edit.
func TestDiscordgoFlow(t *testing.T) {
	s := start(t, discordtest.Options{})
	dg := session(t, s)
	feedbackBot(t, dg)
	open(t, dg)
	ctx := soon(t)
	ann, bob := s.AddUser("ann"), s.AddUser("bob")

	said := s.Say(ann.ID, s.Channel().ID, "hello")
	reply, err := s.WaitMessage(ctx, func(m discordtest.Message) bool { return m.Author.ID == s.Bot().ID })
	if err != nil {
		t.Fatal(err)
	}
	if reply.Content != "you said hello" || reply.ReferencedMessage == nil || reply.ReferencedMessage.ID != said.ID {
		t.Errorf("reply = %+v", reply)
	}

	click := s.Click(ann.ID, reply.ID, "good")
	a, err := click.Wait(ctx)
	if err != nil || a.Type != 9 || a.Modal.Title != "Explain" {
		t.Fatalf("click = %+v, %v", a, err)
	}
	if _, err := s.Submit(ann.ID, click, map[string]string{"why": ""}).Wait(ctx); err == nil {
		t.Error("a required input could stay empty")
	}
	a, err = s.Submit(ann.ID, click, map[string]string{"why": "clarity"}).Wait(ctx)
	if err != nil || a.Type != 4 || a.Message.VisibleTo != ann.ID {
		t.Fatalf("submit = %+v, %v", a, err)
	}
	receipt, err := s.WaitEphemeral(ctx, ann.ID, func(m discordtest.Message) bool { return m.Content == "saved: clarity" })
	if err != nil || receipt.ID != a.Message.ID || receipt.EditedTimestamp == nil {
		t.Errorf("receipt = %+v, %v", receipt, err)
	}
	if n := len(s.Messages(s.Channel().ID, bob.ID)); n != 2 {
		t.Errorf("bob sees %d messages, want 2", n)
	}
	if n := len(s.Messages(s.Channel().ID, ann.ID)); n != 3 {
		t.Errorf("ann sees %d messages, want 3", n)
	}
	// discordgo cannot send a nonce (bwmarrin/discordgo#1351); a bot has to add it below the library.
	for _, p := range s.Problems() {
		if !strings.Contains(p, "without nonce") {
			t.Errorf("problem: %s", p)
		}
	}
}

// After a reset connection discordgo resumes and gets what it missed, once.
func TestDiscordgoResume(t *testing.T) {
	s := start(t, discordtest.Options{})
	dg := session(t, s)
	got := make(chan string, 10)
	gone := make(chan struct{}, 10)
	dg.AddHandler(func(_ *discordgo.Session, m *discordgo.MessageCreate) { got <- m.Content })
	dg.AddHandler(func(*discordgo.Session, *discordgo.Disconnect) { gone <- struct{}{} })
	// discordgo closes the next connection as well when the cut meets its first heartbeat, so that goes first.
	beat := make(chan struct{}, 10)
	defer s.Subscribe(func(e discordtest.Event) {
		if e.Kind == discordtest.KindHeartbeat {
			beat <- struct{}{}
		}
	})()
	open(t, dg)
	<-beat
	ann := s.AddUser("ann")
	s.Say(ann.ID, s.Channel().ID, "one")
	s.DropConnections()
	s.Say(ann.ID, s.Channel().ID, "two")
	<-gone
	if err := dg.Open(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for range 2 {
		select {
		case text := <-got:
			seen[text]++
		case <-soon(t).Done():
			t.Fatalf("only %v arrived", seen)
		}
	}
	if seen["one"] != 1 || seen["two"] != 1 || s.Resumes() != 1 || s.Identifies() != 1 {
		t.Errorf("seen %v, %d resumes, %d identifies", seen, s.Resumes(), s.Identifies())
	}
}

// Guild and member events decode into discordgo's types.
func TestDiscordgoGuildCreate(t *testing.T) {
	s := start(t, discordtest.Options{})
	dg := session(t, s)
	guilds := make(chan *discordgo.GuildCreate, 1)
	dg.AddHandler(func(_ *discordgo.Session, g *discordgo.GuildCreate) { guilds <- g })
	open(t, dg)
	g := <-guilds
	if len(g.Channels) != 1 || len(g.Members) != 1 || g.Members[0].User.ID != s.Bot().ID || len(g.Roles) != 2 {
		raw, _ := json.Marshal(g)
		t.Errorf("GUILD_CREATE = %s", raw)
	}
}
