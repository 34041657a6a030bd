package bot_test

import (
	"strings"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
)

// FEEDBACK_EXPLAIN decides which votes open the form at once, and whether the
// receipt has an Explain button.
func TestWhenTheFormOpens(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode     bot.Explain
		opens    string // one letter for each of 👍 👎 ⭐1-5
		explains bool
	}{
		{bot.ExplainNegative, "-xxx---", true},
		{bot.ExplainAsk, "-------", true},
		{bot.ExplainAlways, "xxxxxxx", true},
		{bot.ExplainNever, "-------", false},
	} {
		t.Run(string(tt.mode), func(t *testing.T) {
			t.Parallel()
			w, _, m := rated(t, tt.mode)
			ids := []string{thumb(m, 0), thumb(m, 1), star(m, 0), star(m, 1), star(m, 2), star(m, 3), star(m, 4)}
			for n, id := range ids {
				u := w.discord.AddUser("rater")
				a := answer(t, w, w.discord.Click(u.ID, m.ID, id))
				if opened := a.Type == 9; opened != (tt.opens[n] == 'x') {
					t.Errorf("%s = type %d, want a form: %c", id, a.Type, tt.opens[n])
				}
				if _, err := w.vote(u.ID, m.ID); err != nil {
					t.Errorf("%s: the vote is not stored before the form: %v", id, err)
				}
				if a.Type != 4 {
					continue
				}
				labels := ""
				for _, c := range a.Message.Components[0].Components {
					labels += c.Label + " "
				}
				if strings.Contains(labels, "Explain") != tt.explains || !strings.Contains(labels, "Undo") {
					t.Errorf("the receipt's buttons are %s", labels)
				}
			}
		})
	}
}

// The form's inputs have the contract's custom ids, may stay empty, and are
// filled with what the person wrote before.
func TestForm(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainNegative)
	open := w.discord.Click(ada.ID, m.ID, thumb(m, 1))
	form := answer(t, w, open).Modal
	if form == nil || len(form.Components) != 2 {
		t.Fatalf("form = %+v, want two inputs", form)
	}
	for n, want := range []string{"explanation", "expected_response"} {
		c := form.Components[n].Components[0]
		if c.CustomID != want || c.Required == nil || *c.Required || c.Value != "" {
			t.Errorf("input %d = %+v, want an empty, optional %s", n, c, want)
		}
	}
	a := answer(t, w, w.discord.Submit(ada.ID, open, map[string]string{"explanation": "too\nshort ", "expected_response": "five"}))
	if a.Type != 4 || !a.Message.Ephemeral() || !strings.Contains(a.Message.Content, "too short") || !strings.Contains(a.Message.Content, "five") {
		t.Errorf("receipt = type %d, %q, want both texts", a.Type, a.Message.Content)
	}
	got, err := w.vote(ada.ID, m.ID)
	if err != nil || got.Explanation != "too\nshort" || got.Expected != "five" || got.Rating != 1 {
		t.Errorf("stored %+v, %v, want the texts as they were typed", got, err)
	}

	again := w.discord.Click(ada.ID, a.Message.ID, button(t, a.Message, "Explain"))
	form = answer(t, w, again).Modal
	if v := form.Components[0].Components[0].Value; v != "too\nshort" {
		t.Errorf("the form shows %q, want what was written before", v)
	}
	if v := form.Components[1].Components[0].Value; v != "five" {
		t.Errorf("the form shows %q, want five", v)
	}
	update := answer(t, w, w.discord.Submit(ada.ID, again, map[string]string{"explanation": ""}))
	if update.Type != 7 {
		t.Errorf("the form from the receipt = type %d, want the receipt updated", update.Type)
	}
	if got, _ := w.vote(ada.ID, m.ID); got.Explanation != "" || got.Expected != "five" {
		t.Errorf("stored %q and %q, want the first gone", got.Explanation, got.Expected)
	}
}

// A dismissed form leaves the vote, and a form sent twice is one explanation.
func TestFormDismissedAndSentTwice(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainNegative)
	open := w.discord.Click(ada.ID, m.ID, star(m, 1))
	answer(t, w, open) // and now it is dismissed: Discord tells nobody
	if got, err := w.vote(ada.ID, m.ID); err != nil || got.Rating != 2 {
		t.Errorf("stored %d, %v, want 2", got.Rating, err)
	}
	answer(t, w, w.discord.Submit(ada.ID, open, map[string]string{"explanation": "once"}))
	first, _ := w.vote(ada.ID, m.ID)
	answer(t, w, w.discord.Submit(ada.ID, open, map[string]string{"explanation": "once"}))
	if second, _ := w.vote(ada.ID, m.ID); second.Rev != first.Rev {
		t.Errorf("rev = %d after the same form again, want %d", second.Rev, first.Rev)
	}
}

// A changed vote keeps its explanation; an undo removes it, and a form that
// comes after the undo is refused.
func TestExplanationFollowsTheVote(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainNegative)
	open := w.discord.Click(ada.ID, m.ID, thumb(m, 1))
	answer(t, w, open)
	answer(t, w, w.discord.Submit(ada.ID, open, map[string]string{"explanation": "because"}))
	receipt := answer(t, w, w.discord.Click(ada.ID, m.ID, star(m, 3))).Message
	if got, _ := w.vote(ada.ID, m.ID); got.Rating != 4 || got.Explanation != "because" {
		t.Errorf("stored %d with %q, want 4 with the explanation kept", got.Rating, got.Explanation)
	}
	if !strings.Contains(receipt.Content, "because") {
		t.Errorf("receipt = %q, want the explanation on it", receipt.Content)
	}
	answer(t, w, w.discord.Click(ada.ID, receipt.ID, button(t, receipt, "Undo")))
	a := answer(t, w, w.discord.Submit(ada.ID, open, map[string]string{"explanation": "too late"}))
	if !strings.Contains(a.Message.Content, "taken back") {
		t.Errorf("a form after the undo = %q, want that it was not kept", a.Message.Content)
	}
	answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0)))
	if got, _ := w.vote(ada.ID, m.ID); got.Explanation != "" {
		t.Errorf("explanation = %q after undo and a new vote, want none", got.Explanation)
	}
}

// What a person writes cannot ping anybody or be anything but text, and a
// receipt stays short enough for Discord.
func TestLongExplanation(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainNegative)
	open := w.discord.Click(ada.ID, m.ID, thumb(m, 1))
	answer(t, w, open)
	long := strings.Repeat("é", 999) + "!"
	expected := "@everyone " + strings.Repeat("x", 3990)
	a := answer(t, w, w.discord.Submit(ada.ID, open, map[string]string{"explanation": long, "expected_response": expected}))
	if n := len([]rune(a.Message.Content)); n > 1000 {
		t.Errorf("the receipt has %d code points, want a summary", n)
	}
	if a.Message.MentionEveryone {
		t.Error("the receipt pings everyone")
	}
	if got, _ := w.vote(ada.ID, m.ID); got.Explanation != long || got.Expected != expected {
		t.Errorf("stored %d and %d bytes, want all of both", len(got.Explanation), len(got.Expected))
	}
}

// The buttons of a receipt work after a restart of the bot, as does a form that
// was opened before it.
func TestRestartBetweenClicks(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainNegative)
	bert := w.discord.AddUser("bert")
	open := w.discord.Click(ada.ID, m.ID, thumb(m, 1))
	answer(t, w, open)
	receipt := answer(t, w, w.discord.Click(bert.ID, m.ID, thumb(m, 0))).Message
	w.stop()
	w.start()
	answer(t, w, w.discord.Submit(ada.ID, open, map[string]string{"explanation": "still here"}))
	if got, err := w.vote(ada.ID, m.ID); err != nil || got.Explanation != "still here" {
		t.Errorf("stored %q, %v, want the explanation", got.Explanation, err)
	}
	if a := answer(t, w, w.discord.Click(bert.ID, receipt.ID, button(t, receipt, "Undo"))); a.Type != 7 {
		t.Errorf("undo after a restart = type %d, want 7", a.Type)
	}
	if a := answer(t, w, w.discord.Click(ada.ID, m.ID, star(m, 4))); !strings.Contains(a.Message.Content, "Changed") {
		t.Errorf("vote after a restart = %q, want Changed", a.Message.Content)
	}
}

// A receipt in a direct message works as in a server.
func TestVoteInDirectMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada := w.discord.AddUser("ada")
	m := w.answered(w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "what is 2+2?").ID)
	a := answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0)))
	if a.Type != 4 || !a.Message.Ephemeral() {
		t.Errorf("receipt = type %d, want an ephemeral message", a.Type)
	}
	if got, err := w.vote(ada.ID, m.ID); err != nil || got.Rating != 5 || !got.ByAsker {
		t.Errorf("stored %+v, %v, want the asker's 5", got, err)
	}
}
