package bot_test

import (
	"slices"
	"strings"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
)

// A vote counts only when the database knows that response on the very message
// that was clicked, so a forged id can do no more than a click.
func TestForgedVotes(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainAsk)
	other := w.answered(w.ask(ada.ID, "what is 3+3?").ID)
	question := w.ask(ada.ID, "what is 4+4?")
	w.answered(question.ID)
	mallory := w.discord.AddUser("mallory")
	for _, tt := range []struct {
		name, message, id, says string
	}{
		{"unknown response", m.ID, "fb1:up:" + feedback.NewID(), "don't know this answer"},
		{"response of another message", other.ID, thumb(m, 0), "don't know this answer"},
		{"response on the question", question.ID, thumb(m, 0), "don't know this answer"},
		{"another version", m.ID, "fb2" + thumb(m, 0)[3:], "doesn't work any more"},
		{"unknown action", m.ID, strings.Replace(thumb(m, 0), ":up:", ":star6:", 1), "doesn't work any more"},
		{"upper case", m.ID, strings.ToUpper(thumb(m, 0)), "doesn't work any more"},
		{"cut short", m.ID, thumb(m, 0)[:20], "doesn't work any more"},
		{"one more part", m.ID, thumb(m, 0) + ":x", "doesn't work any more"},
		{"somebody else's", m.ID, "poll:1", "doesn't work any more"},
		{"a form as a button", m.ID, strings.Replace(thumb(m, 0), ":up:", ":form:", 1), "doesn't work any more"},
		{"explain without a vote", m.ID, strings.Replace(thumb(m, 0), ":up:", ":explain:", 1), "no vote"},
		{"explain of an unknown response", m.ID, "fb1:explain:" + feedback.NewID(), "no vote"},
		{"undo of an unknown response", m.ID, "fb1:undo:" + feedback.NewID(), "don't know this answer"},
	} {
		a := answer(t, w, w.discord.ClickRaw(mallory.ID, tt.message, tt.id))
		if a.Type != 4 || !a.Message.Ephemeral() || !strings.Contains(a.Message.Content, tt.says) {
			t.Errorf("%s = type %d, %q, want %q for the person alone", tt.name, a.Type, a.Message.Content, tt.says)
		}
	}
	for _, tt := range []struct{ name, id, says string }{
		{"form of an unknown response", "fb1:form:" + feedback.NewID(), "taken back"},
		{"form without a vote", strings.Replace(thumb(m, 0), ":up:", ":form:", 1), "taken back"},
		{"form with a button's id", thumb(m, 0), "doesn't work any more"},
		{"damaged form", "form", "doesn't work any more"},
	} {
		a := answer(t, w, w.discord.SubmitRaw(mallory.ID, m.ID, tt.id, map[string]string{"explanation": "x"}))
		if !strings.Contains(a.Message.Content, tt.says) {
			t.Errorf("%s = %q, want %q", tt.name, a.Message.Content, tt.says)
		}
	}
	for _, shown := range []discordtest.Message{m, other} {
		if got, err := w.vote(mallory.ID, shown.ID); err == nil {
			t.Errorf("a forged vote was stored: %+v", got)
		}
	}
}

// A click that arrives twice is one vote and one acknowledgement.
func TestDuplicateClick(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainAsk)
	w.discord.Duplicate(20)
	answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0)))
	w.discord.Duplicate(1)
	answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))) // behind all the duplicates
	if n := w.requests("POST", "/interactions/{interaction_id}/{interaction_token}/callback"); n != 2 {
		t.Errorf("%d callbacks for two clicks, want 2", n)
	}
}

// Old clicks that come again after newer ones, even to a new process, change
// nothing: the greatest snowflake wins.
func TestClicksOutOfOrder(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainAsk)
	w.allowed = []string{"already been acknowledged"} // by the process before
	old := w.discord.Click(ada.ID, m.ID, thumb(m, 1))
	answer(t, w, old)
	answer(t, w, w.discord.Click(ada.ID, m.ID, star(m, 3)))
	w.stop()
	w.start()
	requests := w.watch(discordtest.KindRequest)
	if err := w.discord.Emit("INTERACTION_CREATE", old.Event()); err != nil {
		t.Fatal(err)
	}
	w.next(requests, "a second callback of the old click", func(e discordtest.Event) bool {
		return strings.Contains(e.Data.(discordtest.Request).Path, old.ID)
	})
	if got, err := w.vote(ada.ID, m.ID); err != nil || got.Rating != 4 || got.Kind != feedback.Stars {
		t.Errorf("stored %d %s, %v, want the newer 4 stars", got.Rating, got.Kind, err)
	}
}

// Each reading of one person's many clicks ends with the newest.
func TestRapidClicks(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainAsk)
	var clicks []*discordtest.Interaction
	for n := range 50 {
		clicks = append(clicks, w.discord.Click(ada.ID, m.ID, star(m, n%5)))
	}
	for _, i := range slices.Backward(clicks) {
		answer(t, w, i)
	}
	if got, err := w.vote(ada.ID, m.ID); err != nil || got.Rating != 5 {
		t.Errorf("stored %d, %v, want 5, the last of them", got.Rating, err)
	}
}

// An event that cannot be read, or names nobody, is dropped; the next one is
// handled as ever.
func TestOddEvents(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainAsk)
	for name, data := range map[string]any{
		"INTERACTION_CREATE": map[string]any{"id": 7, "type": "x"},
		"MESSAGE_CREATE":     map[string]any{"id": []int{1}},
		"NO_SUCH_EVENT":      map[string]any{"content": "secret"},
	} {
		if err := w.discord.Emit(name, data); err != nil {
			t.Fatal(err)
		}
	}
	for n, data := range []any{
		map[string]any{"id": "11", "type": 3, "token": "t"},
		map[string]any{"id": "12", "type": 3, "token": "t", "user": map[string]any{"id": ada.ID}, "data": map[string]any{"custom_id": thumb(m, 0)}},
		map[string]any{"id": "13", "type": 5, "token": "t", "user": map[string]any{"id": ada.ID}, "data": map[string]any{"components": "?"}},
		map[string]any{"id": "14", "type": 99, "token": "t", "user": map[string]any{"id": ada.ID}},
	} {
		if err := w.discord.Emit("INTERACTION_CREATE", data); err != nil {
			t.Fatalf("event %d: %v", n, err)
		}
	}
	answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0)))
}
