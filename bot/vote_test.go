package bot_test

import (
	"strings"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
)

// answer waits for an interaction's acknowledgement.
func answer(t testing.TB, w *world, i *discordtest.Interaction) discordtest.Answer {
	t.Helper()
	a, err := i.Wait(w.ctx())
	if err != nil {
		t.Fatalf("Wait() = %v", err)
	}
	return a
}

// thumb and star return the custom ids of an answer's buttons, from 0.
func thumb(m discordtest.Message, n int) string { return m.Components[0].Components[n].CustomID }
func star(m discordtest.Message, n int) string  { return m.Components[1].Components[n].CustomID }

// button returns the custom id of a receipt's button by its label.
func button(t testing.TB, m *discordtest.Message, label string) string {
	t.Helper()
	if m != nil && len(m.Components) > 0 {
		for _, c := range m.Components[0].Components {
			if c.Label == label {
				return c.CustomID
			}
		}
	}
	t.Fatalf("message %+v has no button %s", m, label)
	return ""
}

// rated is a world with an answer to rate, asked by ada.
func rated(t *testing.T, explain bot.Explain) (*world, discordtest.User, discordtest.Message) {
	t.Helper()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.options.Explain = explain
	w.start()
	ada := w.discord.AddUser("ada")
	return w, ada, w.answered(w.ask(ada.ID, "what is 2+2?").ID)
}

// vote returns what is stored of a person's vote.
func (w *world) vote(userID, messageID string) (feedback.Submission, error) {
	w.t.Helper()
	return w.store.Submission(w.ctx(), w.response(messageID).ID, w.store.Rater(userID), feedback.User)
}

// Thumbs stand in the first row and stars in the second, with the emoji, labels
// and short custom ids of the contract.
func TestButtons(t *testing.T) {
	t.Parallel()
	_, _, m := rated(t, bot.ExplainAsk)
	want := [][]string{{"👍|", "👎|"}, {"⭐|1", "⭐|2", "⭐|3", "⭐|4", "⭐|5"}, {"🔄|Regenerate"}}
	if len(m.Components) != len(want) {
		t.Fatalf("%d rows, want %d", len(m.Components), len(want))
	}
	for r, row := range want {
		for c, look := range row {
			b := m.Components[r].Components[c]
			if got := b.Emoji.Name + "|" + b.Label; got != look {
				t.Errorf("button %d of row %d = %s, want %s", c, r, got, look)
			}
			if len(b.CustomID) > 50 || !strings.HasPrefix(b.CustomID, "fb1:") {
				t.Errorf("custom id %q, want a short one that begins with its version", b.CustomID)
			}
		}
	}
}

// FEEDBACK_BUTTONS leaves a row out.
func TestFewerButtons(t *testing.T) {
	t.Parallel()
	for which, buttons := range map[bot.Buttons]int{bot.OnlyThumbs: 2, bot.OnlyStars: 5} {
		w := newWorld(t, discordtest.Options{})
		w.options.Buttons = which
		w.start()
		m := w.answered(w.ask(w.discord.AddUser("ada").ID, "what is 2+2?").ID)
		if len(m.Components) != 2 || len(m.Components[0].Components) != buttons {
			t.Errorf("%s: rows = %+v, want one of %d buttons and one to regenerate", which, m.Components, buttons)
		}
	}
}

// Every button stores its rating and kind, and the person alone sees a receipt
// that says what was recorded and offers Explain and Undo.
func TestEachButtonIsOneVote(t *testing.T) {
	t.Parallel()
	w, _, m := rated(t, bot.ExplainAsk)
	for _, tt := range []struct {
		id     string
		rating int
		kind   feedback.Kind
		says   string
	}{
		{thumb(m, 0), 5, feedback.Thumbs, "👍"}, {thumb(m, 1), 1, feedback.Thumbs, "👎"},
		{star(m, 0), 1, feedback.Stars, "⭐ (1 of 5)"}, {star(m, 1), 2, feedback.Stars, "⭐⭐ (2 of 5)"},
		{star(m, 2), 3, feedback.Stars, "(3 of 5)"}, {star(m, 3), 4, feedback.Stars, "(4 of 5)"},
		{star(m, 4), 5, feedback.Stars, "⭐⭐⭐⭐⭐ (5 of 5)"},
	} {
		u := w.discord.AddUser("rater")
		i := w.discord.Click(u.ID, m.ID, tt.id)
		a := answer(t, w, i)
		if a.Type != 4 || a.Message.VisibleTo != u.ID || !strings.Contains(a.Message.Content, tt.says) ||
			!strings.Contains(a.Message.Content, "Saved") {
			t.Errorf("click on %s = type %d, %q, want a receipt with %s for the rater alone", tt.id, a.Type, a.Message.Content, tt.says)
		}
		button(t, a.Message, "Explain")
		button(t, a.Message, "Undo")
		got, err := w.vote(u.ID, m.ID)
		if err != nil || got.Rating != tt.rating || got.Kind != tt.kind || got.ByAsker {
			t.Errorf("stored %d %s, %v, want %d %s", got.Rating, got.Kind, err, tt.rating, tt.kind)
		}
		if strings.Contains(string(got.Rater), u.ID) {
			t.Errorf("rater %s holds the Discord id", got.Rater)
		}
	}
}

// A second click replaces the first, whatever its kind; the same click again
// says that it is there already. A vote is set, never toggled.
func TestRevote(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainAsk)
	for _, tt := range []struct {
		id     string
		says   string
		rating int
		kind   feedback.Kind
	}{
		{thumb(m, 0), "Saved", 5, feedback.Thumbs},
		{thumb(m, 0), "Already saved", 5, feedback.Thumbs},
		{star(m, 4), "Changed", 5, feedback.Stars},
		{star(m, 1), "Changed", 2, feedback.Stars},
		{thumb(m, 1), "Changed", 1, feedback.Thumbs},
	} {
		a := answer(t, w, w.discord.Click(ada.ID, m.ID, tt.id))
		if !strings.Contains(a.Message.Content, tt.says) {
			t.Errorf("receipt = %q, want %s", a.Message.Content, tt.says)
		}
		got, err := w.vote(ada.ID, m.ID)
		if err != nil || got.Rating != tt.rating || got.Kind != tt.kind || !got.ByAsker {
			t.Errorf("stored %d %s by asker %t, %v, want %d %s by the asker", got.Rating, got.Kind, got.ByAsker, err, tt.rating, tt.kind)
		}
	}
}

// Undo takes the vote back on the receipt itself; a second undo changes
// nothing, and the buttons still take a new vote.
func TestUndo(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainAsk)
	receipt := answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))).Message
	undo := button(t, receipt, "Undo")
	a := answer(t, w, w.discord.Click(ada.ID, receipt.ID, undo))
	if a.Type != 7 || !strings.Contains(a.Message.Content, "Removed") || len(a.Message.Components) != 0 {
		t.Errorf("undo = type %d, %q with %d rows, want the receipt replaced", a.Type, a.Message.Content, len(a.Message.Components))
	}
	if got, err := w.vote(ada.ID, m.ID); err == nil {
		t.Errorf("stored %+v after the undo, want none", got)
	}
	if a := answer(t, w, w.discord.ClickRaw(ada.ID, receipt.ID, undo)); !strings.Contains(a.Message.Content, "Removed") {
		t.Errorf("a second undo = %q, want the same again", a.Message.Content)
	}
	if a := answer(t, w, w.discord.Click(ada.ID, m.ID, star(m, 3))); !strings.Contains(a.Message.Content, "Saved") {
		t.Errorf("a vote after the undo = %q, want Saved", a.Message.Content)
	}
	stranger := w.discord.AddUser("stranger")
	if a := answer(t, w, w.discord.ClickRaw(stranger.ID, m.ID, undo)); !strings.Contains(a.Message.Content, "no vote") {
		t.Errorf("undo without a vote = %q, want that there is none", a.Message.Content)
	}
}

// With FEEDBACK_RATERS=asker only the asker's vote counts, and others are told.
func TestOnlyTheAskerMayRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.Raters = bot.Asker
	w.start()
	ada, bert := w.discord.AddUser("ada"), w.discord.AddUser("bert")
	m := w.answered(w.ask(ada.ID, "what is 2+2?").ID)
	a := answer(t, w, w.discord.Click(bert.ID, m.ID, thumb(m, 0)))
	if a.Type != 4 || !a.Message.Ephemeral() || !strings.Contains(a.Message.Content, "Only the person who asked") {
		t.Errorf("a stranger's vote = type %d, %q, want a polite refusal", a.Type, a.Message.Content)
	}
	if got, err := w.vote(bert.ID, m.ID); err == nil {
		t.Errorf("a stranger's vote was stored: %+v", got)
	}
	if a := answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))); !strings.Contains(a.Message.Content, "Saved") {
		t.Errorf("the asker's vote = %q, want Saved", a.Message.Content)
	}
}

// Many people rate one answer at once, and each has one vote.
func TestManyRaters(t *testing.T) {
	t.Parallel()
	w, _, m := rated(t, bot.ExplainAsk)
	const people = 200
	clicks := make([]*discordtest.Interaction, people)
	for n := range clicks {
		clicks[n] = w.discord.Click(w.discord.AddUser("rater").ID, m.ID, star(m, n%5))
	}
	for n, i := range clicks {
		answer(t, w, i)
		got, err := w.vote(i.UserID, m.ID)
		for ctx := w.ctx(); got.Rating == 0 && ctx.Err() == nil; got, err = w.vote(i.UserID, m.ID) { // this machine stood still
			answer(t, w, w.discord.Click(i.UserID, m.ID, star(m, n%5)))
		}
		if err != nil || got.Rating != n%5+1 {
			t.Errorf("vote %d = %d, %v, want %d", n, got.Rating, err, n%5+1)
		}
	}
}
