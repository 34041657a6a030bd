package bot_test

import (
	"fmt"
	"slices"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// Another answer in a thread is given to the thread as it was, by name, and so is
// what follows it.
func TestThreadIsThereAgain(t *testing.T) {
	t.Parallel()
	for _, noText := range []bool{false, true} {
		w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
		w.options.NoText = noText
		w.start()
		ada, bert := w.discord.AddUser("Ada"), w.discord.AddUser("Bert")
		thread := w.discord.AddThread(ada.ID, w.discord.Channel().ID, "holidays").ID
		w.discord.Say(bert.ID, thread, "I like the sun.")
		w.model.Queue(llmtest.Script{Text: "Try the sea."}, llmtest.Script{Text: "A hat."}, llmtest.Script{Text: "A towel."}, llmtest.Script{Text: "A book."})
		first := w.answered(w.discord.Say(ada.ID, thread, w.mention("where to go?")).ID)
		m := w.answered(w.discord.Say(bert.ID, thread, "what shall I bring?").ID)
		want := []string{"user: Bert: I like the sun.\nAda: where to go?", "assistant: Try the sea.", "user: Bert: what shall I bring?"}
		check := func(what string, want []string) {
			t.Helper()
			if got := w.lastShown(); !slices.Equal(got, want) {
				t.Errorf("without text %t, %s: the model was shown %q, want %q", noText, what, got, want)
			}
		}
		check("at first", want)
		w.stop()
		w.start()
		w.discord.Say(ada.ID, thread, "<@"+bert.ID+"> that came later")
		again := w.again(bert.ID, m)
		check("again", want)
		w.answered(w.discord.Say(ada.ID, thread, "and to read?", discordtest.ReplyTo(again.ID)).ID)
		check("a follow-up", append(want, "assistant: A towel.", "user: Ada: and to read?"))
		w.again(ada.ID, first)
		check("of the first question", []string{"user: Bert: I like the sun.\nAda: where to go?"})
	}
}

// A reply in a thread is about the message it replies to, whoever wrote it and
// however long ago.
func TestQuoteInThread(t *testing.T) {
	t.Parallel()
	for _, noText := range []bool{false, true} {
		w := newWorld(t, discordtest.Options{ChannelLimit: -1})
		w.options.NoText = noText
		w.start()
		ada := w.discord.AddUser("Ada")
		thread := w.discord.AddThread(ada.ID, w.discord.Channel().ID, "alerts").ID
		alert := w.discord.Say(ada.ID, thread, "Disk full.", discordtest.AsWebhook("Alerts"))
		want := "user: "
		for n := range 30 {
			w.discord.Say(ada.ID, thread, fmt.Sprint("Oh dear ", n))
			want += fmt.Sprintf("Ada: Oh dear %d\n", n)
		}
		want += "\nAlerts wrote:\nDisk full.\n\nAda: explain"
		m := w.answered(w.discord.Say(ada.ID, thread, w.mention("explain"), discordtest.ReplyTo(alert.ID)).ID)
		for range 2 {
			if got := w.lastShown(); len(got) != 1 || got[0] != want {
				t.Errorf("without text %t: the model was shown %q, want %q", noText, got, want)
			}
			m = w.again(ada.ID, m)
		}
	}
}
