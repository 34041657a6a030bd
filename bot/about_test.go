package bot_test

import (
	"slices"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// Any message can be asked about from its menu, also one that the bot has never
// seen and could not read.
func TestAskAboutThis(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{Intents: discordtest.NoPrivilegedIntents, IdentifyWindow: -1})
	w.start()
	ada, bert := w.discord.AddUser("Ada"), w.discord.AddUser("Bert")
	if err := w.discord.WaitCommand(w.ctx(), "Ask about this"); err != nil {
		t.Fatal(err)
	}
	m := w.discord.Say(bert.ID, w.discord.Channel().ID, "Der Hahn kräht.")
	for _, typed := range []struct{ text, want string }{{"What language is it?", "What language is it?"}, {" ", "Please explain this message."}} {
		i := w.discord.MessageCommand(ada.ID, m.ID, "Ask about this")
		form, err := i.Wait(w.ctx())
		if err != nil || form.Modal == nil {
			t.Fatalf("the menu opens %+v, %v, want a form", form, err)
		}
		w.model.Queue(llmtest.Script{Text: "It is German."})
		sent := w.discord.Submit(ada.ID, i, map[string]string{"question": typed.text})
		got := w.answerTo(sent)
		if got.Content != "> **Ada** asks: "+typed.want+"\nIt is German." {
			t.Errorf("answered %q", got.Content)
		}
		for range 2 {
			if got, want := w.lastShown(), []string{"user: Bert wrote:\nDer Hahn kräht.\n\n" + typed.want}; !slices.Equal(got, want) {
				t.Errorf("the model was shown %q, want %q", got, want)
			}
			got = w.again(ada.ID, got)
		}
	}
	i := w.discord.MessageCommand(ada.ID, m.ID, "Ask about this")
	if _, err := i.Wait(w.ctx()); err != nil {
		t.Fatal(err)
	}
	w.stop()
	w.start()
	if a, err := w.discord.Submit(ada.ID, i, map[string]string{"question": "why?"}).Wait(w.ctx()); err != nil || a.Message == nil || !strings.Contains(a.Message.Content, "too old") {
		t.Errorf("a form from before a restart = %+v, %v", a, err)
	}
	empty := w.discord.Say(bert.ID, w.discord.Channel().ID, "\u200b")
	if a, err := w.discord.MessageCommand(ada.ID, empty.ID, "Ask about this").Wait(w.ctx()); err != nil || a.Message == nil || !strings.Contains(a.Message.Content, "nothing in this message") {
		t.Errorf("about a message without text = %+v, %v", a, err)
	}
}

// /ask with thread answers in a thread of its own, where the conversation goes
// on without a mention; where no thread can be opened it answers in place.
func TestAskInThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada, general := w.discord.AddUser("Ada"), w.discord.Channel().ID
	if err := w.discord.WaitCommand(w.ctx(), "ask"); err != nil {
		t.Fatal(err)
	}
	ask := func(channelID string) *discordtest.Interaction {
		w.model.Queue(llmtest.Script{Text: "Forty-two."})
		return w.discord.Command(ada.ID, channelID, "ask", map[string]any{"prompt": "what is\n the answer?", "thread": true})
	}
	ask(general)
	m := w.message("an answer", func(m discordtest.Message) bool { return rateable(m) })
	if m.Content != "Forty-two." || m.ChannelID == general {
		t.Fatalf("answered %q in %s, want it in a thread", m.Content, m.ChannelID)
	}
	if opener, found := w.discord.Message(m.ChannelID); !found || opener.ChannelID != general || !strings.Contains(opener.Content, "**Ada** asks: what is\n the answer?") {
		t.Errorf("the thread was opened at %+v", opener)
	}
	w.model.Queue(llmtest.Script{Text: "Nobody knows."})
	w.answered(w.discord.Say(ada.ID, m.ChannelID, "and the question?").ID)
	if got := strings.Join(w.lastShown(), "\n"); !strings.Contains(got, "Forty-two.") {
		t.Errorf("the model was shown %q", got)
	}
	w.discord.SetPermissions(general, discordtest.DefaultPermissions&^discordtest.CreatePublicThreads)
	if got := w.answerTo(ask(general)); got.ChannelID != general || got.Content != "> **Ada** asks: what is the answer?\nForty-two." {
		t.Errorf("without the permission %q in %s", got.Content, got.ChannelID)
	}
	if got := w.answerTo(ask(w.discord.DM(ada.ID).ID)); got.Content != "> **Ada** asks: what is the answer?\nForty-two." {
		t.Errorf("in a direct message %q", got.Content)
	}
}
