package bot_test

import (
	"slices"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
)

// A stop lets the answer under way come to its end, and leaves a session that
// could be resumed.
func TestStopFinishesAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	w.model.Queue(slowly("It begins here, and it goes on", " until it ends."))
	asked := w.ask(w.discord.AddUser("ada").ID, "tell me")
	w.replied(asked.ID, "begins")
	w.stop()
	if err := w.bot.Ready(); err == nil {
		t.Error("Ready() = nil after a stop")
	}
	m := w.replied(asked.ID, "until it ends")
	if len(m.Components) == 0 {
		t.Error("the answer has no buttons")
	}
	if codes := w.discord.CloseCodes(); !slices.Equal(codes, []int{4000}) {
		t.Errorf("closed with %v, want 4000", codes)
	}
}

// An answer that does not end in time is cut with a mark, and can be rated.
func TestStopMarksLongAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	stall := slowly("It begins here, and it goes on", " and on.")
	stall.StallAfter, stall.TokenDelay = 1, 0
	w.model.Queue(stall)
	asked := w.ask(w.discord.AddUser("ada").ID, "tell me")
	w.replied(asked.ID, "begins")
	began := time.Now()
	w.stop()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the stop took %v, want less than 20 s", took)
	}
	if m := w.replied(asked.ID, "I had to restart here"); len(m.Components) == 0 {
		t.Error("the answer has no buttons")
	}
}
