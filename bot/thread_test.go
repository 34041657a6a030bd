package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// In a thread that the bot takes part in it needs no mention, and the recent
// messages are the conversation: everybody's, labelled with their names. That
// holds after a restart. What people say to each other is left alone.
func TestThreadConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, bert := w.discord.AddUser("Ada"), w.discord.AddUser("Bert")
	thread := w.discord.AddThread(ada.ID, w.discord.Channel().ID, "holidays")
	w.model.Queue(llmtest.Script{Text: "Try the sea."}, llmtest.Script{Text: "Bring a hat."})
	w.discord.Say(bert.ID, thread.ID, "I like the sun.")
	sea := w.answered(w.discord.Say(ada.ID, thread.ID, w.mention("where to go?")).ID)
	w.stop()
	w.start()
	chat := w.discord.Say(bert.ID, thread.ID, "<@"+ada.ID+"> are you serious?")
	deleted := w.discord.Say(bert.ID, thread.ID, "<@"+ada.ID+"> never mind")
	w.discord.Delete(deleted.ID)
	w.answered(w.discord.Say(bert.ID, thread.ID, "what shall I bring?").ID)
	want := []string{"user: Bert: I like the sun.\nAda: where to go?", "assistant: Try the sea.",
		"user: Bert: @Ada are you serious?\nBert: what shall I bring?"}
	if got := w.lastShown(); !slices.Equal(got, want) {
		t.Errorf("the model was shown %q, want %q", got, want)
	}
	for _, m := range w.replies(thread.ID) {
		if refersTo(m, chat.ID) {
			t.Errorf("the bot answered what was said to Ada: %q", m.Content)
		}
	}
	if n := len(w.replies(thread.ID)); n != 2 {
		t.Errorf("%d answers, want 2", n)
	}
	if r := w.response(w.replies(thread.ID)[1].ID); r.Question != "what shall I bring?" || r.ParentID != w.response(sea.ID).ID {
		t.Errorf("stored %+v", r)
	}
}

// A thread at one of the bot's answers continues it. In a thread of other people
// the bot is silent until it is mentioned.
func TestWhoseThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada := w.discord.AddUser("Ada")
	w.model.Queue(llmtest.Script{Text: "It is blue."}, llmtest.Script{Text: "Because of the light."})
	m := w.answered(w.ask(ada.ID, "what colour is the sky?").ID)
	others := w.discord.AddThread(ada.ID, w.discord.Channel().ID, "private matters")
	ours := w.discord.AddThreadAt(ada.ID, m.ID, "the sky")
	w.discord.Say(ada.ID, others.ID, "nobody asked the bot")
	w.answered(w.discord.Say(ada.ID, ours.ID, "why?").ID)
	if got, want := w.lastShown(), []string{"user: what colour is the sky?", "assistant: It is blue.", "user: Ada: why?"}; !slices.Equal(got, want) {
		t.Errorf("the model was shown %q, want %q", got, want)
	}
	if n := len(w.replies(others.ID)); n != 0 {
		t.Errorf("%d answers in somebody else's thread", n)
	}
}

// Fifty members ask at the same moment, in the same channel and in channels and
// threads of their own. Nobody's history holds a word of anybody else's.
func TestHistoriesNeverMix(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	w.options.GlobalRPS = 1000
	w.start()
	general := w.discord.Channel().ID
	const members = 50
	var all sync.WaitGroup
	for n := range members {
		u := w.discord.AddUser(fmt.Sprintf("member%d", n))
		channel, mention := general, w.mention("")
		switch n % 4 {
		case 1:
			channel = w.discord.AddChannel(w.discord.Guild().ID, fmt.Sprint("room", n)).ID
		case 2:
			channel = w.discord.AddThread(u.ID, general, fmt.Sprint("thread", n)).ID
		case 3:
			channel, mention = w.discord.DM(u.ID).ID, ""
		}
		all.Go(func() {
			m := w.answered(w.discord.Say(u.ID, channel, fmt.Sprintf("%s one word%d", mention, n)).ID)
			w.answered(w.discord.Say(u.ID, channel, fmt.Sprintf("%s two word%d", mention, n), discordtest.ReplyTo(m.ID)).ID)
		})
	}
	all.Wait()
	second := 0
	for _, r := range w.model.Requests() {
		said := strings.Join(shown(r), "\n")
		var who string
		fmt.Sscanf(said[strings.LastIndex(said, " word")+1:], "%s", &who)
		for word := range strings.FieldsSeq(said) {
			if strings.HasPrefix(word, "word") && strings.Trim(word, ".,!?\"'*") != who {
				t.Errorf("%s is in the history of %s: %q", word, who, said)
			}
		}
		if strings.Contains(said, "user: ") && strings.Contains(said, "one ") && strings.Contains(said, "two ") {
			second++
		}
	}
	if second != members {
		t.Errorf("%d second questions came with their first, want %d", second, members)
	}
}

// In some channels every answer gets a thread at its question, however it was
// asked; where none can be opened it stands in the channel.
func TestAnswersInThreads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	general := w.discord.Channel().ID
	w.options.Threads = []string{general}
	w.start()
	ada := w.discord.AddUser("Ada")
	w.model.Queue(llmtest.Script{Text: "In a thread."}, llmtest.Script{Text: "Still there."}, llmtest.Script{Text: "In the channel."})
	asked := w.ask(ada.ID, "where are you?")
	w.message("the answer", func(m discordtest.Message) bool {
		return m.ChannelID == asked.ID && m.Content == "In a thread." && rateable(m)
	})
	w.answered(w.discord.Say(ada.ID, asked.ID, "and now?").ID)
	if n := len(w.replies(general)); n != 0 {
		t.Errorf("%d answers in the channel, want none", n)
	}
	w.discord.SetPermissions(general, discordtest.DefaultPermissions&^discordtest.CreatePublicThreads)
	if m := w.answered(w.ask(ada.ID, "and here?").ID); m.ChannelID != general || m.Content != "In the channel." {
		t.Errorf("without the permission %q in %s", m.Content, m.ChannelID)
	}
}

// A command in a thread follows what was said there, also when it is answered once
// more.
func TestCommandInThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada, bert := w.discord.AddUser("Ada"), w.discord.AddUser("Bert")
	thread := w.discord.AddThread(ada.ID, w.discord.Channel().ID, "ferries").ID
	w.discord.Say(bert.ID, thread, "The ferry is late.")
	m := w.answerTo(w.discord.Command(ada.ID, thread, "ask", map[string]any{"prompt": "why is it?"}))
	for range 2 {
		if got, want := w.lastShown(), []string{"user: Bert: The ferry is late.\nAda: why is it?"}; !slices.Equal(got, want) {
			t.Errorf("the model was shown %q, want %q", got, want)
		}
		m = w.again(ada.ID, m)
	}
}
