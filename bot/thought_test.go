package bot_test

import (
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// A thought of which only the end is marked may be on the screen by then, over
// more than one message. It is replaced by the answer; what is left over goes, and
// that does not take the answer out of its conversation.
func TestThoughtIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	thought := strings.TrimSpace(strings.Repeat("Okay, SECRET, I recall the timetable. ", 80)) // 3,000 code points
	rest := make(chan struct{})
	w.model.Queue(llmtest.Script{Tokens: []string{thought, "\n</think>\n\n", "The ferry ", "leaves every hour."}, Hold: rest})
	ada := w.discord.AddUser("ada")
	asked := w.ask(ada.ID, "when does the ferry leave?")
	w.message("the second message of the thought", func(m discordtest.Message) bool {
		return strings.Contains(m.Content, "SECRET") && !refersTo(m, asked.ID)
	})
	close(rest)
	m := w.answered(asked.ID)
	if list := w.replies(asked.ChannelID); len(list) != 1 || m.Content != "The ferry leaves every hour." {
		t.Errorf("%d messages, the first %q, want the answer alone", len(list), m.Content)
	}
	if r := w.response(m.ID); r.Answer != "The ferry leaves every hour." {
		t.Errorf("stored is %q, want the answer alone", r.Answer)
	}

	// From now on the model is known for it.
	events := w.watch(discordtest.KindMessage, discordtest.KindEdit)
	w.model.Queue(llmtest.Script{Tokens: []string{thought, "\n</think>\n\n", "It is still there."}})
	again := w.discord.Say(ada.ID, asked.ChannelID, w.mention("and then?"), discordtest.ReplyTo(m.ID))
	w.next(events, "the second answer", func(e discordtest.Event) bool {
		m := e.Data.(discordtest.Message)
		if strings.Contains(m.Content, "SECRET") {
			t.Errorf("shown is %.40q, want nothing of a thought", m.Content)
		}
		return refersTo(m, again.ID) && rateable(m)
	})
	requests := w.model.Requests()
	if last := requests[len(requests)-1]; len(last.Messages) < 3 || last.Messages[len(last.Messages)-2].Content != "The ferry leaves every hour." {
		t.Errorf("the model is shown %v, want the answer before the question", last.Messages)
	}
}
