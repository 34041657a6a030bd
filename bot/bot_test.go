package bot_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/llm"
	"feedbackbot/llm/llmtest"
)

// world is a bot between a fake Discord and a scripted model, on real sockets
// and a real database.
type world struct {
	t       *testing.T
	discord *discordtest.Server
	model   *llmtest.Server
	store   *feedback.Store
	path    string
	options bot.Options
	stop    context.CancelFunc
	ended   chan error
}

func newWorld(t *testing.T, discord discordtest.Options) *world {
	t.Helper()
	d, err := discordtest.New(discord)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	m, err := llmtest.New(llmtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	w := &world{t: t, discord: d, model: m, path: filepath.Join(t.TempDir(), "feedback.db")}
	w.options = bot.Options{Token: "test-token", APIURL: d.URL(), GlobalRPS: 50, SystemPrompt: "Be kind on {server}.",
		ContextTokens: 4000, MessageContent: bot.ContentAuto, Buttons: bot.ThumbsAndStars, Raters: bot.Everyone,
		Explain: bot.ExplainNegative, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))}
	return w
}

// start runs a bot until the test ends or stop is called.
func (w *world) start() {
	w.t.Helper()
	store, err := feedback.Open(w.t.Context(), "sqlite:"+w.path, feedback.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = store
	client, err := llm.New(llm.Options{BaseURL: w.model.URL(), Key: "test-key", Model: "scripted"})
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := bot.New(w.options, store, client)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.ended = make(chan error, 1)
	go func() { w.ended <- b.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-w.ended; err != nil {
			w.t.Errorf("Run() = %v, want nil", err)
		}
		if err := store.Close(); err != nil {
			w.t.Error(err)
		}
		w.stop = func() {}
	}
	w.t.Cleanup(func() { w.stop() })
	if err := w.discord.WaitCommand(w.ctx(), "ask"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	w.t.Cleanup(cancel)
	return ctx
}

// answered waits for the answer to a message: one with buttons.
func (w *world) answered(to string) discordtest.Message {
	w.t.Helper()
	m, err := w.discord.WaitMessage(w.ctx(), func(m discordtest.Message) bool {
		return m.Author.Bot && len(m.Components) > 0 && m.MessageReference != nil && m.MessageReference.MessageID == to
	})
	if err != nil {
		w.t.Fatalf("no answer to %s: %v", to, err)
	}
	return m
}

func (w *world) mention(text string) string { return "<@" + w.discord.Bot().ID + "> " + text }

func TestMentionIsAnsweredAndRated(t *testing.T) {
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada := w.discord.AddUser("ada")
	asked := w.discord.Say(ada.ID, w.discord.Channel().ID, w.mention("what is 2+2?"))
	m := w.answered(asked.ID)
	t.Log(m.Content)
	if !strings.Contains(m.Content, "4") {
		t.Errorf("answer = %q, want one with 4", m.Content)
	}
	a, err := w.discord.Click(ada.ID, m.ID, m.Components[0].Components[0].CustomID).Wait(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	if a.Type != 4 {
		t.Errorf("answer type %d, want 4", a.Type)
	}
	t.Log(a.Message.Content)
	for _, p := range w.discord.Problems() {
		t.Error(p)
	}
}
