package bot_test

import (
	"slices"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// again presses Regenerate, or Try again, and returns the new answer.
func (w *world) again(userID string, m discordtest.Message) discordtest.Message {
	w.t.Helper()
	button := labelled(m, "Regenerate")
	if button == "" {
		button = labelled(m, "Try again")
	}
	return w.answerTo(w.discord.Click(userID, m.ID, button))
}

// Another answer is given to what the question was about: pressed twice, after a
// restart, by another process, and with STORE_TEXT=false.
func TestQuoteIsThereAgain(t *testing.T) {
	t.Parallel()
	for _, noText := range []bool{false, true} {
		w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
		w.options.NoText = noText
		w.start()
		ada, bert, channel := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.Channel().ID
		claim := w.discord.Say(bert.ID, channel, "Der Hahn kräht.")
		m := w.answered(w.discord.Say(ada.ID, channel, w.mention("translate this"), discordtest.ReplyTo(claim.ID)).ID)
		want := []string{"user: Bert wrote:\nDer Hahn kräht.\n\ntranslate this"}
		check := func(what string) {
			t.Helper()
			if got := w.lastShown(); !slices.Equal(got, want) {
				t.Errorf("without text %t, %s: the model was shown %q, want %q", noText, what, got, want)
			}
		}
		check("at first")
		again := w.again(ada.ID, m)
		check("again")
		w.stop()
		w.start()
		w.again(ada.ID, again)
		check("of another answer, by another process")
		w.model.Queue(llmtest.Error(401, "no such key"))
		i := w.discord.Click(ada.ID, m.ID, labelled(m, "Regenerate"))
		failed := w.message("a notice", func(m discordtest.Message) bool {
			return m.InteractionMetadata != nil && m.InteractionMetadata.ID == i.ID && labelled(m, "Try again") != ""
		})
		w.again(ada.ID, failed)
		check("after a failure")
		w.model.Queue(llmtest.Script{Text: "And this?"})
		w.answered(w.discord.Say(ada.ID, channel, "into French", discordtest.ReplyTo(again.ID)).ID)
		got := w.lastShown()
		if len(got) != 3 || got[0] != want[0] || got[2] != "user: into French" {
			t.Errorf("without text %t: a follow-up shows %q", noText, got)
		}
	}
}

// What was deleted or forgotten is not shown again; the model and the person are
// told, and what else there was stays.
func TestQuoteIsGone(t *testing.T) {
	t.Parallel()
	for _, noText := range []bool{false, true} {
		w := newWorld(t, discordtest.Options{})
		w.options.NoText = noText
		w.start()
		ada, bert, channel := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.Channel().ID
		claim := w.discord.Say(bert.ID, channel, "Der Hahn kräht.")
		m := w.answered(w.discord.Say(ada.ID, channel, w.mention("translate this"), discordtest.ReplyTo(claim.ID)).ID)
		id := w.response(m.ID).ID
		if noText {
			w.discord.Delete(claim.ID)
		} else if _, err := w.store.Forget(w.ctx(), w.store.Rater(bert.ID)); err != nil {
			t.Fatal(err)
		}
		for shown, err := w.store.ShownWith(w.ctx(), id); err != nil || !shown[id].Before[0].Gone; shown, err = w.store.ShownWith(w.ctx(), id) {
			if w.ctx().Err() != nil {
				t.Fatal("the quote never went")
			}
		}
		again := w.again(ada.ID, m)
		if got := w.lastShown(); len(got) != 1 || strings.Contains(got[0], "Hahn") || strings.Contains(got[0], "Bert") ||
			!strings.Contains(got[0], "deleted") || !strings.HasSuffix(got[0], "translate this") {
			t.Errorf("without text %t: the model was shown %q", noText, got)
		}
		if !strings.Contains(again.Content, "The message before this question is gone") {
			t.Errorf("without text %t: the person is told %q", noText, again.Content)
		}
	}
}

// A reply with nothing but the mention is about what it replies to. The model is
// shown no empty turn, also not with another answer.
func TestMentionAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada, bert, channel := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.Channel().ID
	claim := w.discord.Say(bert.ID, channel, "How high is the moon?")
	m := w.answered(w.discord.Say(ada.ID, channel, w.mention(""), discordtest.ReplyTo(claim.ID)).ID)
	for range 2 {
		if got, want := w.lastShown(), []string{"user: Bert wrote:\nHow high is the moon?\n\nPlease respond to this."}; !slices.Equal(got, want) {
			t.Errorf("the model was shown %q, want %q", got, want)
		}
		m = w.again(ada.ID, m)
	}
	w.replied(w.discord.Say(ada.ID, channel, w.mention(""), discordtest.ReplyTo(m.ID)).ID, "Mention me together with a question")
	w.discord.Delete(claim.ID)
	for id := w.response(m.ID).ID; ; {
		if shown, err := w.store.ShownWith(w.ctx(), id); err != nil || shown[id].Before[0].Gone {
			break
		}
	}
	w.discord.Click(ada.ID, m.ID, labelled(m, "Regenerate"))
	w.message("a polite no", func(m discordtest.Message) bool { return strings.Contains(m.Content, "I don't have this question") })
}
