package bot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
)

// /review answers the member alone, with a link for reviewers and a friendly
// sentence for others. Without reviewers there is no such command.
func TestReviewCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	cleo, ada, channel := w.discord.AddUser("Cleo"), w.discord.AddUser("Ada"), w.discord.Channel().ID
	w.options.Review = func(_ context.Context, userID, responseID string) (string, error) {
		if userID != cleo.ID {
			return "", fmt.Errorf("look: %w", feedback.ErrNotReviewer)
		}
		return "https://review.example/enter?t=1&to=" + responseID, nil
	}
	w.start()
	if err := w.discord.WaitCommand(w.ctx(), "review"); err != nil {
		t.Fatal(err)
	}
	a, err := w.discord.Command(cleo.ID, channel, "review", nil).Wait(w.ctx())
	if err != nil || a.Message == nil || !a.Message.Ephemeral() || len(a.Message.Components) != 1 {
		t.Fatalf("/review = %+v, %v, want a message for the member alone", a, err)
	}
	if got := fmt.Sprintf("%+v", a.Message.Components); !strings.Contains(got, "https://review.example/enter?t=1") {
		t.Errorf("the button is %s, want the link", got)
	}
	a, err = w.discord.Command(ada.ID, channel, "review", nil).Wait(w.ctx())
	if err != nil || a.Message == nil || !a.Message.Ephemeral() || !strings.Contains(a.Message.Content, "a few people") || len(a.Message.Components) != 0 {
		t.Errorf("/review by somebody else = %+v, %v", a, err)
	}
}

// In the menu of an answer reviewers come to that answer; other messages are none.
func TestReviewThisAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	cleo := w.discord.AddUser("Cleo")
	w.options.Review = func(_ context.Context, _, responseID string) (string, error) {
		return "https://review.example/enter?t=1&to=" + responseID, nil
	}
	w.start()
	question := w.ask(cleo.ID, "what is 2+2?")
	answer := w.answered(question.ID)
	a, err := w.discord.MessageCommand(cleo.ID, answer.ID, "Review this answer").Wait(w.ctx())
	if err != nil || a.Message == nil || !strings.Contains(fmt.Sprintf("%+v", a.Message.Components), w.response(answer.ID).ID) {
		t.Errorf("the menu of an answer = %+v, %v, want a link to it", a, err)
	}
	a, err = w.discord.MessageCommand(cleo.ID, question.ID, "Review this answer").Wait(w.ctx())
	if err != nil || a.Message == nil || !strings.Contains(a.Message.Content, "none of my answers") {
		t.Errorf("the menu of a question = %+v, %v, want a sentence", a, err)
	}
}

// A check tells which reviewers there are not.
func TestCheckReviewers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.discord.AddGuild("Elsewhere")
	cleo, role := w.discord.AddUser("Cleo").ID, w.discord.AddRole(w.discord.Guild().ID, "quality", 0).ID
	if f := bot.CheckReviewers(w.ctx(), w.options, []string{role, cleo}); f.Cause != "" {
		t.Errorf("CheckReviewers = %+v, want no fault", f)
	}
	if f := bot.CheckReviewers(w.ctx(), w.options, []string{role, "17", cleo}); !strings.HasSuffix(f.Cause, "with the id 17") {
		t.Errorf("CheckReviewers = %+v, want 17 to be named", f)
	}
}

// Somebody sees what Discord shows them: by the rights of everybody, of their
// roles and their own; nothing of a server in which they are not.
func TestSight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	cleo, guild := w.discord.AddUser("Cleo"), w.discord.Guild()
	other := w.discord.AddGuild("Elsewhere")
	role := w.discord.AddRole(guild.ID, "quality", 0).ID
	w.discord.SetRoles(cleo.ID, role)
	const view = "66560" // View Channel and Read Message History
	open := w.discord.AddChannel(guild.ID, "open").ID
	deny := func(name string, more ...discordtest.Overwrite) string {
		id := w.discord.AddChannel(guild.ID, name).ID
		for _, o := range append([]discordtest.Overwrite{{ID: guild.ID, Deny: view, Allow: "0"}}, more...) {
			w.discord.Overwrite(id, o)
		}
		return id
	}
	closed := deny("closed")
	staff := deny("staff", discordtest.Overwrite{ID: role, Allow: view, Deny: "0"})
	hers := deny("hers", discordtest.Overwrite{ID: cleo.ID, Type: 1, Allow: view, Deny: "0"})
	notHers := deny("not hers", discordtest.Overwrite{ID: role, Allow: view, Deny: "0"}, discordtest.Overwrite{ID: cleo.ID, Type: 1, Deny: "1024", Allow: "0"})
	elsewhere := w.discord.AddChannel(other.ID, "elsewhere").ID
	for _, c := range []string{w.discord.Channel().ID, elsewhere} {
		w.answered(w.discord.Say(cleo.ID, c, "<@"+w.discord.Bot().ID+"> what is 2+2?").ID)
	}
	look := func() feedback.Sight {
		t.Helper()
		s, err := w.bot.Sight(w.ctx(), cleo.ID)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := look()
	for id, want := range map[string]bool{open: true, closed: false, staff: true, hers: true, notHers: false} {
		if name, got := s.Servers[guild.ID].Channels[id]; got != want {
			t.Errorf("channel %s (%s) is seen: %v, want %v", id, name, got, want)
		}
	}
	if _, found := s.Servers[other.ID].Channels[elsewhere]; !found || s.Servers[other.ID].Name != "Elsewhere" {
		t.Errorf("Sight = %+v, want the other server", s)
	}
	if got := fmt.Sprint(s.Roles); got != "["+role+"]" {
		t.Errorf("the roles are %s, want the one of this server", got)
	}
	w.discord.Kick(other.ID, cleo.ID)
	if _, found := look().Servers[other.ID]; found {
		t.Error("a server that somebody has left is still seen")
	}
	thread := w.discord.AddThread(cleo.ID, open, "a thread").ID
	if name, parent, err := w.bot.Thread(w.ctx(), thread); err != nil || parent != open || name != "a thread" {
		t.Errorf("Thread = %q, %q, %v, want its channel", name, parent, err)
	}
	if _, parent, err := w.bot.Thread(w.ctx(), "1"); err != nil || parent != "" {
		t.Errorf("Thread of what is gone = %q, %v, want none", parent, err)
	}
}
