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
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"feedbackbot/feedback"
	"feedbackbot/feedback/rest"
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
	rest       *rest.Client
	async      sync.WaitGroup
	suppressed atomic.Int64
	warnOnce   sync.Once
}

// New returns a client, or an error when the options cannot work.
func New(options Options) (*Client, error) {
	options.Key = strings.TrimSpace(options.Key)
	switch {
	case options.Key == "":
		return nil, errors.New("no API key")
	case IsOrganisationKey(options.Key):
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
		options.HTTPClient = rest.NewHTTPClient()
	}
	base, err := rest.Address(cmp.Or(options.BaseURL, regionOf(options.Key)))
	if err != nil {
		return nil, fmt.Errorf("the base URL: %w", err)
	}
	// Some gateways in front of a self-hosted server know only the spelling of
	// their generation.
	header := "CONFIDENT-API-KEY"
	if options.API == Events {
		header = "CONFIDENT_API_KEY"
	}
	return &Client{options: options, rest: &rest.Client{Base: base, Header: http.Header{header: {options.Key}}, Secrets: []string{options.Key},
		Mend: "is CONFIDENT_API_KEY a key of a project at " + rest.Shown(base) + "?", HTTPClient: options.HTTPClient}}, nil
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
	Deprecated bool            `json:"deprecated"`
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
		return fmt.Errorf("the answer says success: false: %w", feedback.ErrRefused) // its error may repeat what was sent
	}
	if err := json.Unmarshal(e.Data, out); err != nil {
		return fmt.Errorf("the answer's data cannot be read: %w", err)
	}
	return nil
}

// IsOrganisationKey reports whether a key is an organisation's, with which nothing
// can be sent to a project.
func IsOrganisationKey(key string) bool {
	return strings.HasPrefix(key, "confident_us_org_") || strings.HasPrefix(key, "confident_eu_org_")
}
