package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// What Discord does not take for what it says, whatever the code and wherever it was
// asked: the person reads why in place of the answer, and can try again.
func TestRefusedText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code int
		want string
	}{
		{200000, "AutoMod blocked it"}, {240000, "takes a link in it for a harmful one"}, {20009, "takes it for explicit content"},
		{299999, "doesn't let me show it"},
	} {
		w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
		w.start()
		w.discord.RefuseText(discordtest.Refusal{Code: test.code, Words: "https://bad.example"})
		ada, general := w.discord.AddUser("Ada"), w.discord.Channel().ID
		for _, script := range []llmtest.Script{
			{Text: "See https://bad.example"}, // comes to an end before anything is shown
			slowly("Everything about this stands at https://bad.example", ", and so on", ", and so on"),
		} {
			for name, ask := range map[string]func() discordtest.Message{
				"in a channel": func() discordtest.Message { return w.replied(w.ask(ada.ID, "where?").ID, test.want) },
				"in a direct message": func() discordtest.Message {
					return w.replied(w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "where?").ID, test.want)
				},
				"by a command": func() discordtest.Message {
					i := w.discord.Command(ada.ID, general, "ask", map[string]any{"prompt": "where?"})
					return w.message("a sentence", func(m discordtest.Message) bool {
						return m.InteractionMetadata != nil && m.InteractionMetadata.ID == i.ID && strings.Contains(m.Content, test.want)
					})
				},
			} {
				w.model.Queue(script)
				m := ask()
				if rateable(m) || labelled(m, "Try again") == "" || strings.Contains(m.Content, "bad.example") {
					t.Errorf("%d %s: %q with %d rows, want a sentence with Try again", test.code, name, m.Content, len(m.Components))
				}
			}
		}
		w.stop()
		if n := strings.Count(w.logs.String(), fmt.Sprintf("(code %d)", test.code)); n != 6 {
			t.Errorf("%d stands in %d lines of the log, want one for each of 6 answers", test.code, n)
		}
		if left, err := w.open().Unfinished(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("Unfinished() = %v, %v, want none", left, err)
		}
	}
}

// Where not even the sentence is taken it comes as a direct message.
func TestRefusedSentence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, general := w.discord.AddUser("Ada"), w.discord.Channel().ID
	direct := func(want string) {
		t.Helper()
		w.message("a direct message with "+want, func(m discordtest.Message) bool {
			return m.ChannelID == w.discord.DM(ada.ID).ID && strings.Contains(m.Content, want)
		})
	}
	allow := w.discord.RefuseText(discordtest.Refusal{Code: 200000, Where: general})
	w.ask(ada.ID, "what is 2+2?")
	direct("About your question in <#" + general + ">: I had an answer for you, but this server's AutoMod blocked it")
	allow()
	for _, code := range []int{50083, 160005} {
		thread := w.discord.AddThread(ada.ID, general, "talk").ID
		w.discord.RefuseText(discordtest.Refusal{Code: code, Where: thread})
		w.discord.Say(ada.ID, thread, w.mention("what is 2+2?"))
		direct("The thread <#" + thread + "> is closed")
	}
	thread := w.discord.AddThread(ada.ID, general, "talk").ID
	begun := w.watch(discordtest.KindMessage)
	w.model.Queue(slowly("This much of the answer may be shown to everybody.", " And on it goes.", " And on it goes.", " And on it goes."))
	w.discord.Say(ada.ID, thread, w.mention("tell me"))
	w.next(begun, "the beginning of an answer", func(e discordtest.Event) bool {
		return strings.HasPrefix(e.Data.(discordtest.Message).Content, "This much")
	})
	w.discord.RefuseText(discordtest.Refusal{Code: 50083, Where: thread})
	direct("About your question in <#" + thread + ">: I couldn't show you the rest")
	w.stop()
	if left, err := w.open().Unfinished(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("Unfinished() = %v, %v, want none", left, err)
	}
}

// Where the bot may not read what was said before, it cannot refer to the question:
// it answers without, and nobody is told that it may not write. So does a sentence.
func TestNoHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada := w.discord.AddUser("Ada")
	blind := w.discord.AddChannel(w.discord.Guild().ID, "blind", discordtest.DefaultPermissions&^discordtest.ReadMessageHistory).ID
	w.model.Queue(llmtest.Script{Text: "It is four."}, llmtest.Error(401, "bad key"))
	w.discord.Say(ada.ID, blind, w.mention("what is 2+2?"))
	w.message("an answer", func(m discordtest.Message) bool {
		return m.ChannelID == blind && m.Content == "It is four." && m.MessageReference == nil && rateable(m)
	})
	w.discord.Say(ada.ID, blind, w.mention("and 3+3?"))
	w.message("a sentence", func(m discordtest.Message) bool {
		return m.ChannelID == blind && strings.Contains(m.Content, "not set up correctly")
	})
	w.stop()
	if n := len(w.replies(w.discord.DM(ada.ID).ID)); n != 0 {
		t.Errorf("told %d times that the bot may not write", n)
	}
}
