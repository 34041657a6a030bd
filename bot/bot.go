// Package bot is everything Discord: it takes questions, streams a model's
// answers, puts vote buttons under them and turns clicks into feedback.
//
// An answer goes from [Bot.onMessage] through answer.go and reply.go; a click
// from [Bot.onClick] through vote.go. Every request to Discord leaves through
// outgoing.go, where it is made safe, paced and repeated; every event comes in
// through gateway.go. What must outlive the process is in the store before
// anybody is told about it.
package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/files"
	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// Options configure a [Bot].
type Options struct {
	Token          string
	APIURL         string // base of all requests, https://discord.com/api/v10 or a proxy
	GlobalRPS      int    // requests a second, outside interactions
	Shards         Shards
	MessageContent MessageContent
	SystemPrompt   string // may name {date} and {server}
	ContextTokens  int    // how much of a conversation the model is shown
	Pictures       bool   // the model takes pictures
	Access         Access
	Threads        []string // channels and categories where every answer gets a thread
	Limits         Limits
	Spending       Spending
	Retention      feedback.Retention
	NoText         bool // the store keeps no texts
	Moderation     Moderation
	Backends       []string // names of those that get answers and votes, for /privacy
	Review         Review   // opens the reviewers' pages; nil when there are none
	Buttons        Buttons
	Raters         Raters
	Explain        Explain
	Metrics        prometheus.Registerer // nil for none
	Log            *slog.Logger          // nil discards
}

// database is what the bot needs to be kept.
type database interface {
	journal
	memory
	ballots
	keeper
	ledger
	archive
	forgetter
	threadStore
	choices
	locker
}

// model answers questions.
type model interface {
	Stream(ctx context.Context, name string, conversation []llm.Message, onText func(piece string, anew bool)) (llm.Answer, error)
	Host() string    // of the usual model's provider
	Model() string   // the usual model's name
	Names() []string // of all that are offered
}

// keeper keeps small things, and turns people into pseudonyms.
type keeper interface {
	Rater(userID string) feedback.Rater
	Setting(ctx context.Context, name string) (string, error)
	SetSetting(ctx context.Context, name, value string) error
}

// Bot connects one Discord application to one model and one store.
type Bot struct {
	options Options
	store   database
	model   model
	out     *discord.Client
	metrics *metrics
	log     *slog.Logger

	made         time.Time
	me           discord.User // the bot's own account
	appID        string       // its application
	commitBudget time.Duration

	clicks       chan click
	flights      *flights
	places       *places
	roles        *roles
	fetch        *files.Fetcher
	forms        *fleeting[aboutForm]
	warned       *fleeting[bool]   // people who were told that the bot may not write somewhere
	takenBack    *fleeting[bool]   // messages of answers that turned out to be shorter
	commandTexts *fleeting[string] // questions of commands, by interaction, when the store keeps no text
	sightless    sync.Map          // models that turned out to take no pictures
	commandFiles *fleeting[[]discord.Attachment]
	slots        *slots
	asked        hourly
	seen         *recent
	started      atomic.Bool
	running      sync.WaitGroup // what begin has begun
	fatal        chan error

	// What is under way ends in this order: a stop ends intake at once, models
	// when answers have had their time, and requests at the very end.
	intake   context.Context // of what the next start can do as well
	models   context.Context // of what asks the model
	requests context.Context // of requests to Discord and the store

	mu      sync.Mutex
	guilds  map[string]string // name by id
	shards  []*discord.Gateway
	total   int                 // of shards, in all processes
	stopped bool                // nothing new is begun
	missing map[int]time.Time   // since when a shard may have missed messages
	behind  map[int][]time.Time // since when a shard's missed messages are being fetched
}

const (
	// clickWorkers handle interactions; they mostly wait for one shared commit.
	clickWorkers = 256
	// maxClicks may wait for a worker. Each is a kilobyte or two.
	maxClicks = 20_000
	// answersGrace is how long answers in flight may go on after a stop, and
	// requestsGrace how long there is to show what they came to. With the deliveries
	// after it, a stop takes less than 20 s.
	answersGrace  = 10 * time.Second
	requestsGrace = 14 * time.Second
)

// ErrConfiguration is wrapped by errors that only a change of the configuration
// can mend.
var ErrConfiguration = discord.ErrConfiguration

// New returns a bot that is ready to run.
func New(options Options, store database, model model) (*Bot, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	b := &Bot{
		options: options, store: store, model: model, log: options.Log, made: time.Now(), commitBudget: commitBudget,
		metrics:      newMetrics(options.Metrics),
		clicks:       make(chan click, maxClicks),
		flights:      newFlights(),
		places:       newPlaces(),
		roles:        newRoles(),
		slots:        newSlots(options.Limits.AtOnce),
		fetch:        files.NewFetcher(options.APIURL, discord.UserAgent),
		forms:        newFleeting[aboutForm](),
		warned:       newFleeting[bool](),
		takenBack:    newFleeting[bool](),
		commandTexts: newFleeting[string](),
		commandFiles: newFleeting[[]discord.Attachment](),
		seen:         newRecent(10_000),
		fatal:        make(chan error, 1),
		guilds:       map[string]string{},
		missing:      map[int]time.Time{},
		behind:       map[int][]time.Time{},
	}
	var err error
	b.out, err = discord.New(discord.Options{BaseURL: options.APIURL, Token: options.Token, GlobalRPS: options.GlobalRPS,
		Metrics: options.Metrics, Log: options.Log,
		Refused: func(err error) {
			b.fail(fmt.Errorf("%s: %w", discord.BadToken, errors.Join(discord.ErrConfiguration, err)))
		}})
	return b, err
}

// Run answers and takes votes until ctx ends, then finishes what is under way
// and returns nil. It returns an error that wraps [ErrConfiguration] when
// Discord refuses for good.
func (b *Bot) Run(ctx context.Context) error {
	requests, endRequests := context.WithCancelCause(context.WithoutCancel(ctx))
	defer endRequests(nil)
	models, endModels := context.WithCancelCause(requests)
	defer endModels(nil)
	intake, endIntake := context.WithCancel(models)
	defer endIntake()
	b.requests, b.models, b.intake = requests, models, intake

	var shards []*discord.Gateway
	err := b.identifyMyself(ctx)
	if err == nil {
		shards, err = b.planShards(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return nil // stopped before anything began
	case err != nil:
		return err
	}
	var clickers, gateways sync.WaitGroup
	for range clickWorkers {
		clickers.Go(func() { b.handleClicks() })
	}
	online, goOffline := context.WithCancel(requests)
	defer goOffline()
	for _, g := range shards {
		gateways.Go(func() {
			if err := b.runShard(online, g); err != nil {
				b.fail(err)
			}
		})
	}
	b.started.Store(true)
	gateways.Go(func() { b.keepAlive(online) })

	select {
	case <-ctx.Done():
		err = nil
	case err = <-b.fatal:
	}
	b.stop()
	endIntake()
	b.log.Info("stopping: finishing the answers under way")
	endModelsLater := time.AfterFunc(answersGrace, func() { endModels(errStopping) })
	endRequestsLater := time.AfterFunc(requestsGrace, func() { endRequests(errStopping) })
	if err != nil {
		endModels(errStopping) // nothing can be shown any more
		endRequests(errStopping)
	}
	b.running.Wait()
	endModelsLater.Stop()
	goOffline()
	gateways.Wait()
	close(b.clicks)
	clickers.Wait()
	endRequestsLater.Stop()
	return err
}

var errStopping = errors.New("the bot is stopping")

// fail ends Run with an error; the first one counts.
func (b *Bot) fail(err error) {
	select {
	case b.fatal <- err:
	default:
	}
}

// begin runs do in a goroutine that Run waits for. It returns false when the bot
// is stopping.
func (b *Bot) begin(what string, do func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return false
	}
	b.running.Go(func() { b.protect(what, nil, do) })
	return true
}

func (b *Bot) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
}

func (b *Bot) stopping() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stopped
}

// maxQuiet is longer than two missed heartbeats take.
const maxQuiet = 3 * time.Minute

// Healthy returns an error when the bot has not heard from Discord for too long.
func (b *Bot) Healthy() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.shards) == 0 && time.Since(b.made) > maxQuiet {
		return errors.New("no shard has reached Discord yet")
	}
	for _, g := range b.shards {
		last := g.Fresh()
		if !g.Owns() {
			continue // another process runs it, or none is allowed to yet
		}
		if last.IsZero() {
			last = b.made
		}
		if quiet := time.Since(last); quiet > maxQuiet {
			return fmt.Errorf("shard %d has not heard from Discord for %s", g.Shard, quiet.Round(time.Second))
		}
	}
	return nil
}

// Ready returns an error until every shard is connected, and again when the bot
// is stopping.
func (b *Bot) Ready() error {
	if b.stopping() {
		return errStopping
	}
	if !b.started.Load() {
		return errors.New("not connected to Discord yet")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range b.shards {
		if g.Fresh().IsZero() {
			return fmt.Errorf("shard %d is not connected to Discord yet", g.Shard)
		}
	}
	return nil
}
