package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// When all slots are taken people are told to wait, and that sentence becomes
// their answer. Somebody who has asked a lot does not keep others waiting.
func TestFairTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	w.options.Limits = bot.Limits{AtOnce: 2}
	w.start()
	greedy, modest := w.discord.AddUser("Greedy"), w.discord.AddUser("Modest")
	posted := w.watch(discordtest.KindMessage)
	holds := []chan struct{}{make(chan struct{}), make(chan struct{})}
	for n := range 4 { // two answers, and the two that come after them
		w.model.Queue(llmtest.Script{Text: "A slow answer.", Hold: holds[n/2]})
	}
	for n := range 6 {
		w.ask(greedy.ID, fmt.Sprint("question ", n))
	}
	for range 4 {
		w.next(posted, "a sentence to wait", func(e discordtest.Event) bool {
			return strings.Contains(e.Data.(discordtest.Message).Content, "as soon as it is your turn")
		})
	}
	fair := w.ask(modest.ID, "only this")
	w.replied(fair.ID, "your turn")
	close(holds[0])
	asked, err := w.model.WaitRequests(w.ctx(), 4)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(asked, func(r llmtest.Request) bool { return strings.Contains(r.LastUser(), "only this") }) {
		t.Error("the modest member waits although two slots became free")
	}
	close(holds[1])
	for _, m := range w.replies(fair.ChannelID) {
		w.answered(m.MessageReference.MessageID)
	}
	if n := len(w.replies(fair.ChannelID)); n != 7 {
		t.Errorf("%d messages, want 7: the sentence to wait becomes the answer", n)
	}
	for _, m := range w.replies(fair.ChannelID) {
		if strings.Contains(m.Content, "your turn") {
			t.Errorf("still waiting: %q", m.Content)
		}
	}
}
