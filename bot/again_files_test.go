package bot_test

import (
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// lastPictures returns how many pictures the model was shown most recently.
func (w *world) lastPictures() int {
	w.t.Helper()
	requests := w.model.Requests()
	return len(pictures(w.t, requests[len(requests)-1]))
}

// The picture of a quoted message is there again with another answer, and with a
// follow-up.
func TestQuotedPictureIsThereAgain(t *testing.T) {
	t.Parallel()
	for _, noText := range []bool{false, true} {
		w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
		w.options.NoText, w.options.Pictures = noText, true
		w.start()
		ada, bert, channel := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.Channel().ID
		cock := w.discord.Say(bert.ID, channel, "", attach("hahn.png", pngOf(t, 2, 2)))
		m := w.answered(w.discord.Say(ada.ID, channel, w.mention("what is it?"), discordtest.ReplyTo(cock.ID)).ID)
		want := "user: Bert wrote:\n[attached: hahn.png]\n\nwhat is it?"
		check := func(what string) {
			t.Helper()
			if got := w.lastShown(); got[0] != want || w.lastPictures() != 1 {
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
		check("of another answer, after a restart")
		w.answered(w.discord.Say(ada.ID, channel, "and what does it say?", discordtest.ReplyTo(m.ID)).ID)
		check("a follow-up")
	}
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
		if got := len(w.model.Requests()) - before; got != 1+pictures || w.lastPictures() != 0 || !strings.Contains(w.lastShown()[0], "(Not shown: ") {
			t.Errorf("asked %d times, at last with %d pictures and %q", got, w.lastPictures(), w.lastShown())
		}
	}
}

// What is quoted is what is asked about: of its files that cannot be read the person
// is told as of their own.
func TestQuotedFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	w.start() // without pictures
	ada, bert, channel := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.Channel().ID
	quote := w.discord.Say(bert.ID, channel, "look", attach("a.png", pngOf(t, 2, 2)), attach("b.zip", []byte("PK\x03\x04\x00\x00")))
	m := w.answered(w.discord.Say(ada.ID, channel, w.mention("what is this?"), discordtest.ReplyTo(quote.ID)).ID)
	for range 2 {
		if got := w.lastShown(); !strings.Contains(got[0], "(Not shown: a.png, b.zip)") || !strings.Contains(m.Content, "left out a.png") || !strings.Contains(m.Content, "I can't read b.zip") {
			t.Errorf("the model is told %q, the person %q", got, m.Content)
		}
		m = w.again(ada.ID, m)
	}
	m = w.answered(w.discord.Say(ada.ID, channel, "and now?", discordtest.ReplyTo(m.ID)).ID)
	if strings.Contains(m.Content, "a.png") || strings.Contains(m.Content, "b.zip") {
		t.Errorf("with a follow-up the person is told again: %q", m.Content)
	}
	alone := w.discord.Say(bert.ID, channel, "", attach("b.zip", []byte("PK\x03\x04\x00\x00")))
	w.replied(w.discord.Say(ada.ID, channel, w.mention(""), discordtest.ReplyTo(alone.ID)).ID, "I can't read b.zip")
	w.options.Pictures = true
	w.stop()
	w.start()
	w.model.Queue(llmtest.Script{Status: 400, Body: `{"error":{"message":"Invalid content type. image_url is only supported by certain models.","type":"invalid_request_error"}}`})
	w.replied(w.discord.Say(ada.ID, channel, w.mention("what is this?"), discordtest.ReplyTo(quote.ID)).ID, "can't look at pictures")
}
