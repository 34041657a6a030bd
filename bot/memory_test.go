package bot_test

import (
	"slices"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// shown returns what the model was shown with a request, without the system
// prompt, as "role: text" lines.
func shown(r llmtest.Request) (turns []string) {
	for _, m := range r.Messages {
		if m.Role != "system" {
			turns = append(turns, m.Role+": "+m.Content)
		}
	}
	return turns
}

// lastShown returns what the model was shown most recently.
func (w *world) lastShown() []string {
	w.t.Helper()
	requests := w.model.Requests()
	if len(requests) == 0 {
		w.t.Fatal("the model was never asked")
	}
	return shown(requests[len(requests)-1])
}

// A reply continues the chain of answers it hangs on, and a second reply to the
// same answer begins a branch that knows nothing of the first.
func TestReplyChain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, channel := w.discord.AddUser("ada"), w.discord.Channel().ID
	w.model.Queue(llmtest.Script{Text: "Answer one."}, llmtest.Script{Text: "Answer two."}, llmtest.Script{Text: "Answer three."})
	one := w.answered(w.ask(ada.ID, "Question one").ID)
	two := w.answered(w.discord.Say(ada.ID, channel, "Question two", discordtest.ReplyTo(one.ID)).ID)
	w.stop()
	w.start() // the chain is in the store, not in the process
	w.answered(w.discord.Say(ada.ID, channel, "Question three", discordtest.ReplyTo(two.ID)).ID)
	want := []string{"user: Question one", "assistant: Answer one.", "user: Question two", "assistant: Answer two.", "user: Question three"}
	if got := w.lastShown(); !slices.Equal(got, want) {
		t.Errorf("a reply shows the model %q, want %q", got, want)
	}
	branch := w.answered(w.discord.Say(ada.ID, channel, "Another two", discordtest.ReplyTo(one.ID)).ID)
	want = []string{"user: Question one", "assistant: Answer one.", "user: Another two"}
	if got := w.lastShown(); !slices.Equal(got, want) {
		t.Errorf("a branch shows the model %q, want %q", got, want)
	}
	first, last := w.response(one.ID), w.response(branch.ID)
	if last.ConversationID != first.ID || last.ParentID != first.ID {
		t.Errorf("conversation %s of parent %s, want both %s", last.ConversationID, last.ParentID, first.ID)
	}
}

// A question without a reply knows nothing of what was asked before it in a
// server, and a reply to any part of a long answer continues it.
func TestWhereAChainBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada, channel := w.discord.AddUser("ada"), w.discord.Channel().ID
	w.model.Queue(llmtest.Script{Text: strings.Repeat("A long answer. ", 200)})
	first := w.ask(ada.ID, "tell me a lot")
	w.message("the last part", func(m discordtest.Message) bool { return rateable(m) })
	w.answered(w.ask(ada.ID, "something else").ID)
	if got := w.lastShown(); len(got) != 1 {
		t.Errorf("a new question shows the model %q, want it alone", got)
	}
	part := w.replied(first.ID, "A long answer.")
	w.answered(w.discord.Say(ada.ID, channel, "and then?", discordtest.ReplyTo(part.ID)).ID)
	if got := w.lastShown(); len(got) != 3 || got[0] != "user: tell me a lot" {
		t.Errorf("a reply to the first part shows the model %.60q, want the question and the answer", got)
	}
}

// A direct message continues the one before it, also after a restart.
func TestDirectMessagesAreRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, bert := w.discord.AddUser("ada"), w.discord.AddUser("bert")
	w.model.Queue(llmtest.Script{Text: "Hello Ada."}, llmtest.Script{Text: "Hello Bert."})
	w.answered(w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "I am Ada").ID)
	w.answered(w.discord.Say(bert.ID, w.discord.DM(bert.ID).ID, "I am Bert").ID)
	w.stop()
	w.start()
	w.answered(w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "who am I?").ID)
	want := []string{"user: I am Ada", "assistant: Hello Ada.", "user: who am I?"}
	if got := w.lastShown(); !slices.Equal(got, want) {
		t.Errorf("the model is shown %q, want %q", got, want)
	}
	i := w.discord.Command(ada.ID, w.discord.DM(ada.ID).ID, "ask", map[string]any{"prompt": "and now?"})
	answer(t, w, i)
	w.message("the answer to /ask", func(m discordtest.Message) bool {
		return m.InteractionMetadata != nil && m.InteractionMetadata.ID == i.ID && rateable(m)
	})
	if got := w.lastShown(); len(got) != 5 {
		t.Errorf("/ask in a direct message shows the model %q, want the conversation so far", got)
	}
}

// A mention in reply to somebody else's message quotes it, with names in place
// of numbers.
func TestForeignMessageIsQuoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada, bert := w.discord.AddUser("ada"), w.discord.AddUser("bert")
	channel := w.discord.Channel().ID
	claim := w.discord.Say(bert.ID, channel, "The moon is cheese.\u202e")
	w.answered(w.discord.Say(ada.ID, channel, w.mention("is <@"+bert.ID+"> right?"), discordtest.ReplyTo(claim.ID)).ID)
	want := []string{"user: bert wrote:\nThe moon is cheese.\n\nis @bert right?"}
	if got := w.lastShown(); !slices.Equal(got, want) {
		t.Errorf("the model is shown %q, want %q", got, want)
	}
}

// A conversation that is larger than the budget loses its oldest turns, never
// the question.
func TestContextBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.ContextTokens = 300
	w.start()
	ada, channel := w.discord.AddUser("ada"), w.discord.Channel().ID
	for range 3 {
		w.model.Queue(llmtest.Script{Text: strings.Repeat("words ", 100)}) // 150 tokens
	}
	one := w.answered(w.ask(ada.ID, "first").ID)
	two := w.answered(w.discord.Say(ada.ID, channel, "second", discordtest.ReplyTo(one.ID)).ID)
	w.answered(w.discord.Say(ada.ID, channel, "third", discordtest.ReplyTo(two.ID)).ID)
	got := w.lastShown()
	if len(got) != 3 || got[0] != "user: second" || got[2] != "user: third" {
		t.Errorf("the model is shown %.60q, want the last turn and the question", got)
	}
}
