package bot_test

import (
	"strings"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// What is flagged is not answered, an answer that is flagged is taken back, and
// the moderators learn where to look.
func TestModeration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	moderators := w.discord.AddChannel(w.discord.Guild().ID, "moderators").ID
	w.options.Moderation = bot.Moderation{On: true, Channel: moderators}
	w.start()
	ada := w.discord.AddUser("Ada")
	report := func(what, messageID string) {
		t.Helper()
		w.message("a report of a flagged "+what, func(m discordtest.Message) bool {
			return m.ChannelID == moderators && strings.Contains(m.Content, "flagged "+what+" (harassment)") && strings.HasSuffix(m.Content, "/"+messageID) &&
				!strings.Contains(m.Content, llmtest.FlaggedWord)
		})
	}
	asked := w.ask(ada.ID, "tell me a "+llmtest.FlaggedWord)
	w.replied(asked.ID, "I can't answer that")
	report("question", asked.ID)
	if n := len(w.model.Requests()); n != 0 {
		t.Errorf("the model was asked %d times", n)
	}
	w.model.Queue(llmtest.Script{Text: strings.Repeat("It was all kind. ", 200) + llmtest.FlaggedWord})
	asked = w.ask(ada.ID, "tell me more")
	back := w.replied(asked.ID, "I've taken my answer back")
	report("answer", asked.ID)
	if rateable(back) {
		t.Error("an answer that was taken back can be rated")
	}
	if m := w.answered(w.ask(ada.ID, "what is 2+2?").ID); m.Content == "" {
		t.Error("no answer")
	}
	for _, m := range w.replies(asked.ChannelID) {
		if strings.Contains(m.Content, "all kind") {
			t.Errorf("a part of the flagged answer is still there: %.40q", m.Content)
		}
	}
}

// What a file or a quoted message says is judged as well.
func TestModerationOfWhatIsBroughtAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.Moderation = bot.Moderation{On: true}
	w.start()
	ada, general := w.discord.AddUser("Ada"), w.discord.Channel().ID
	for name, asked := range map[string]discordtest.Message{
		"a file": w.discord.Say(ada.ID, general, w.mention("see this"), attach("message.txt", []byte("all about "+llmtest.FlaggedWord))),
		"a quoted message": w.discord.Say(ada.ID, general, w.mention("translate this"),
			discordtest.ReplyTo(w.discord.Say(ada.ID, general, "it is "+llmtest.FlaggedWord).ID)),
	} {
		if m := w.replied(asked.ID, "I can't answer that"); rateable(m) {
			t.Errorf("%s: a refusal has buttons", name)
		}
	}
	if n := len(w.model.Requests()); n != 0 {
		t.Errorf("the model was asked %d times", n)
	}
}
