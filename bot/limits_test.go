package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
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

// A budget bounds what is spent, also when a crash came between: what was
// reserved before it still counts.
func TestDailyBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	w.options.Limits = bot.Limits{Budget: feedback.Budget{Cost: 1_000_000, MemberTokens: 5000}, PriceInput: 10, PriceOutput: 100, MaxTokens: 1000}
	w.start()
	ada, bert := w.discord.AddUser("Ada"), w.discord.AddUser("Bert")
	w.model.Queue(llmtest.Script{Text: "Cheap.", Usage: &llmtest.Usage{PromptTokens: 1000, CompletionTokens: 500}})
	m := w.answered(w.ask(ada.ID, "one").ID)
	if r := w.response(m.ID); r.Cost != 0.06 {
		t.Errorf("the answer cost $%v, want $0.06", r.Cost)
	}
	w.stop()
	w.start()
	w.model.Queue(llmtest.Script{Text: "Dear.", Usage: &llmtest.Usage{PromptTokens: 200, CompletionTokens: 3000}})
	w.answered(w.ask(ada.ID, "two").ID)
	w.replied(w.ask(ada.ID, "three").ID, "your share of answers for today")
	w.model.Queue(llmtest.Script{Text: "Dearer.", Usage: &llmtest.Usage{PromptTokens: 0, CompletionTokens: 4500}})
	w.answered(w.ask(bert.ID, "four").ID)
	carl := w.discord.AddUser("Carl")
	w.model.Queue(llmtest.Script{Text: "Dearest.", Usage: &llmtest.Usage{PromptTokens: 0, CompletionTokens: 1000}})
	w.answered(w.ask(carl.ID, "five").ID)
	w.replied(w.ask(carl.ID, "six").ID, "all that I may for today")
	if n := len(w.model.Requests()); n != 4 {
		t.Errorf("the model was asked %d times, want 4", n)
	}
	if err := w.discord.WaitCommand(w.ctx(), "usage"); err != nil {
		t.Fatal(err)
	}
	a, err := w.discord.Command(ada.ID, w.discord.Channel().ID, "usage", nil).Wait(w.ctx())
	if err != nil || a.Message == nil || !a.Message.Ephemeral() || !strings.Contains(a.Message.Content, "**You** today: 2 questions, 4,700 tokens, $0.36.") || strings.Contains(a.Message.Content, "This server") {
		t.Errorf("/usage = %+v, %v", a, err)
	}
}
