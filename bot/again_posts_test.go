package bot_test

import (
	"slices"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// A picture without words is part of a thread, and can be asked about.
func TestPictureInThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.options.Pictures = true
	w.start()
	ada, bert := w.discord.AddUser("Ada"), w.discord.AddUser("Bert")
	thread := w.discord.AddThread(ada.ID, w.discord.Channel().ID, "pictures").ID
	w.discord.Say(bert.ID, thread, "", attach("cat.png", pngOf(t, 2, 2)))
	w.discord.Say(bert.ID, thread, "", attach("list.txt", []byte("eggs"))) // not for the bot, which does not take part yet
	m := w.answered(w.discord.Say(ada.ID, thread, w.mention("what is on the picture I just posted?")).ID)
	for range 2 {
		got := w.lastShown()
		want := "user: Bert: [attached: cat.png]\nBert: [attached: list.txt]\n\nFile list.txt:\neggs\nAda: what is on the picture I just posted?"
		if got[len(got)-1] != want || w.lastPictures() != 1 {
			t.Errorf("the model was shown %q and %d pictures", got, w.lastPictures())
		}
		w.discord.ExpireFiles()
		m = w.again(ada.ID, m)
	}
}

// The first message of a post in a forum stands in the post's thread.
func TestForumPost(t *testing.T) {
	t.Parallel()
	for _, noText := range []bool{false, true} {
		w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
		w.options.Pictures, w.options.NoText = true, noText
		w.start()
		ada, forum := w.discord.AddUser("Ada"), w.discord.AddForum(w.discord.Guild().ID, "help")
		post := w.discord.AddPost(ada.ID, forum.ID, "what is it?", w.mention("what is this?"), attach("p.png", pngOf(t, 2, 2)))
		m := w.answered(post.ID)
		check := func(what string) {
			t.Helper()
			if got, want := w.lastShown(), []string{"user: Ada: what is this?\n[attached: p.png]"}; !slices.Equal(got, want) || w.lastPictures() != 1 {
				t.Errorf("without text %t, %s: the model was shown %q and %d pictures, want %q and one", noText, what, got, w.lastPictures(), want)
			}
		}
		check("at first")
		w.stop()
		w.start()
		w.discord.ExpireFiles()
		w.again(ada.ID, m)
		check("again")
		w.answered(w.discord.Say(ada.ID, post.ChannelID, "and what colour?").ID)
		if got := w.lastShown(); len(got) != 3 || got[0] != "user: Ada: what is this?\n[attached: p.png]" || w.lastPictures() != 1 {
			t.Errorf("without text %t: later in the post the model was shown %q and %d pictures", noText, got, w.lastPictures())
		}
	}
}

// A post that was opened while nobody listened is answered.
func TestForumPostIsCaughtUpWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, forum := w.discord.AddUser("Ada"), w.discord.AddForum(w.discord.Guild().ID, "help")
	w.alive()
	w.stop()
	post := w.discord.AddPost(ada.ID, forum.ID, "what is it?", w.mention("what is 2+2?"))
	w.start()
	w.answered(post.ID)
	for _, r := range w.discord.Requests() {
		if strings.HasSuffix(r.Path, "/channels/"+forum.ID+"/messages") {
			t.Error("a forum was asked for messages, of which it has none")
		}
	}
}

// What was asked while nobody listened is answered to what it was about, and so is
// another answer to it.
func TestCaughtUpWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	w.options.Pictures = true
	w.start()
	ada, bert, channel := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.Channel().ID
	thread := w.discord.AddThread(ada.ID, channel, "holidays").ID
	w.model.Queue(llmtest.Script{Text: "Try the sea."})
	w.answered(w.discord.Say(ada.ID, thread, w.mention("where to go?")).ID)
	w.alive()
	w.stop()
	w.discord.Say(bert.ID, thread, "<@"+ada.ID+"> I like the sun.", attach("sun.png", pngOf(t, 2, 2)))
	inThread := w.discord.Say(ada.ID, thread, w.mention("what to bring?"))
	w.discord.ExpireFiles()
	w.start()
	m := w.answered(inThread.ID)
	want := []string{"user: Ada: where to go?", "assistant: Try the sea.", "user: Bert: @Ada I like the sun.\n[attached: sun.png]\nAda: what to bring?"}
	for range 2 {
		if got := w.lastShown(); !slices.Equal(got, want) || w.lastPictures() != 1 {
			t.Errorf("the model was shown %q and %d pictures, want %q and one", got, w.lastPictures(), want)
		}
		m = w.again(ada.ID, m)
	}
}
