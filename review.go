package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"feedbackbot/bot"
	"feedbackbot/feedback/observatory"
	"feedbackbot/feedback/store"
)

// ReviewConfig is who reviews answers, and where.
type ReviewConfig struct {
	Reviewers     []string `env:"REVIEWERS"`
	ReviewLeads   []string `env:"REVIEW_LEADS"`
	ReviewAddr    string   `env:"REVIEW_ADDR" envDefault:"127.0.0.1:8081"`
	PublicURL     string   `env:"PUBLIC_URL"`
	ReviewReasons []string `env:"REVIEW_REASONS" envDefault:"wrong,incomplete,off topic,made up,rude,too long"`
	ReviewSample  float64  `env:"REVIEW_SAMPLE" envDefault:"0.05"`
	ReviewTimes   int      `env:"REVIEW_TIMES" envDefault:"1"`
	ReviewDirect  string   `env:"REVIEW_DIRECT_MESSAGES" envDefault:"off"`

	// invites, when set, is told how to invite a reviewer; the playground's.
	invites func(invite func(ctx context.Context, userID, responseID string) (string, error))
}

func (c *ReviewConfig) on() bool { return len(c.Reviewers)+len(c.ReviewLeads) > 0 }

// check returns what is wrong with the values.
func (c *ReviewConfig) check(wrong *mistakes) {
	wrong.ids("REVIEWERS", c.Reviewers)
	wrong.ids("REVIEW_LEADS", c.ReviewLeads)
	wrong.oneOf("REVIEW_DIRECT_MESSAGES", c.ReviewDirect, "on", "off")
	if !(c.ReviewSample >= 0 && c.ReviewSample <= 1) {
		wrong.add("REVIEW_SAMPLE must be between 0 and 1")
	}
	if c.ReviewTimes < 1 {
		wrong.add("REVIEW_TIMES must be at least 1")
	}
	for n, name := range c.ReviewReasons {
		c.ReviewReasons[n] = strings.TrimSpace(name)
	}
	host, _, err := net.SplitHostPort(c.ReviewAddr)
	switch {
	case err != nil:
		wrong.add("REVIEW_ADDR must be host:port")
	case c.PublicURL != "":
		u := wrong.address("PUBLIC_URL", c.PublicURL)
		if u.Scheme == "http" && !observatory.IsOnThisMachine(u) {
			wrong.add("PUBLIC_URL must begin with https:// unless it is on this machine")
		}
		if strings.Trim(u.Path, "/") != "" {
			wrong.add("PUBLIC_URL must have no path: the review pages have a host of their own")
		}
	case c.on() && !observatory.IsOnThisMachine(&url.URL{Host: host}):
		wrong.add("PUBLIC_URL is missing: REVIEW_ADDR can be reached from elsewhere, and links need to begin with something")
	}
}

// look tries what the review pages need.
func (c *ReviewConfig) look(ctx context.Context, options bot.Options) []bot.Finding {
	if !c.on() {
		return nil
	}
	f := bot.Finding{What: "REVIEW_ADDR " + c.ReviewAddr}
	listener, err := net.Listen("tcp", c.ReviewAddr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		f.What += " (in use; by a bot that runs, if all is well)"
	case err != nil:
		f.Cause, f.Mend = err.Error(), "set REVIEW_ADDR to an address of this machine and a free port"
	default:
		listener.Close()
	}
	return []bot.Finding{bot.CheckReviewers(ctx, options, slices.Concat(c.Reviewers, c.ReviewLeads)), f}
}

func (c *ReviewConfig) reviewing() store.Reviewing {
	if !c.on() {
		return store.Reviewing{}
	}
	return store.Reviewing{Sample: c.ReviewSample, Times: c.ReviewTimes}
}

// reviewPages are the reviewers' pages while the bot runs.
type reviewPages struct {
	config ReviewConfig
	noText bool
	pages  *observatory.Observatory
	web    *http.Server
	stop   context.CancelFunc
	ran    sync.WaitGroup
}

// prepare offers /review when there are reviewers.
func (c ReviewConfig) prepare(options *bot.Options) *reviewPages {
	p := &reviewPages{config: c, noText: options.NoText}
	if c.on() {
		options.Review = func(ctx context.Context, userID, responseID string) (string, error) {
			return p.pages.Invite(ctx, userID, responseID) // the bot runs when there are pages
		}
	}
	return p
}

// serve opens the pages, and queues what there was before there were reviewers. b
// is nil when there is no bot to ask.
func (p *reviewPages) serve(b *bot.Bot, kept *store.Store, log *slog.Logger) error {
	if !p.config.on() || b == nil {
		return nil
	}
	listener, err := net.Listen("tcp", p.config.ReviewAddr)
	if err != nil {
		return fmt.Errorf("listen on REVIEW_ADDR: %w", err)
	}
	base := p.config.PublicURL
	if base == "" {
		base = "http://" + listener.Addr().String()
	}
	p.pages, err = observatory.New(observatory.Options{Base: base, Reviewers: p.config.Reviewers, Leads: p.config.ReviewLeads,
		Reasons: p.config.ReviewReasons, Direct: p.config.ReviewDirect == "on", NoText: p.noText, AtOnce: p.config.invites != nil, Log: log}, kept, b)
	if err != nil {
		return errors.Join(fmt.Errorf("open the review pages: %w", err), listener.Close())
	}
	if p.config.invites != nil {
		p.config.invites(p.pages.Invite)
	}
	p.web = &http.Server{Handler: p.pages, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute}
	var ctx context.Context
	ctx, p.stop = context.WithCancel(context.Background())
	p.ran.Go(func() { p.web.Serve(listener) }) // close ends it
	p.ran.Go(func() {
		if err := kept.FillReviews(ctx); err != nil && ctx.Err() == nil {
			log.Error("cannot queue what there is for reviewers", "error", err)
		}
	})
	log.Info("reviewers can come in with /review", "at", base)
	return nil
}

// close ends the pages: who is reading is given a moment, and drafts are in the
// store already.
func (p *reviewPages) close() {
	if p.web == nil {
		return
	}
	p.stop()
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if p.web.Shutdown(ctx) != nil {
		p.web.Close()
	}
	p.ran.Wait()
}
