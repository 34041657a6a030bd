package bot_test

import (
	"slices"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// A stop lets the answer under way come to its end, and leaves a session that
// could be resumed.
func TestStopFinishesAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	more := make(chan struct{})
	w.model.Queue(llmtest.Script{Tokens: []string{"It begins here, and it goes on", " until it ends."}, Hold: more})
	asked := w.ask(w.discord.AddUser("ada").ID, "tell me")
	w.replied(asked.ID, "begins")
	stopping := w.logs.await("stopping")
	go func() {
		<-stopping
		close(more)
	}()
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
	w.model.Queue(llmtest.Script{Tokens: []string{"It begins here, and it goes on", " and on."}, StallAfter: 1})
	asked := w.ask(w.discord.AddUser("ada").ID, "tell me")
	w.replied(asked.ID, "begins")
	w.stop()
	if m := w.replied(asked.ID, "I had to restart here"); len(m.Components) == 0 {
		t.Error("the answer has no buttons")
	}
}
