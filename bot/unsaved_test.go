package bot_test

import (
	"context"
	"database/sql"
	"strings"
	"sync/atomic"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/llm/llmtest"
)

// lock keeps everybody else from writing the database until the returned
// function is called.
func (w *world) lock() (release func()) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN EXCLUSIVE"); err != nil {
		w.t.Fatal(err)
	}
	return func() {
		if err := db.Close(); err != nil {
			w.t.Error(err)
		}
	}
}

// A vote that the database takes late is acknowledged in time without a word,
// and the receipt follows only when the vote is saved.
func TestLateDatabase(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainNegative)
	open := w.discord.Click(ada.ID, m.ID, thumb(m, 1))
	answer(t, w, open)
	bert := w.discord.AddUser("bert")
	release := w.lock()
	vote := w.discord.Click(bert.ID, m.ID, thumb(m, 1))
	form := w.discord.Submit(ada.ID, open, map[string]string{"explanation": "late"})
	for _, i := range []*discordtest.Interaction{vote, form} {
		if a := answer(t, w, i); a.Type != 5 || !a.Message.Ephemeral() {
			t.Errorf("a late click was acknowledged with type %d, want a deferred message for the person alone", a.Type)
		}
	}
	release()
	for user, says := range map[string]string{bert.ID: "Saved", ada.ID: "late"} {
		if _, err := w.discord.WaitEphemeral(w.ctx(), user, func(m discordtest.Message) bool {
			return strings.Contains(m.Content, says)
		}); err != nil {
			t.Errorf("no receipt with %s: %v", says, err)
		}
	}
	if got, err := w.vote(bert.ID, m.ID); err != nil || got.Rating != 1 {
		t.Errorf("stored %+v, %v, want the late vote", got, err)
	}
}

// A vote that the database never takes is said to be not saved, and is not
// saved later on.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainNegative)
	release := w.lock()
	if a := answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))); a.Type != 5 {
		t.Errorf("acknowledged with type %d, want 5", a.Type)
	}
	_, err := w.discord.WaitEphemeral(w.ctx(), ada.ID, func(m discordtest.Message) bool {
		return strings.Contains(m.Content, "not saved")
	})
	if err != nil {
		t.Errorf("the person was not told: %v", err)
	}
	release()
	if err := w.store.Ping(w.ctx()); err != nil {
		t.Fatal(err)
	}
	if got, err := w.vote(ada.ID, m.ID); err == nil {
		t.Errorf("stored %+v although the person was told otherwise", got)
	}
}

// With a database that is gone, a question is answered without buttons, and a
// click is told that it was not saved.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainNegative)
	if err := w.shut(); err != nil {
		t.Fatal(err)
	}
	if a := answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))); !strings.Contains(a.Message.Content, "not saved") {
		t.Errorf("a click = %q, want that it was not saved", a.Message.Content)
	}
	asked := w.ask(ada.ID, "what is 5+5?")
	w.discord.Duplicate(3)
	direct := w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "what is 6+6?")
	for id, want := range map[string]string{asked.ID: "10", direct.ID: "12"} {
		if got := w.replied(id, want); rateable(got) {
			t.Errorf("an answer that is not stored has %d rows of buttons, want none", len(got.Components))
		}
	}
	w.stop()
	if n := len(w.replies(direct.ChannelID)); n != 1 {
		t.Errorf("%d answers to one question, want 1", n)
	}
}

// A database that goes away in the middle of an answer leaves an answer
// without buttons.
func TestDatabaseGoneWhileAnswering(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	gone := make(chan struct{})
	w.model.Queue(llmtest.Script{Tokens: []string{"It begins here, and goes on for a while,", " until it ends."}, Hold: gone})
	asked := w.ask(w.discord.AddUser("ada").ID, "tell me")
	w.replied(asked.ID, "begins")
	if err := w.shut(); err != nil {
		t.Fatal(err)
	}
	close(gone)
	if m := w.replied(asked.ID, "until it ends"); rateable(m) {
		t.Errorf("an answer that is not stored has %d rows of buttons, want none", len(m.Components))
	}
}

// panicky is a store with a bug: it panics whenever it is asked to.
type panicky struct {
	*feedback.Store
	now *atomic.Bool
}

func (p panicky) Vote(ctx context.Context, v feedback.Vote) (feedback.Submission, feedback.Outcome, error) {
	p.check()
	return p.Store.Vote(ctx, v)
}

func (p panicky) Submission(ctx context.Context, id string, r feedback.Rater, s feedback.Source) (feedback.Submission, error) {
	p.check()
	return p.Store.Submission(ctx, id, r, s)
}

func (p panicky) Take(ctx context.Context, a feedback.Ask) (bool, error) {
	p.check()
	return p.Store.Take(ctx, a)
}

func (p panicky) check() {
	if p.now.Load() {
		panic("a bug")
	}
}

// A panic while a click or a question is handled does not end the process; the
// person who clicked is told that something went wrong.
func TestPanicIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.Explain = bot.ExplainAsk
	w.panics = new(atomic.Bool)
	w.start()
	ada := w.discord.AddUser("ada")
	m := w.answered(w.ask(ada.ID, "what is 2+2?").ID)
	receipt := answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))).Message
	w.panics.Store(true)
	w.ask(ada.ID, "what is 3+3?")
	for name, i := range map[string]*discordtest.Interaction{
		"vote":    w.discord.Click(ada.ID, m.ID, star(m, 2)),
		"explain": w.discord.Click(ada.ID, receipt.ID, button(t, receipt, "Explain")),
		"/ask":    w.discord.Command(ada.ID, w.discord.DM(ada.ID).ID, "ask", map[string]any{"prompt": "what is 4+4?"}),
	} {
		a := answer(t, w, i)
		if name != "/ask" && !strings.Contains(a.Message.Content, "went wrong") && !strings.Contains(a.Message.Content, "not saved") {
			t.Errorf("%s with a panic = %q, want an apology", name, a.Message.Content)
		}
	}
	w.panics.Store(false)
	if a := answer(t, w, w.discord.Click(ada.ID, m.ID, star(m, 2))); !strings.Contains(a.Message.Content, "Changed") {
		t.Errorf("a vote after the panic = %q, want Changed", a.Message.Content)
	}
}
