// Package confident reports answers and feedback to Confident AI. It is the
// counterpart in Go of deepeval's monitor() and send_feedback(), and is usable
// on its own:
//
//	client, err := confident.New(confident.Options{Key: os.Getenv("CONFIDENT_API_KEY")})
//	responseID, err := client.Monitor(ctx, confident.Monitored{
//		EventName: "Chatbot", Model: "gpt-5-mini", Input: question, Response: answer,
//	})
//	err = client.SendFeedback(ctx, responseID, 4, confident.WithExplanation("short and right"))
//
// A [Client] also is a [feedback.Backend].
//
// Confident AI has had two protocols. [Annotations] is today's: an answer is a
// trace, whose id the caller makes, and feedback is an annotation on it.
// [Events] is the one of deepeval up to 2.x, whose server makes the id.
package confident

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"feedbackbot/feedback"
)

// API is a generation of Confident AI's protocol.
type API string

const (
	Annotations API = "annotations"
	Events      API = "events"
)

// Options configure a [Client]. Only Key is required.
type Options struct {
	Key         string // a project's key
	BaseURL     string // default: by the key's region
	API         API    // default: Annotations
	Environment string // of traces: production, development, staging or testing; default production
	Log         *slog.Logger
	HTTPClient  *http.Client // default: one with a deadline of 30 s that follows no redirects
}

// Client talks to one project of Confident AI. It is safe for concurrent use.
type Client struct {
	options    Options
	base       string
	async      sync.WaitGroup
	suppressed atomic.Int64
	warnOnce   sync.Once
}

const (
	maxAnswer  = 1 << 20 // bytes of an answer that are read
	maxExcerpt = 1000    // bytes of an error answer that are repeated
)

// New returns a client, or an error when the options cannot work.
func New(options Options) (*Client, error) {
	options.Key = strings.TrimSpace(options.Key)
	switch {
	case options.Key == "":
		return nil, errors.New("no API key")
	case strings.HasPrefix(options.Key, "confident_us_org_"), strings.HasPrefix(options.Key, "confident_eu_org_"):
		return nil, errors.New("this is an organisation's key; a project's key is needed")
	}
	if options.API == "" {
		options.API = Annotations
	}
	if options.Environment == "" {
		options.Environment = "production"
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.HTTPClient == nil {
		options.HTTPClient = &http.Client{Timeout: 30 * time.Second,
			// The key must not follow a redirect to another host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	base := strings.TrimRight(options.BaseURL, "/")
	if base == "" {
		base = regionOf(options.Key)
	}
	if u, err := url.Parse(base); err != nil || u.Host == "" {
		return nil, errors.New("the base URL must look like https://api.confident-ai.com")
	}
	return &Client{options: options, base: base}, nil
}

func regionOf(key string) string {
	switch {
	case strings.HasPrefix(key, "confident_eu_"):
		return "https://eu.api.confident-ai.com"
	case strings.HasPrefix(key, "confident_au_"):
		return "https://au.api.confident-ai.com"
	}
	return "https://api.confident-ai.com"
}

// Close waits for what [Client.SendFeedbackAsync] has begun.
func (c *Client) Close() { c.async.Wait() }

// Suppressed returns how many errors [FailSilently] and [RaiseException] have
// kept from their callers.
func (c *Client) Suppressed() int64 { return c.suppressed.Load() }

// envelope is how today's protocol answers.
type envelope struct {
	Success    *bool           `json:"success"`
	Data       json.RawMessage `json:"data"`
	Error      json.RawMessage `json:"error"`
	Deprecated bool            `json:"deprecated"`
}

// call sends a request and returns the body of a 2xx answer. Its errors are
// those of the [feedback.Backend] contract.
func (c *Client) call(ctx context.Context, method, path string, body any) ([]byte, error) {
	var payload io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w: %w", method, path, err, feedback.ErrRefused)
		}
		payload = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, payload)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	// Assigned, not Set: Set would change the spelling, and some gateways in
	// front of a self-hosted server know only the one of their generation.
	header := "CONFIDENT-API-KEY"
	if c.options.API == Events {
		header = "CONFIDENT_API_KEY"
	}
	req.Header[header] = []string{c.options.Key}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.options.HTTPClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, withoutURL(err))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil && resp.StatusCode < 300 {
		return nil, fmt.Errorf("%s %s: cannot read the answer: %w", method, path, err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return answer, nil
	}
	return nil, fmt.Errorf("%s %s: %w", method, path, c.refusal(resp, answer))
}

// statusError is an answer that is not 2xx.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.status, e.text) }

// refusal turns an answer that is not 2xx into an error. Its body need not be
// JSON, and is repeated in part, without the key.
func (c *Client) refusal(resp *http.Response, body []byte) error {
	text := strings.ReplaceAll(string(body[:min(len(body), maxExcerpt)]), c.options.Key, "[key]")
	err := &statusError{resp.StatusCode, strings.Join(strings.Fields(text), " ")}
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return fmt.Errorf("%w: %w; is CONFIDENT_API_KEY a key of a project at %s?", err, feedback.ErrUnauthorized, c.base)
	case s == http.StatusTooManyRequests:
		after, _ := strconv.ParseFloat(resp.Header.Get("Retry-After"), 64)
		return &feedback.RetryError{After: time.Duration(max(1, min(after, 3600)) * float64(time.Second)), Err: err}
	case s >= 300 && s < 400:
		return fmt.Errorf("%w; the base URL redirects, set CONFIDENT_BASE_URL to where it leads", err)
	case s == http.StatusRequestTimeout || s >= 500:
		return err
	}
	return fmt.Errorf("%w: %w", err, feedback.ErrRefused)
}

// statusOf returns the HTTP status of an error, or 0.
func statusOf(err error) int {
	var e *statusError
	if errors.As(err, &e) {
		return e.status
	}
	return 0
}

// data reads the envelope of today's protocol into out.
func (c *Client) data(answer []byte, out any) error {
	var e envelope
	if err := json.Unmarshal(answer, &e); err != nil || e.Success == nil {
		// Most likely something between us and the service has answered.
		return errors.New("the answer is not one of Confident AI's")
	}
	if e.Deprecated {
		c.warnOnce.Do(func() { c.options.Log.Warn("Confident AI says that this call is deprecated") })
	}
	if !*e.Success {
		return fmt.Errorf("%s: %w", strings.Join(strings.Fields(string(e.Error)), " "), feedback.ErrRefused)
	}
	if err := json.Unmarshal(e.Data, out); err != nil {
		return fmt.Errorf("the answer's data cannot be read: %w", err)
	}
	return nil
}

// withoutURL drops the address that net/http puts into its errors; the caller
// names the path itself.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
