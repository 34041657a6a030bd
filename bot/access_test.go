package bot_test

import (
	"strings"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
)

// Where the bot may not answer it is silent; who may not ask is told so.
func TestAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	ada, eve := w.discord.AddUser("Ada"), w.discord.AddUser("Eve")
	general, quiet := w.discord.Channel().ID, w.discord.AddChannel(w.discord.Guild().ID, "quiet").ID
	w.options.Access = bot.Access{DenyPlaces: []string{quiet}, DenyPeople: []string{eve.ID}, NoDirect: true}
	w.start()
	thread := w.discord.AddThread(ada.ID, quiet, "in a quiet channel").ID
	silent := []string{w.discord.Say(ada.ID, quiet, w.mention("hello?")).ID, w.discord.Say(ada.ID, thread, w.mention("hello?")).ID}
	w.replied(w.discord.Say(eve.ID, general, w.mention("hello?")).ID, "you can't ask me")
	w.replied(w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "hello?").ID, "don't answer direct messages")
	m := w.answered(w.ask(ada.ID, "what is 2+2?").ID)
	for _, id := range silent {
		for _, c := range []string{quiet, thread} {
			for _, r := range w.replies(c) {
				t.Errorf("in a quiet place the bot said %q to %s", r.Content, id)
			}
		}
	}
	if err := w.discord.WaitCommand(w.ctx(), "ask"); err != nil {
		t.Fatal(err)
	}
	for name, i := range map[string]*discordtest.Interaction{
		"/ask in a quiet channel": w.discord.Command(ada.ID, quiet, "ask", map[string]any{"prompt": "hello?"}),
		"/ask by Eve":             w.discord.Command(eve.ID, general, "ask", map[string]any{"prompt": "hello?"}),
		"the menu by Eve":         w.discord.MessageCommand(eve.ID, m.ID, "Ask about this"),
	} {
		if a, err := i.Wait(w.ctx()); err != nil || a.Message == nil || !a.Message.Ephemeral() || !strings.Contains(a.Message.Content, "can't ask me") {
			t.Errorf("%s = %+v, %v, want a sentence for that person alone", name, a, err)
		}
	}
	if n := len(w.model.Requests()); n != 1 {
		t.Errorf("the model was asked %d times, want once", n)
	}
	if a, err := w.discord.Click(eve.ID, m.ID, thumb(m, 1)).Wait(w.ctx()); err != nil || a.Modal == nil {
		t.Errorf("a vote of somebody who may not ask = %+v, %v, want it taken", a, err)
	}
}

// With a list of who is allowed, nobody else is. In some channels every message
// is a question.
func TestAccessByList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	ada, eve := w.discord.AddUser("Ada"), w.discord.AddUser("Eve")
	help := w.discord.AddChannel(w.discord.Guild().ID, "help").ID
	w.options.Access = bot.Access{AllowPlaces: []string{help}, AllowPeople: []string{ada.ID}, AnswerAll: []string{help}}
	w.start()
	elsewhere := w.ask(ada.ID, "hello?")
	chat := w.discord.Say(eve.ID, help, "hello everybody")
	w.replied(w.discord.Say(eve.ID, help, w.mention("hello?")).ID, "you can't ask me")
	w.discord.Say(ada.ID, help, "<@"+eve.ID+"> this is for you")
	w.answered(w.discord.Say(ada.ID, help, "what is 2+2?").ID)
	for _, m := range w.replies(help) {
		if refersTo(m, chat.ID) {
			t.Errorf("to somebody who did not ask the bot said %q", m.Content)
		}
	}
	if n := len(w.replies(elsewhere.ChannelID)); n != 0 || len(w.model.Requests()) != 1 {
		t.Errorf("%d answers elsewhere, %d requests to the model, want 0 and 1", n, len(w.model.Requests()))
	}
}
