package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"feedbackbot/bot"
	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/store"
	"feedbackbot/llm"
)

// drainTime is how long deliveries may go on after the bot has stopped.
const drainTime = 3 * time.Second

// databasePatience is how long a start waits for a Postgres that starts too, or
// that another server takes the place of.
const databasePatience = time.Minute

// serve runs the bot until ctx ends. It starts what is needed from the bottom
// up and stops it from the top down: first the bot, so that nothing new comes
// in, then the deliveries, then the store.
func serve(ctx context.Context, c Config, log *slog.Logger) (err error) {
	model, err := newModels(c, log)
	if err != nil {
		return err
	}
	backends, err := newBackends(c, log)
	if err != nil {
		return err
	}
	kept, err := store.Open(ctx, c.DatabaseURL.Reveal(), store.Options{Settle: c.FeedbackSettle, NoText: !c.StoreText,
		Reviewing: c.ReviewConfig.reviewing(),
		Patience:  databasePatience, Log: log})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil // stopped before anything began
	case err != nil:
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	options := botOptions(c, registry, log)
	options.Backends = titlesOf(backends)
	reviewPages := c.ReviewConfig.prepare(&options)
	b, err := bot.New(options, kept, model)
	defer reviewPages.close()
	err = errors.Join(err, reviewPages.serve(b, kept, log))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.HTTPAddr)
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: listen on HTTP_ADDR: %w; name an address of this machine, and a port above 1023", errConfiguration, err)
	case err != nil:
		return fmt.Errorf("listen on HTTP_ADDR: %w", err)
	}
	web := &http.Server{Handler: routes(b, kept, c.usesPostgres(), registry), ReadHeaderTimeout: 5 * time.Second}
	go web.Serve(listener) // Close ends it
	defer web.Close()

	workCtx, stopWorker := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorker()
	worker := delivery.NewWorker(kept, backends, delivery.Options{
		Rate:  c.FeedbackRate,
		Drain: drainTime, Log: log, Delivered: deliveryMetrics(registry, kept, log)})
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		worker.Run(workCtx)
	}()

	tidyCtx, stopTidying := context.WithCancel(ctx)
	tidied := make(chan struct{})
	go func() {
		defer close(tidied)
		tidy(tidyCtx, b, kept, options.Retention, log)
	}()
	defer func() {
		stopTidying()
		<-tidied
	}()

	log.Info("feedbackbot is starting", "version", version(), "model", model.Model(), "http", listener.Addr(), "backends", len(backends))
	err = b.Run(ctx)
	stopWorker()
	<-worked
	if err == nil {
		log.Info("feedbackbot has stopped")
	}
	return err
}

const (
	day       = 24 * time.Hour
	tidyEvery = time.Hour
)

// tidy deletes what is too old, or belongs to servers that were left, until ctx
// ends.
func tidy(ctx context.Context, b *bot.Bot, kept *store.Store, keep feedback.Retention, log *slog.Logger) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		if err := kept.Expire(ctx, keep, time.Now()); err != nil && ctx.Err() == nil {
			log.Error("cannot delete what is too old", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := b.ForgetLeftServers(ctx, time.Now()); err != nil && ctx.Err() == nil {
			log.Error("cannot delete the data of servers that were left", "error", err)
		}
	}
}

func newModel(c Config, log *slog.Logger) (*llm.Client, error) {
	model, err := llm.New(llm.Options{BaseURL: c.OpenAIBaseURL, Key: c.OpenAIKey.Reveal(), Model: c.OpenAIModel,
		MaxTokens: c.OpenAIMaxTokens, Temperature: c.OpenAITemperature, Idle: c.OpenAIIdleTimeout, Total: c.OpenAITimeout, Log: log})
	if err != nil {
		return nil, fmt.Errorf("%w: OPENAI_BASE_URL or OPENAI_MODEL: %w", errConfiguration, err)
	}
	return model, nil
}

// newModels returns the usual model, those that members may choose, and the one
// that stands in.
func newModels(c Config, log *slog.Logger) (*llm.Models, error) {
	usual, err := newModel(c, log)
	if err != nil {
		return nil, err
	}
	named := func(name string) (*llm.Client, error) {
		c.OpenAIModel = strings.TrimSpace(name)
		return newModel(c, log)
	}
	var fallback *llm.Client
	if c.OpenAIFallback != "" {
		if fallback, err = named(c.OpenAIFallback); err != nil {
			return nil, err
		}
	}
	models := llm.NewModels(fallback, usual)
	err = c.PersonaConfig.offer(models, named)
	return models, err
}

func botOptions(c Config, registry prometheus.Registerer, log *slog.Logger) bot.Options {
	return bot.Options{
		Token: c.DiscordToken.Reveal(), APIURL: c.DiscordAPIURL, GlobalRPS: c.DiscordGlobalRPS, Shards: c.shards,
		MessageContent: bot.MessageContent(c.DiscordMessageContent), SystemPrompt: c.systemPrompt(),
		ContextTokens: c.OpenAIContextTokens,
		Pictures:      c.OpenAIImages,
		Access: bot.Access{AllowPlaces: c.AllowPlaces, DenyPlaces: c.DenyPlaces, AllowPeople: c.AllowPeople,
			DenyPeople: c.DenyPeople, NoDirect: !c.DirectMessages, AnswerAll: c.AnswerAll},
		Threads: c.AnswerThreads,
		Buttons: bot.Buttons(c.FeedbackButtons), Raters: bot.Raters(c.FeedbackRaters),
		Limits:     bot.Limits{AtOnce: c.LimitAtOnce, MemberHourly: c.LimitMemberHourly, ServerHourly: c.LimitServerHourly},
		Spending:   c.BudgetConfig.options(c.OpenAIMaxTokens),
		Moderation: c.ModerationConfig.options(),
		NoText:     !c.StoreText,
		Retention:  feedback.Retention{Texts: time.Duration(c.RetainTextsDays) * day, Votes: time.Duration(c.RetainVotesDays) * day},
		Explain:    bot.Explain(c.FeedbackExplain), Metrics: registry, Log: log,
	}
}

// deliveryMetrics registers what there is to know about deliveries, and returns
// the function that counts them.
func deliveryMetrics(registry *prometheus.Registry, kept *store.Store, log *slog.Logger) func(backend, outcome string) {
	attempts := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "feedbackbot", Name: "deliveries_total",
		Help: "Attempts to deliver a response or a vote, by backend and how they ended."}, []string{"backend", "outcome"})
	registry.MustRegister(attempts, backlogCollector{kept, log})
	return func(backend, outcome string) { attempts.WithLabelValues(backend, outcome).Inc() }
}

// backlogCollector asks the store when it is scraped.
type backlogCollector struct {
	kept *store.Store
	log  *slog.Logger
}

var (
	pendingDesc = prometheus.NewDesc("feedbackbot_deliveries_pending", "Items a backend has not got yet.", []string{"backend"}, nil)
	deadDesc    = prometheus.NewDesc("feedbackbot_deliveries_dead", "Items a backend has refused for good.", []string{"backend"}, nil)
	oldestDesc  = prometheus.NewDesc("feedbackbot_oldest_undelivered_seconds", "Age of the oldest item a backend has not got yet.", []string{"backend"}, nil)
)

func (c backlogCollector) Describe(out chan<- *prometheus.Desc) {
	out <- pendingDesc
	out <- deadDesc
	out <- oldestDesc
}

func (c backlogCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	list, err := c.kept.Backlogs(ctx)
	if err != nil {
		c.log.Error("cannot count the backlog", "error", err)
		return
	}
	for _, b := range list {
		out <- prometheus.MustNewConstMetric(pendingDesc, prometheus.GaugeValue, float64(b.Pending), b.Backend)
		out <- prometheus.MustNewConstMetric(deadDesc, prometheus.GaugeValue, float64(b.Dead), b.Backend)
		out <- prometheus.MustNewConstMetric(oldestDesc, prometheus.GaugeValue, b.Oldest.Seconds(), b.Backend)
	}
}

// routes serves what an operator's tools ask. healthz is about whether a restart
// would help, which it does not when a database elsewhere is away; readyz about
// whether the bot is at work.
func routes(b *bot.Bot, kept *store.Store, remote bool, registry *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	answer := func(checks ...func(context.Context) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
			defer cancel()
			for _, check := range checks {
				if err := check(ctx); err != nil {
					http.Error(w, err.Error(), http.StatusServiceUnavailable)
					return
				}
			}
			fmt.Fprintln(w, "ok")
		}
	}
	gateway := func(context.Context) error { return b.Healthy() }
	ready := func(context.Context) error { return b.Ready() }
	healthy := []func(context.Context) error{gateway, kept.Ping}
	if remote {
		healthy = healthy[:1]
	}
	mux.HandleFunc("GET /healthz", answer(healthy...))
	mux.HandleFunc("GET /readyz", answer(ready, gateway, kept.Ping))
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

// healthcheck asks the bot on this machine whether it is well.
func healthcheck(ctx context.Context, environ []string) error {
	vars := env.ToMap(environ)
	readValues(vars) // what is wrong with others is none of this command's business
	addr := cmp.Or(vars["HTTP_ADDR"], "127.0.0.1:8080")
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return errors.New("HTTP_ADDR must be host:port")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return err
	}
	near := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // past any proxy
	resp, err := near.Do(req)
	if err != nil {
		return fmt.Errorf("the bot does not answer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var text [200]byte
		n, _ := resp.Body.Read(text[:]) // what it says is a courtesy
		return fmt.Errorf("the bot is not well: %s", json.RawMessage(text[:n]))
	}
	return nil
}
