package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	requestTimeout  = 10 * time.Second
	maxResponseBody = 8 << 20
	maxTries        = 4 // of one request, on 5xx and broken connections
	max429s         = 8 // of one request
)

// Client sends every request that leaves for Discord. discordgo's own REST
// client is not used: it ignores the global limit and contexts while it waits,
// repeats what must not be repeated, and keeps a bucket for every click.
type Client struct {
	base    *url.URL
	token   string
	client  *http.Client
	answers *http.Client // for interactions, so that they never wait for a connection behind messages
	way     way          // of the gateway's connections
	pacer   *pacer
	metrics *metrics
	log     *slog.Logger
	refused func(error) // called once when Discord no longer accepts the token; may be nil

	ahead atomic.Int64 // nanoseconds by which our clock is ahead of Discord's

	mu           sync.Mutex
	invalid      int
	invalidSince time.Time
	checking     bool // whether the token is still accepted
	tokenRefused bool
}

// call is one request.
type call struct {
	method, path string
	route        string // the path without ids, for metrics and errors: a path may hold a secret
	bucket       string // requests with the same key share a limit; "" leaves at once
	free         bool   // outside the global budget
	lane         Lane
	repeat       bool            // may be sent again when it is unclear whether it arrived
	body         func() any      // made when the request leaves, so that it is the newest; nil for none
	out          any             // where the answer goes; nil to ignore it
	grantBy      context.Context // when set, ends the wait for a turn but not the request
}

// Error is a refusal by Discord.
type Error struct {
	Status  int
	Code    int    `json:"code"` // Discord's own, 0 when it gave none
	Message string `json:"message"`
	route   string
}

// Error says what was asked and how Discord refused it, without a secret.
func (e *Error) Error() string {
	return fmt.Sprintf("discord: %s: %d %s (code %d)", e.route, e.Status, e.Message, e.Code)
}

// Code returns Discord's code of an error, or 0.
func Code(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// Status returns the HTTP status of an error, or 0.
func Status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// Permanent reports whether Discord refused something for good.
func Permanent(err error) bool {
	s := Status(err)
	return s >= 400 && s < 500 && s != http.StatusTooManyRequests
}

// ErrTokenRefused is returned without asking once Discord has refused the token.
var ErrTokenRefused = errors.New("discord does not accept the token")

// Options configure a client.
type Options struct {
	BaseURL   string // https://discord.com/api/v10, or a proxy
	Token     string
	GlobalRPS int                   // requests a second, outside interactions
	Metrics   prometheus.Registerer // nil for none
	Log       *slog.Logger          // nil discards
	Refused   func(error)           // called once when Discord no longer accepts the token
	Transport http.RoundTripper     // how requests travel, and so the gateway's connections; nil for connections of its own
}

// New returns a client that is ready to use.
func New(options Options) (*Client, error) {
	base, err := url.Parse(options.BaseURL)
	if err != nil || base.Host == "" {
		return nil, errors.New("DISCORD_API_URL must look like https://discord.com/api/v10")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		base: base, token: options.Token, pacer: newPacer(options.GlobalRPS), metrics: newMetrics(options.Metrics),
		log: options.Log, refused: options.Refused, client: newHTTPClient(), answers: newHTTPClient(),
	}
	if options.Transport != nil {
		c.client.Transport, c.answers.Transport = options.Transport, options.Transport
	}
	c.way = wayOf(c.client.Transport)
	return c, nil
}

func newHTTPClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	t.MaxConnsPerHost = 64
	t.IdleConnTimeout = 50 * time.Second
	return &http.Client{Transport: t, Timeout: requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// do sends a request and decodes the answer. It waits for its turn, repeats
// what may be repeated, and returns an *apiError for a refusal.
func (o *Client) do(ctx context.Context, c call) error {
	tries, limited := 0, 0
	for {
		wait, err := o.turn(ctx, c)
		switch {
		case err == nil:
			return nil
		case wait == nil:
			return err
		case wait.limited && limited < max429s:
			limited++ // the pacer holds the next turn back
		case !wait.limited && tries+1 < maxTries:
			tries++
		default:
			return err
		}
		select {
		case <-time.After(wait.pause(tries)):
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		}
	}
}

// again says that a request may be repeated.
type again struct {
	limited bool          // a 429
	after   time.Duration // before a request that does not pass the pacer
}

func (a *again) pause(tries int) time.Duration {
	if a.limited {
		return a.after
	}
	d := 500 * time.Millisecond << max(0, tries-1)
	return d/2 + rand.N(d/2)
}

// turn waits for the request's turn and sends it once.
func (o *Client) turn(ctx context.Context, c call) (*again, error) {
	if err := o.allowed(c); err != nil {
		return nil, err
	}
	if c.bucket != "" {
		grantBy := c.grantBy
		if grantBy == nil {
			grantBy = ctx
		}
		if err := o.pacer.wait(grantBy, c.bucket, !c.free, c.lane); err != nil {
			return nil, fmt.Errorf("wait for %s: %w", c.route, err)
		}
	}
	resp, body, left, err := o.send(ctx, c)
	if c.bucket != "" {
		var header http.Header
		if resp != nil {
			header = resp.Header
		}
		defer o.pacer.done(c.bucket, header)
	}
	if err != nil {
		o.metrics.requests.WithLabelValues(c.route, "none").Inc()
		if ctx.Err() == nil && (c.repeat || !left) {
			return &again{}, err
		}
		return nil, err
	}
	o.metrics.requests.WithLabelValues(c.route, strconv.Itoa(resp.StatusCode)).Inc()
	o.readClock(resp.Header)
	if resp.StatusCode < 300 {
		if c.out != nil {
			if err := json.Unmarshal(body, c.out); err != nil {
				return nil, fmt.Errorf("discord: %s: cannot read the answer: %w", c.route, err)
			}
		}
		return nil, nil
	}
	e := &Error{Status: resp.StatusCode, route: c.route}
	if json.Unmarshal(body, e) != nil || e.Message == "" {
		e.Message = http.StatusText(resp.StatusCode)
	}
	e.Status = resp.StatusCode
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		return &again{limited: true, after: o.limited(c, resp, body)}, e
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		o.countInvalid()
		if resp.StatusCode == http.StatusUnauthorized && !c.free {
			o.checkToken(ctx, c)
		}
	case resp.StatusCode >= 500 && c.repeat:
		return &again{}, e
	}
	return nil, e
}

// send makes the HTTP request. left is false when it surely did not leave.
func (o *Client) send(ctx context.Context, c call) (resp *http.Response, body []byte, left bool, err error) {
	var payload io.Reader
	if c.body != nil {
		data, err := json.Marshal(c.body())
		if err != nil {
			return nil, nil, true, fmt.Errorf("discord: %s: %w", c.route, err)
		}
		payload = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, o.base.String()+c.path, payload)
	if err != nil {
		return nil, nil, true, fmt.Errorf("discord: %s: bad address", c.route)
	}
	req.Header.Set("Authorization", "Bot "+o.token)
	req.Header.Set("User-Agent", UserAgent)
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := o.client
	if c.free {
		client = o.answers
	}
	resp, err = client.Do(req)
	if err != nil {
		var dial *net.OpError
		left = !(errors.As(err, &dial) && dial.Op == "dial")
		return nil, nil, left, fmt.Errorf("discord: %s: %w", c.route, withoutURL(err))
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxResponseBody))
	if err != nil && resp.StatusCode < 300 && c.out != nil {
		return nil, nil, true, fmt.Errorf("discord: %s: cannot read the answer: %w", c.route, withoutURL(err))
	}
	return resp, body, true, nil
}

// withoutURL takes the address out of an error: it may hold an interaction's
// token.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// limited makes the pacer honour a 429 of any kind, and returns how long a
// request that does not pass the pacer must wait.
func (o *Client) limited(c call, resp *http.Response, body []byte) time.Duration {
	var told struct {
		RetryAfter float64 `json:"retry_after"`
		Global     bool    `json:"global"`
	}
	isJSON := json.Unmarshal(body, &told) == nil
	after, ok := seconds(resp.Header.Get("Retry-After"))
	if precise := time.Duration(told.RetryAfter * float64(time.Second)); precise > 0 && precise < maxPause {
		after, ok = precise, true
	}
	scope := resp.Header.Get("X-RateLimit-Scope")
	global := told.Global || resp.Header.Get("X-RateLimit-Global") == "true" || scope == "global"
	if scope != "shared" {
		o.countInvalid()
	}
	if isJSON && !ok {
		after = time.Second
	}
	switch {
	case !isJSON: // Cloudflare's page: this address is banned for a while
		if !ok {
			after = time.Minute
		}
		after = min(after, 15*time.Minute)
		o.log.Error("discord's Cloudflare refuses this address; everything waits", "for", after)
		o.pacer.pause(c.bucket, true, after)
	case global:
		o.log.Warn("discord's global limit is hit", "for", after)
		o.pacer.pause(c.bucket, true, after)
	case c.bucket != "":
		o.log.Debug("discord's limit is hit", "route", c.route, "for", after, "scope", scope)
		o.pacer.pause(c.bucket, false, after)
	}
	o.metrics.limited.WithLabelValues(limitedScope(scope, global, isJSON)).Inc()
	if c.bucket != "" {
		return 0
	}
	return after
}

func limitedScope(scope string, global, isJSON bool) string {
	switch {
	case !isJSON:
		return "cloudflare"
	case global:
		return "global"
	case scope == "shared":
		return "shared"
	}
	return "route"
}
