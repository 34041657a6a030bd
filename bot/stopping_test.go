package bot_test

import (
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// While the bot finishes what is under way it says that it is not ready, takes
// votes as ever, tells who uses /ask that it restarts, and leaves new questions
// to the next process.
func TestWhileStopping(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, channel := w.discord.AddUser("ada"), w.discord.Channel().ID
	m := w.answered(w.ask(ada.ID, "what is 1+1?").ID)
	more := make(chan struct{})
	w.model.Queue(llmtest.Script{Tokens: []string{"It begins here, and it goes on", " until it ends."}, Hold: more})
	long := w.ask(ada.ID, "tell me")
	w.replied(long.ID, "begins")
	stopping := w.logs.await("stopping")
	stopped := make(chan struct{})
	go func() {
		w.stop()
		close(stopped)
	}()
	select {
	case <-stopping:
	case <-w.ctx().Done():
		t.Fatal("the bot never began to stop")
	}
	if err := w.bot.Ready(); err == nil {
		t.Error("Ready() = nil while stopping")
	}
	missed := w.ask(ada.ID, "what is 2+2?")
	i := w.discord.Command(ada.ID, channel, "ask", map[string]any{"prompt": "what is 3+3?"})
	if a := answer(t, w, i); !strings.Contains(a.Message.Content, "restarting") || !a.Message.Ephemeral() {
		t.Errorf("/ask while stopping = %q, want that the bot restarts", a.Message.Content)
	}
	if a := answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))); !strings.Contains(a.Message.Content, "Saved") {
		t.Errorf("a vote while stopping = %q, want Saved", a.Message.Content)
	}
	close(more)
	<-stopped
	if m := w.answered(long.ID); !strings.Contains(m.Content, "until it ends") {
		t.Errorf("the answer under way = %q, want its end", m.Content)
	}
	w.start()
	w.answered(missed.ID)
}

// The bot can be stopped right after its start, and while Discord cannot be
// reached. How long a stop takes is in TestHowLongAStopTakes.
func TestStopAtOnce(t *testing.T) {
	t.Parallel()
	for _, reachable := range []bool{true, false} {
		w := newWorld(t, discordtest.Options{})
		w.allowed = []string{"closed"}
		if !reachable {
			w.discord.Refuse(patience)
		}
		w.boot()
		w.cancel()
		select {
		case err := <-w.ended:
			if err != nil {
				t.Errorf("reachable %t: Run() = %v, want nil", reachable, err)
			}
			w.ended <- nil
		case <-w.ctx().Done():
			t.Fatal("Run did not end")
		}
	}
}
