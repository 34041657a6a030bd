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

// lastPictures returns how many pictures the model was shown most recently.
func (w *world) lastPictures() int {
	w.t.Helper()
	requests := w.model.Requests()
	return len(pictures(w.t, requests[len(requests)-1]))
}

// Another answer is given to what the question was about: pressed twice, after a
// restart, by another process, and with STORE_TEXT=false.
func TestQuoteIsThereAgain(t *testing.T) {
	t.Parallel()
	for _, noText := range []bool{false, true} {
		w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
		w.options.NoText, w.options.Pictures = noText, true
		w.start()
		ada, bert, channel := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.Channel().ID
		claim := w.discord.Say(bert.ID, channel, "Der Hahn kräht.", attach("hahn.png", pngOf(t, 2, 2)))
		m := w.answered(w.discord.Say(ada.ID, channel, w.mention("translate this"), discordtest.ReplyTo(claim.ID)).ID)
		want := []string{"user: Bert wrote:\nDer Hahn kräht.\n[attached: hahn.png]\n\ntranslate this"}
		check := func(what string) {
			t.Helper()
			if got := w.lastShown(); !slices.Equal(got, want) || w.lastPictures() != 1 {
				t.Errorf("without text %t, %s: the model was shown %q and %d pictures, want %q and one", noText, what, got, w.lastPictures(), want)
			}
		}
		check("at first")
		w.discord.ExpireFiles()
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
		if len(got) != 3 || got[0] != want[0] || got[2] != "user: into French" || w.lastPictures() != 1 {
			t.Errorf("without text %t: a follow-up shows %q and %d pictures", noText, got, w.lastPictures())
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
		if got, want := w.lastShown(), []string{"user: Bert wrote:\nHow high is the moon?"}; !slices.Equal(got, want) {
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

// A picture can be asked about again and again: its message is read anew, because
// the address from before has expired. When it is gone, both are told.
func TestFollowUpOnAPicture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	w.options.Pictures = true
	w.start()
	ada, channel := w.discord.AddUser("Ada"), w.discord.Channel().ID
	asked := w.discord.Say(ada.ID, channel, w.mention("what is this?"), attach("p.png", pngOf(t, 2, 2)), attach("notes.txt", []byte("eggs")))
	m := w.answered(asked.ID)
	top := m
	w.discord.ExpireFiles()
	more := func(text string) discordtest.Message {
		t.Helper()
		m = w.answered(w.discord.Say(ada.ID, channel, text, discordtest.ReplyTo(m.ID)).ID)
		return m
	}
	more("and left of it?")
	first := "user: what is this?\n[attached: p.png, notes.txt]\n\nFile notes.txt:\neggs"
	if got := w.lastShown(); len(got) != 3 || got[0] != first || w.lastPictures() != 1 {
		t.Errorf("a follow-up shows %q and %d pictures", got, w.lastPictures())
	}
	w.stop()
	w.start()
	more("and right of it?")
	if got := w.lastShown(); len(got) != 5 || got[0] != first || w.lastPictures() != 1 {
		t.Errorf("after a restart a follow-up shows %q and %d pictures", got, w.lastPictures())
	}
	direct := w.discord.DM(ada.ID).ID
	w.answered(w.discord.Say(ada.ID, direct, "look", attach("q.png", pngOf(t, 3, 3))).ID)
	w.discord.ExpireFiles()
	d := w.answered(w.discord.Say(ada.ID, direct, "what is on it?").ID)
	if got := w.lastShown(); len(got) != 3 || w.lastPictures() != 1 {
		t.Errorf("in a direct message %q and %d pictures", got, w.lastPictures())
	}
	w.again(ada.ID, d)
	if got := w.lastShown(); len(got) != 3 || w.lastPictures() != 1 {
		t.Errorf("again in a direct message %q and %d pictures", got, w.lastPictures())
	}
	w.discord.DropFiles(asked.ID)
	gone := more("and below?")
	if got := w.lastShown(); w.lastPictures() != 0 || !strings.Contains(got[0], "(Not shown: p.png, notes.txt)") || !strings.Contains(gone.Content, "p.png is gone") {
		t.Errorf("of a picture that is gone the model is told %q, the person %q", got[0], gone.Content)
	}
	gone = w.again(ada.ID, top)
	if got := w.lastShown(); w.lastPictures() != 0 || !strings.Contains(got[0], "(Not shown: p.png, notes.txt)") || !strings.Contains(gone.Content, "p.png is gone") {
		t.Errorf("another answer without the picture: the model is told %q, the person %q", got[0], gone.Content)
	}
}

// A model that turns out to take no pictures is asked without those that were
// said before the question, which brought none itself.
func TestFollowUpWithoutSight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.Pictures = true
	w.start()
	ada, channel := w.discord.AddUser("Ada"), w.discord.Channel().ID
	m := w.answered(w.discord.Say(ada.ID, channel, w.mention("what is this?"), attach("p.png", pngOf(t, 2, 2))).ID)
	w.model.Queue(llmtest.Script{Status: 400, Body: `{"error":{"message":"Invalid content type. image_url is only supported by certain models.","type":"invalid_request_error"}}`})
	for _, pictures := range []int{1, 0} {
		before := len(w.model.Requests())
		m = w.answered(w.discord.Say(ada.ID, channel, "and now?", discordtest.ReplyTo(m.ID)).ID)
		if got := len(w.model.Requests()) - before; got != 1+pictures || w.lastPictures() != 0 {
			t.Errorf("asked %d times, at last with %d pictures", got, w.lastPictures())
		}
	}
}
