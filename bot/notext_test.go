package bot_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/llm/llmtest"
)

func attach(name string, data []byte) discordtest.SayOption {
	return discordtest.Attach(discordtest.Attachment{Filename: name}.WithData(data))
}

// prompted returns all that the model was shown for its latest answer.
func (w *world) prompted() string {
	requests := w.model.Requests()
	var text strings.Builder
	for _, m := range requests[len(requests)-1].Messages {
		text.WriteString(m.Role + ": " + m.Content + "\n")
	}
	return text.String()
}

// With STORE_TEXT=false no text of a message is in the database or its side
// files, and conversations, votes, Regenerate and files work all the same, also
// after a restart.
func TestNoText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	w.options.NoText = true
	w.start()
	ada, channel := w.discord.AddUser("Ada"), w.discord.Channel().ID
	shown := func(what string, words ...string) {
		t.Helper()
		for _, word := range words {
			if got := w.prompted(); !strings.Contains(got, word) {
				t.Errorf("%s: the model was not shown %q: %s", what, word, got)
			}
		}
	}
	say := func(text string) { w.model.Queue(llmtest.Script{Text: text}) }

	say("It is the quixotic one.")
	first := w.discord.Say(ada.ID, channel, w.mention("which zanzibar?"), attach("a.txt", []byte("sesquipedalian")))
	answer := w.answered(first.ID)
	say("Because.")
	second := w.answered(w.discord.Say(ada.ID, channel, "why that?", discordtest.ReplyTo(answer.ID)).ID)
	shown("a reply", "zanzibar", "quixotic", "why that?")
	if a, err := w.discord.Click(ada.ID, second.ID, thumb(second, 0)).Wait(w.ctx()); err != nil || a.Message == nil || !strings.Contains(a.Message.Content, "Saved") {
		t.Errorf("a vote = %+v, %v", a, err)
	}
	say("Hello to you.")
	dm := w.discord.DM(ada.ID).ID
	w.answered(w.discord.Say(ada.ID, dm, "I am the mnemonic one").ID)
	w.answered(w.discord.Say(ada.ID, dm, "who am I?").ID)
	shown("a direct message", "mnemonic", "Hello to you.")
	asked := w.answerTo(w.discord.Command(ada.ID, channel, "ask", map[string]any{"prompt": "an onomatopoeia?"}))
	w.answerTo(w.discord.Click(ada.ID, asked.ID, labelled(asked, "Regenerate")))
	shown("another answer to a command", "onomatopoeia")

	w.stop()
	w.start()
	again := w.answerTo(w.discord.Click(ada.ID, second.ID, labelled(second, "Regenerate")))
	shown("another answer after a restart", "zanzibar", "quixotic", "why that?")
	w.answered(w.discord.Say(ada.ID, channel, "and then?", discordtest.ReplyTo(again.ID)).ID)
	shown("a reply to another answer", "why that?", "and then?")
	w.answerTo(w.discord.Click(ada.ID, answer.ID, labelled(answer, "Regenerate")))
	shown("another answer with a file", "zanzibar", "sesquipedalian")
	w.discord.Click(ada.ID, asked.ID, labelled(asked, "Regenerate"))
	w.message("a polite no", func(m discordtest.Message) bool { return strings.Contains(m.Content, "I don't have this question") })

	files, err := filepath.Glob(w.path + "*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"zanzibar", "quixotic", "sesquipedalian", "why that", "mnemonic", "onomatopoeia"} {
			if bytes.Contains(data, []byte(text)) {
				t.Errorf("%s holds %q", filepath.Base(file), text)
			}
		}
	}
	a, err := w.discord.Command(ada.ID, channel, "privacy", nil).Wait(w.ctx())
	if err != nil || a.Message == nil || !strings.Contains(a.Message.Content, "not what you ask or what I answer") {
		t.Errorf("/privacy = %+v, %v, want it to say that texts are not kept", a, err)
	}
}

// What an earlier process left is completed without a stored text, too: from
// the question's message, and from what is on the screen.
func TestUnfinishedWorkWithoutText(t *testing.T) {
	t.Parallel()
	for _, answered := range []bool{false, true} {
		w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
		w.options.NoText = true
		w.start()
		bot := w.discord.Bot().ID
		w.stop()
		asked := w.ask(w.discord.AddUser("ada").ID, "what is 2+2?")
		s := w.open()
		a := w.taken(s, asked, 0)
		if answered {
			begun := w.discord.Say(bot, asked.ChannelID, "It is f", discordtest.ReplyTo(asked.ID))
			if err := s.Posted(w.ctx(), a, begun.ID, 0); err != nil {
				t.Fatal(err)
			}
			if err := s.Monitor(w.ctx(), feedback.Response{ID: a.ResponseID, AskID: a.ID, ChannelID: a.ChannelID, Asker: a.Asker,
				ConversationID: a.ResponseID, Question: a.Question, Answer: "It is four.", Finish: feedback.Complete, FinishedAt: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		w.start()
		m := w.answered(asked.ID)
		if want := map[bool]string{false: "**4**", true: "It is f\n\n-# "}[answered]; !strings.Contains(m.Content, want) {
			t.Errorf("answered %t: completed as %q, want %q", answered, m.Content, want)
		}
		w.stop()
		if n := len(w.replies(asked.ChannelID)); n != 1 {
			t.Errorf("answered %t: %d replies, want 1", answered, n)
		}
	}
}
