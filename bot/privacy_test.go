package bot_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
)

// /privacy says what is kept in one screen. /forget-me asks first, then deletes
// everything of that person, and of nobody else.
func TestForgetMe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.Retention = feedback.Retention{Texts: 30 * 24 * time.Hour}
	w.start()
	ada, bert, channel := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.Channel().ID
	if err := w.discord.WaitCommand(w.ctx(), "forget-me"); err != nil {
		t.Fatal(err)
	}
	a, err := w.discord.Command(ada.ID, channel, "privacy", nil).Wait(w.ctx())
	if err != nil || a.Message == nil || !a.Message.Ephemeral() {
		t.Fatalf("/privacy = %+v, %v", a, err)
	}
	for _, want := range []string{"pseudonym", "/forget-me", "Texts go after 30 days", "127.0.0.1", "stays in my own database"} {
		if !strings.Contains(a.Message.Content, want) {
			t.Errorf("/privacy lacks %q: %s", want, a.Message.Content)
		}
	}
	mine := w.answered(w.ask(ada.ID, "what is xylophonesecret?").ID)
	his := w.answered(w.ask(bert.ID, "what is 2+2?").ID)
	for _, m := range []discordtest.Message{mine, his} {
		if _, err := w.discord.Click(ada.ID, m.ID, thumb(m, 0)).Wait(w.ctx()); err != nil {
			t.Fatal(err)
		}
	}
	pseudonym := string(w.store.Rater(ada.ID))
	a, err = w.discord.Command(ada.ID, channel, "forget-me", nil).Wait(w.ctx())
	if err != nil || a.Message == nil || labelled(*a.Message, "Delete my data") == "" {
		t.Fatalf("/forget-me = %+v, %v, want a question", a, err)
	}
	done, err := w.discord.Click(ada.ID, a.Message.ID, labelled(*a.Message, "Delete my data")).Wait(w.ctx())
	if err != nil || done.Message == nil || !strings.Contains(done.Message.Content, "I deleted 1 question with") || !strings.Contains(done.Message.Content, "and 2 votes.") || len(done.Message.Components) != 0 {
		t.Errorf("the button = %+v, %v", done, err)
	}
	files, err := filepath.Glob(w.path + "*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"xylophonesecret", pseudonym} {
			if bytes.Contains(data, []byte(text)) {
				t.Errorf("%s still holds %q", filepath.Base(file), text)
			}
		}
	}
	if r := w.response(his.ID); !strings.Contains(r.Question, "2+2") {
		t.Errorf("somebody else's question is %q", r.Question)
	}
	if a, err := w.discord.Click(bert.ID, mine.ID, thumb(mine, 0)).Wait(w.ctx()); err != nil || a.Message == nil || !strings.Contains(a.Message.Content, "Saved") {
		t.Errorf("a vote on the forgotten answer = %+v, %v", a, err)
	}
	if a, err := w.discord.Click(ada.ID, mine.ID, labelled(mine, "Regenerate")).Wait(w.ctx()); err != nil || a.Message == nil || !a.Message.Ephemeral() {
		t.Errorf("Regenerate of a forgotten question = %+v, %v, want a polite no", a, err)
	}
}

// The data of a server that was left goes after a while, and not when the bot
// has come back.
func TestLeftServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, guild := w.discord.AddUser("Ada"), w.discord.Guild()
	m := w.answered(w.ask(ada.ID, "what is 2+2?").ID)
	id := w.response(m.ID).ID
	leave := func() {
		t.Helper()
		if err := w.discord.Emit("GUILD_DELETE", map[string]any{"id": guild.ID}); err != nil {
			t.Fatal(err)
		}
		for left := 0; left == 0; {
			found, err := w.store.Settings(w.ctx(), "left_server_")
			if err != nil {
				t.Fatal(err)
			}
			left = len(found)
		}
	}
	sweep := func(in time.Duration) (kept bool) {
		t.Helper()
		if err := w.bot.ForgetLeftServers(w.ctx(), time.Now().Add(in)); err != nil {
			t.Fatal(err)
		}
		_, err := w.store.Response(w.ctx(), id)
		return err == nil
	}
	leave()
	if !sweep(24 * time.Hour) {
		t.Error("the data went at once")
	}
	w.stop()
	w.start() // the server is announced: the bot is back
	w.alive()
	if !sweep(60 * 24 * time.Hour) {
		t.Error("the data went although the bot had come back")
	}
	leave()
	if sweep(60 * 24 * time.Hour) {
		t.Error("the data is still there")
	}
}

// A server that was left while the bot was away is noticed, and its data goes
// after the same while; that of the servers it is in stays.
func TestLeftServerWhileAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	s := w.open()
	for _, guildID := range []string{"4200", w.discord.Guild().ID} {
		a := feedback.Ask{ID: "1" + guildID, ResponseID: feedback.NewID(), GuildID: guildID, ChannelID: "1", Asker: "a", AskedAt: time.Now().Add(-time.Hour)}
		if _, err := s.Take(w.ctx(), a); err != nil {
			t.Fatal(err)
		}
		if err := s.Monitor(w.ctx(), feedback.Response{ID: a.ResponseID, AskID: a.ID, GuildID: guildID, ChannelID: "1", FinishedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if err := s.Finish(w.ctx(), a.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.alive()
	for _, in := range []time.Duration{0, 31 * 24 * time.Hour} {
		if servers, err := w.store.Servers(w.ctx()); err != nil || len(servers) != 2 {
			t.Errorf("Servers() = %v, %v, want both", servers, err)
		}
		if err := w.bot.ForgetLeftServers(w.ctx(), time.Now().Add(in)); err != nil {
			t.Fatal(err)
		}
	}
	if servers, err := w.store.Servers(w.ctx()); err != nil || len(servers) != 1 || servers[0] != w.discord.Guild().ID {
		t.Errorf("Servers() = %v, %v, want the one that was not left", servers, err)
	}
}
