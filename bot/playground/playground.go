// Package playground is a Discord to try the bot in, without an account: the
// fake one of the tests with a page over it. On the page a visitor is a member
// of a small server, sees what the bot does and what it says to whom, and can
// make the things that the bot depends on fail.
package playground

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"feedbackbot/bot/discordtest"
)

// Options configure a [Playground].
type Options struct {
	Addr       string // where the page is served; host:port, port 0 for a free one
	ModelURL   string // base URL of the model that the bot shall use
	Scripted   bool   // the model is a script, and the page says so
	BackendURL string // base URL of the evaluation backend that the bot shall use; "" for none
	// BackendVariable is the bot's variable for that URL.
	BackendVariable string
	// Arrived lists what the backend has got, the newest first.
	Arrived func() []Arrival
}

// Arrival is an answer at the backend, with the feedback on it.
type Arrival struct {
	Input    string   `json:"input"`
	Output   string   `json:"output"`
	Feedback []string `json:"feedback"` // a line each
}

// Playground is a fake Discord, its page, and the taps on what the bot uses.
type Playground struct {
	options  Options
	discord  *discordtest.Server
	model    *tap
	backend  *tap
	feed     *feed
	members  []member
	listener net.Listener
	http     *http.Server
	served   sync.WaitGroup
	restart  chan struct{} // receives when the bot is to be restarted
	told     string        // the message that the timeline told of last; observe alone uses it

	mu       sync.Mutex
	invite   func(ctx context.Context, userID, responseID string) (link string, err error) // of the bot that runs; nil for none
	channels []channel                                                                     // a thread follows its channel
	forms    map[string]*discordtest.Interaction                                           // interactions that opened a form, by id
}

const token = "playground-token"

// nowhere is behind the tap of a backend that there is not.
const nowhere = "http://127.0.0.1:0"

// New starts the fake Discord, the taps and the page. The caller must Close it.
func New(o Options) (p *Playground, err error) {
	p = &Playground{options: o, feed: newFeed(), restart: make(chan struct{}, 1), forms: map[string]*discordtest.Interaction{}}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	p.discord, err = discordtest.New(discordtest.Options{Token: token, BotName: "feedbackbot", GlobalRPS: 50, IdentifyWindow: -1})
	if err != nil {
		return nil, fmt.Errorf("start the fake Discord: %w", err)
	}
	p.createWorld()
	if p.model, err = newTap("model", o.ModelURL, p.feed); err != nil {
		return nil, err
	}
	if p.backend, err = newTap("backend", cmp.Or(o.BackendURL, nowhere), p.feed); err != nil {
		return nil, err
	}
	if p.listener, err = net.Listen("tcp", o.Addr); err != nil {
		return nil, fmt.Errorf("serve the page: %w", err)
	}
	p.http = &http.Server{Handler: p.routes(), ReadHeaderTimeout: 5 * time.Second}
	p.served.Go(func() { p.http.Serve(p.listener) })
	return p, nil
}

// Close ends the page, the taps and the fake Discord.
func (p *Playground) Close() {
	p.feed.close()
	if p.http != nil {
		p.http.Close()
		p.served.Wait()
	}
	for _, t := range []*tap{p.model, p.backend} {
		if t != nil {
			t.close()
		}
	}
	if p.discord != nil {
		p.discord.Close()
	}
}

// URL returns the address of the page.
func (p *Playground) URL() string {
	host, port, err := net.SplitHostPort(p.listener.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return (&url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: "/"}).String()
}

// Environ returns the variables with which a bot uses this Discord, the tapped
// model and the tapped backend.
func (p *Playground) Environ() map[string]string {
	vars := map[string]string{"DISCORD_TOKEN": token, "DISCORD_API_URL": p.discord.URL(), "OPENAI_BASE_URL": p.model.url()}
	vars["REVIEWERS"], vars["REVIEW_SAMPLE"] = p.reviewer(), "1"
	if p.options.BackendVariable != "" {
		vars[p.options.BackendVariable] = p.backend.url()
	}
	return vars
}

// Run runs the bot, and runs it anew when the page asks for a restart, until
// ctx ends or the bot fails.
func (p *Playground) Run(ctx context.Context, bot func(context.Context) error) error {
	defer p.discord.Subscribe(p.observe)()
	for {
		botCtx, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- bot(botCtx) }()
		p.feed.tell(entry{Kind: "bot", Title: "The bot starts"})
		select {
		case err := <-ended:
			stop()
			if err == nil && ctx.Err() == nil {
				err = errors.New("the bot has stopped by itself")
			}
			return err
		case <-p.restart:
			p.feed.tell(entry{Kind: "bot", Title: "The bot is told to stop"})
			stop()
			if err := <-ended; err != nil || ctx.Err() != nil {
				return err
			}
		}
	}
}
