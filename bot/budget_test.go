package bot_test

import (
	"strings"
	"testing"
	"time"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/llm/llmtest"
)

// A budget bounds what is spent, also when a crash came between: what was
// reserved before it still counts.
func TestDailyBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	noon := time.Now().Truncate(24 * time.Hour).Add(12 * time.Hour) // no day ends meanwhile
	w.options.Spending = bot.Spending{Now: func() time.Time { return noon }, Budget: feedback.Budget{Cost: 1_000_000, MemberTokens: 5000}, PriceInput: 10, PriceOutput: 100, MaxTokens: 1000}
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
