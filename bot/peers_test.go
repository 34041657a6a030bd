package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// What was measured to go wrong in other bots. Mixed histories have
// TestHistoriesNeverMix, silence after an error TestEveryFaultIsAnswered, and
// answers that never end TestHowAnswersEnd.

// Sixty people who ask in the same moment all get their own answer, whole,
// although that is more than Discord lets a bot send in a second.
func TestNoAnswerIsLostUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.model.SetAnswer(func(r llmtest.Request) llmtest.Script {
		_, number, _ := strings.Cut(r.LastUser(), "number ")
		return llmtest.Script{Text: strings.Repeat("Going on. ", 250) + "End of " + number + "."} // two messages
	})
	w.start()
	asked := map[string]string{}
	for n := range 60 {
		name := fmt.Sprint("member-", n)
		channel := w.discord.AddChannel(w.discord.Guild().ID, name)
		asked[channel.ID] = fmt.Sprintf("End of %d.", n)
		w.discord.Say(w.discord.AddUser(name).ID, channel.ID, w.mention(fmt.Sprint("number ", n)))
	}
	for channel, want := range asked {
		m := w.message("an answer in every channel", func(m discordtest.Message) bool { return m.ChannelID == channel && rateable(m) })
		if !strings.HasSuffix(m.Content, want) || len(w.replies(channel)) != 2 {
			t.Errorf("%d messages, the last ends in %q, want %q", len(w.replies(channel)), m.Content[max(0, len(m.Content)-20):], want)
		}
	}
}

// A code block that takes more than one message is a block in each of them, in
// its language, also while it is being written.
func TestFencesAreWholeInEveryMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	edits := w.watch(discordtest.KindMessage, discordtest.KindEdit)
	w.start()
	code := strings.Repeat("fmt.Println(\"one more line of code\")\n", 150)
	w.model.Queue(llmtest.Script{Text: "Here:\n```go\n" + code + "```\nThat is all."})
	asked := w.ask(w.discord.AddUser("ada").ID, "write some Go")
	var lines int
	for done := false; !done; {
		m := w.next(edits, "the answer", nil).Data.(discordtest.Message)
		if m.Author.ID != w.discord.Bot().ID {
			continue
		}
		if n := strings.Count(m.Content, "```"); n%2 != 0 {
			t.Errorf("%d fences in %q", n, m.Content)
		}
		done = rateable(m)
	}
	list := w.replies(asked.ChannelID)
	for n, m := range list {
		if n > 0 && strings.Contains(m.Content, "Println") && !strings.HasPrefix(m.Content, "```go\n") {
			t.Errorf("part %d begins with %.20q, want the block to go on", n, m.Content)
		}
		lines += strings.Count(m.Content, "Println")
	}
	if len(list) < 3 || lines != 150 {
		t.Errorf("%d lines of code in %d messages, want 150 in at least 3", lines, len(list))
	}
}

// After a restart every button that is on the screen works: nobody reads "This
// interaction failed".
func TestEveryButtonWorksAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	w.start()
	ada, channel := w.discord.AddUser("ada"), w.discord.Channel().ID
	m := w.answered(w.ask(ada.ID, "what is 2+2?").ID)
	receipt := *answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))).Message
	usual := *answer(t, w, w.discord.Command(ada.ID, channel, "forget-me", nil)).Message
	for _, shown := range []discordtest.Message{m, receipt, usual} {
		for _, row := range shown.Components {
			for _, c := range row.Components {
				w.stop()
				w.start()
				w.alive()
				if _, err := w.discord.Click(ada.ID, shown.ID, c.CustomID).Wait(w.ctx()); err != nil {
					t.Errorf("%s%s after a restart: %v", c.Label, c.Emoji.Name, err)
				}
			}
		}
	}
}
