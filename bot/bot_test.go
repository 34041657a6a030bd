package bot_test

import (
	"cmp"
	"context"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
	"feedbackbot/llm"
	"feedbackbot/llm/llmtest"
)

// TestMain lets the tests wait side by side, for they wait more than they
// compute. It also turns this binary into the bot that the benchmarks measure.
func TestMain(m *testing.M) {
	if os.Getenv(childDiscord) != "" {
		runChild()
	}
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		if err := flag.Set("test.parallel", "40"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// Secrets that must never leave the process through a log or an error. The
// fake's interaction tokens all begin with the last one.
const (
	discordToken = "canary-discord-token"
	modelKey     = "canary-model-key"
	clickToken   = "aW50ZXJhY3Rpb246"
)

// patience bounds every wait of a test.
const patience = 2 * time.Minute

// rateable reports whether vote buttons stand under a message, as they do under
// the last one of an answer that is complete.
func rateable(m discordtest.Message) bool {
	for _, row := range m.Components {
		for _, c := range row.Components {
			if strings.HasPrefix(c.CustomID, "fb1:up:") || strings.HasPrefix(c.CustomID, "fb1:star1:") {
				return true
			}
		}
	}
	return false
}

// world is a bot between a fake Discord and a scripted model, on real sockets
// and a real database. When the test ends, Discord must have had nothing to
// complain about, and no log line may hold a secret.
type world struct {
	t         testing.TB
	discord   *discordtest.Server
	model     *llmtest.Server
	options   bot.Options
	llm       llm.Options
	path      string // of the database
	database  string // URL of a Postgres, "" for the file
	logs      *lines
	allowed   []string                  // problems that the test provokes
	validated bool                      // every body is held against Discord's OpenAPI document
	before    func(method string) error // called before some methods of the store, if set
	commit    time.Duration             // how long a click waits for the database

	bot    *bot.Bot // of the latest start, as all below
	store  *store.Store
	ended  chan error
	cancel context.CancelFunc // asks Run to end
	stop   func()
	shut   func() error // closes the store, once
}

func newWorld(t testing.TB, options discordtest.Options) *world {
	t.Helper()
	options.Token = discordToken
	options.AckTimeout = cmp.Or(options.AckTimeout, patience)
	options.IdentifyWindow = cmp.Or(options.IdentifyWindow, -1) // on a slow machine the bot is not as late as it seems
	options.OpenAPI = os.Getenv("DISCORD_OPENAPI")
	d, err := discordtest.New(options)
	if err != nil {
		t.Fatal(err)
	}
	m, err := llmtest.New(llmtest.Options{Key: modelKey, Template: llmtest.Alternating})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, discord: d, model: m, path: filepath.Join(t.TempDir(), "feedback.db"), logs: &lines{out: t.Output()}}
	w.options = bot.Options{Token: discordToken, APIURL: d.URL(), GlobalRPS: 50, SystemPrompt: "Be kind.",
		ContextTokens: 4000, MessageContent: bot.ContentAuto, Buttons: bot.ThumbsAndStars, Raters: bot.Everyone,
		Explain: bot.ExplainNegative, Log: slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	w.llm = llm.Options{BaseURL: m.URL(), Key: modelKey, Model: "scripted"}
	w.stop, w.validated, w.commit = func() {}, options.OpenAPI != "", patience
	t.Cleanup(func() {
		w.stop()
		m.Close()
		d.Close()
		w.judge()
	})
	return w
}

// judge is how every test with a world ends.
func (w *world) judge() {
	for _, p := range w.discord.Problems() {
		if !slices.ContainsFunc(w.allowed, func(a string) bool { return strings.Contains(p, a) }) {
			w.t.Errorf("Discord's problem: %s", p)
		}
	}
	for _, secret := range []string{discordToken, modelKey, clickToken} {
		if strings.Contains(w.logs.String(), secret) {
			w.t.Errorf("the log holds %s", secret)
		}
	}
}

// open opens the database as the bot will.
func (w *world) open() *store.Store {
	w.t.Helper()
	s, err := store.Open(context.Background(), cmp.Or(w.database, "sqlite:"+w.path), store.Options{NoText: w.options.NoText})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// boot runs a bot without waiting for anything.
func (w *world) boot() {
	w.t.Helper()
	w.store = w.open()
	w.shut = sync.OnceValue(w.store.Close)
	shut := w.shut
	var client *llm.Models
	usual, err := llm.New(w.llm)
	if err == nil {
		other := w.llm
		other.Model = "another"
		var second *llm.Client
		second, err = llm.New(other)
		client = llm.NewModels(nil, usual, second)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	switch {
	case w.before != nil:
		w.bot, err = bot.New(w.options, meddled{unhurried{w.store}, w.before}, client)
	case w.commit < patience:
		w.bot, err = bot.New(w.options, w.store, client)
	default:
		w.bot, err = bot.New(w.options, unhurried{w.store}, client)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	bot.SetCommitBudget(w.bot, w.commit)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	w.ended, w.cancel = ended, cancel
	b := w.bot
	go func() { ended <- b.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("Run() = %v, want nil", err)
		}
		if err := shut(); err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(w.stop)
}

// start runs a bot until the test ends or stop is called, and returns when it
// is connected and has registered its commands.
func (w *world) start() {
	w.t.Helper()
	identified := w.watch(discordtest.KindIdentify)
	w.boot()
	w.next(identified, "an IDENTIFY", nil)
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for ctx := w.ctx(); w.bot.Ready() != nil; <-look.C { // what happens before READY is not announced
		if ctx.Err() != nil {
			w.t.Fatal("the bot never became ready")
		}
	}
	if err := w.discord.WaitCommand(w.ctx(), "ask"); err != nil {
		w.t.Fatal(err)
	}
}

// fails waits for Run to end by itself, and returns its error.
func (w *world) fails() error {
	w.t.Helper()
	w.stop = func() {}
	select {
	case err := <-w.ended:
		w.ended <- nil // for stop
		return err
	case <-w.ctx().Done():
		w.t.Fatal("Run did not end")
		return nil
	}
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

// watch collects what happens at Discord from now on.
func (w *world) watch(kinds ...string) <-chan discordtest.Event {
	events := make(chan discordtest.Event, 1<<14)
	w.t.Cleanup(w.discord.Subscribe(func(e discordtest.Event) {
		if slices.Contains(kinds, e.Kind) {
			events <- e
		}
	}))
	return events
}

// next returns the next event that matches; nil matches all.
func (w *world) next(events <-chan discordtest.Event, what string, match func(discordtest.Event) bool) discordtest.Event {
	w.t.Helper()
	ctx := w.ctx()
	for {
		select {
		case e := <-events:
			if match == nil || match(e) {
				return e
			}
		case <-ctx.Done():
			w.t.Fatalf("there was never %s", what)
		}
	}
}

// message waits for a message of the bot.
func (w *world) message(what string, match func(discordtest.Message) bool) discordtest.Message {
	w.t.Helper()
	m, err := w.discord.WaitMessage(w.ctx(), func(m discordtest.Message) bool {
		return m.Author.ID == w.discord.Bot().ID && match(m)
	})
	if err != nil {
		w.t.Fatalf("the bot never showed %s: %v", what, err)
	}
	return m
}

func refersTo(m discordtest.Message, id string) bool {
	return m.MessageReference != nil && m.MessageReference.MessageID == id
}

// answered waits for the complete answer to a message: one with buttons.
func (w *world) answered(to string) discordtest.Message {
	w.t.Helper()
	return w.message("an answer with buttons", func(m discordtest.Message) bool { return refersTo(m, to) && rateable(m) })
}

// replied waits for a reply to a message that says so much.
func (w *world) replied(to, text string) discordtest.Message {
	w.t.Helper()
	return w.message("a reply with "+text, func(m discordtest.Message) bool {
		return refersTo(m, to) && strings.Contains(m.Content, text)
	})
}

// replies are the bot's public messages in a channel.
func (w *world) replies(channelID string) (list []discordtest.Message) {
	for _, m := range w.discord.Messages(channelID, "") {
		if m.Author.ID == w.discord.Bot().ID {
			list = append(list, m)
		}
	}
	return list
}

// ask mentions the bot in the first channel.
func (w *world) ask(userID, text string) discordtest.Message {
	return w.discord.Say(userID, w.discord.Channel().ID, w.mention(text))
}

func (w *world) mention(text string) string { return "<@" + w.discord.Bot().ID + "> " + text }

// response waits until the question is done with, and returns what is stored
// about the answer that a message shows.
func (w *world) response(messageID string) feedback.Response {
	w.t.Helper()
	r, err := w.store.ResponseByMessage(w.ctx(), messageID)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// requests counts the requests of a method to a path that ends so.
func (w *world) requests(method, route string) (n int) {
	for _, r := range w.discord.Requests() {
		if r.Method == method && r.Route == route {
			n++
		}
	}
	return n
}
