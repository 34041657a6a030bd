package bot_test

import (
	"strings"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// Where the bot may not even look, a command's answer goes the way the command
// came: all parts of it, their edits and the buttons; and so it is taken back.
func TestAskWhereTheBotMayNotLook(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("It was all kind. ", 300)
	for _, test := range []struct{ name, end string }{
		{"answered", "The end."},
		{"flagged", llmtest.FlaggedWord},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{})
			w.options.Moderation = bot.Moderation{On: true}
			w.start()
			ada, hidden := w.discord.AddUser("Ada").ID, w.discord.AddChannel(w.discord.Guild().ID, "hidden", discordtest.SendMessages).ID
			w.discord.SetPermissions(hidden, 0)
			shownSoFar := make(chan struct{})
			w.model.Queue(llmtest.Script{Tokens: []string{long, test.end}, Hold: shownSoFar})
			w.discord.Command(ada, hidden, "ask", map[string]any{"prompt": "tell me more"})
			w.message("another part", func(m discordtest.Message) bool { return len(w.replies(hidden)) > 1 })
			close(shownSoFar)
			w.message("its end", func(m discordtest.Message) bool {
				return m.ChannelID == hidden && (rateable(m) && strings.Contains(m.Content, "The end.") || strings.Contains(m.Content, "I've taken my answer back"))
			})
			w.stop()
			shown := ""
			for _, m := range w.replies(hidden) {
				shown += m.Content
			}
			if want := strings.Count(long, "kind"); test.name == "answered" && strings.Count(shown, "kind") != want {
				t.Errorf("%d sentences of the answer are shown, want %d", strings.Count(shown, "kind"), want)
			}
			if test.name == "flagged" && strings.Contains(shown, "kind") {
				t.Errorf("a part of the flagged answer is still there: %.40q", shown)
			}
		})
	}
}
