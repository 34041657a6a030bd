package bot_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

// inAHurry starts the bot anew, so that its clicks wait for nothing that is not
// there at once, and its writes only as long as in earnest.
func (w *world) inAHurry() {
	w.t.Helper()
	w.stop()
	w.commit = time.Millisecond
	w.start()
}

// A vote that the database takes late is acknowledged in time without a word,
// and the receipt follows only when the vote is saved.
func TestLateDatabase(t *testing.T) {
	t.Parallel()
	w, ada, m := rated(t, bot.ExplainNegative)
	open := w.discord.Click(ada.ID, m.ID, thumb(m, 1))
	answer(t, w, open)
	bert := w.discord.AddUser("bert")
	w.inAHurry()
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
	w.inAHurry()
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

// meddled is a store that calls a function before some of its methods, which may
// fail in their place.
type meddled struct {
	unhurried
	before func(method string) error
}

func (m meddled) Vote(ctx context.Context, v feedback.Vote) (feedback.Submission, feedback.Outcome, error) {
	if err := m.before("Vote"); err != nil {
		return feedback.Submission{}, "", err
	}
	return m.unhurried.Vote(ctx, v)
}

func (m meddled) Submission(ctx context.Context, id string, r feedback.Rater, s feedback.Source) (feedback.Submission, error) {
	if err := m.before("Submission"); err != nil {
		return feedback.Submission{}, err
	}
	return m.unhurried.Submission(ctx, id, r, s)
}

func (m meddled) Take(ctx context.Context, a feedback.Ask) (bool, error) {
	if err := m.before("Take"); err != nil {
		return false, err
	}
	return m.unhurried.Take(ctx, a)
}

func (m meddled) Posted(ctx context.Context, a feedback.Ask, messageID string, part int) error {
	if err := m.before("Posted"); err != nil {
		return err
	}
	return m.unhurried.Posted(ctx, a, messageID, part)
}

func (m meddled) Monitor(ctx context.Context, r feedback.Response) error {
	if err := m.before("Monitor"); err != nil {
		return err
	}
	return m.unhurried.Monitor(ctx, r)
}

func (m meddled) Response(ctx context.Context, id string) (feedback.Response, error) {
	if err := m.before("Response"); err != nil {
		return feedback.Response{}, err
	}
	return m.unhurried.Response(ctx, id)
}

func (m meddled) Unfinished(ctx context.Context) ([]feedback.Ask, error) {
	if err := m.before("Unfinished"); err != nil {
		return nil, err
	}
	return m.unhurried.Unfinished(ctx)
}

func (m meddled) RecentPlaces(ctx context.Context, direct bool, n int) ([]feedback.Place, error) {
	if err := m.before("RecentPlaces"); err != nil {
		return nil, err
	}
	return m.unhurried.RecentPlaces(ctx, direct, n)
}

func (m meddled) Setting(ctx context.Context, name string) (string, error) {
	if err := m.before("Setting"); err != nil {
		return "", err
	}
	return m.unhurried.Setting(ctx, name)
}

var errAway = errors.New("the database is away")

// failing lets the first n calls of each of these methods fail, and says which
// did not happen.
func failing(n int, methods ...string) (before func(string) error, left func() []string) {
	var mu sync.Mutex
	calls := map[string]int{}
	return func(method string) error {
			mu.Lock()
			defer mu.Unlock()
			if calls[method]++; calls[method] <= n && slices.Contains(methods, method) {
				return errAway
			}
			return nil
		}, func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.DeleteFunc(slices.Clone(methods), func(m string) bool { return calls[m] >= n })
		}
}

// An answer that cannot be stored is shown at once, and gets its buttons when it
// has been stored.
func TestStoredLate(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"Take", "Posted", "Monitor"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{})
			w.before, _ = failing(2, method)
			shown := w.watch(discordtest.KindMessage, discordtest.KindEdit)
			w.start()
			ada := w.discord.AddUser("ada")
			asked := w.ask(ada.ID, "what is 2+2?")
			first := w.next(shown, "the answer", func(e discordtest.Event) bool {
				m := e.Data.(discordtest.Message)
				return m.Author.Bot && strings.Contains(m.Content, "4")
			}).Data.(discordtest.Message)
			if rateable(first) {
				t.Error("an answer has buttons before it is stored")
			}
			m := w.answered(asked.ID)
			if a := answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))); !strings.Contains(a.Message.Content, "Saved") {
				t.Errorf("a vote = %q, want it saved", a.Message.Content)
			}
			w.stop()
			if n := len(w.replies(asked.ChannelID)); n != 1 {
				t.Errorf("%d replies, want 1", n)
			}
			if left, err := w.open().Unfinished(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("Unfinished() = %v, %v, want none", left, err)
			}
		})
	}
}

// A panic while a click or a question is handled does not end the process; the
// person who clicked is told that something went wrong.
func TestPanicIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.Explain = bot.ExplainAsk
	var broken atomic.Bool
	w.before = func(string) error {
		if broken.Load() {
			panic("a bug")
		}
		return nil
	}
	w.start()
	ada := w.discord.AddUser("ada")
	m := w.answered(w.ask(ada.ID, "what is 2+2?").ID)
	receipt := answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))).Message
	broken.Store(true)
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
	broken.Store(false)
	if a := answer(t, w, w.discord.Click(ada.ID, m.ID, star(m, 2))); !strings.Contains(a.Message.Content, "Changed") {
		t.Errorf("a vote after the panic = %q, want Changed", a.Message.Content)
	}
}
