package bot_test

import (
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// A person who asks where the bot may only read is told in a direct message,
// once; also when all there was to say is a sentence.
func TestAskedWhereTheBotMayNotWrite(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]llmtest.Script{
		"answer": {Text: strings.Repeat("A sentence. ", 20)},
		"notice": llmtest.Error(401, "bad key"),
	} {
		w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
		w.start()
		ada := w.discord.AddUser("ada")
		closed := w.discord.AddChannel(w.discord.Guild().ID, "closed", discordtest.ViewChannel)
		for range 2 {
			w.model.Queue(script)
			w.discord.Say(ada.ID, closed.ID, w.mention("what is 2+2?"))
			w.message("a private sentence", func(m discordtest.Message) bool {
				return m.ChannelID == w.discord.DM(ada.ID).ID && strings.Contains(m.Content, "not allowed to write in <#"+closed.ID+">")
			})
		}
		w.stop()
		if n := len(w.replies(w.discord.DM(ada.ID).ID)); n != 1 {
			t.Errorf("%s: told %d times, want once", name, n)
		}
	}
}

// A question that is more than the model may be shown is answered with a
// sentence, and the model is not asked.
func TestQuestionOverTheLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.ContextTokens = 100
	w.start()
	ada := w.discord.AddUser("ada")
	w.replied(w.ask(ada.ID, strings.Repeat("why? ", 300)).ID, "more text than the model can take")
	if n := len(w.model.Requests()); n != 0 {
		t.Errorf("the model was asked %d times", n)
	}
	w.answered(w.ask(ada.ID, "why?").ID)
}
