// Package llm asks a language model behind any OpenAI-compatible API and
// streams what it says.
//
//	client, err := llm.New(llm.Options{BaseURL: "https://api.openai.com/v1", Key: key, Model: "gpt-5-mini"})
//	answer, err := client.Stream(ctx, []llm.Message{{Role: llm.User, Content: "Hello!"}}, func(piece string, anew bool) {
//		fmt.Print(piece)
//	})
//
// Providers cut streams, hang, answer errors inside a good status and worse.
// The promise here is that an answer without an error is complete; that an
// answer with an error still holds every byte of text that arrived; and that an
// [Error] says what went wrong in terms a bot can explain.
package llm

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	openai "github.com/sashabaranov/go-openai"
)

// Role says who speaks in a conversation.
type Role string

const (
	System    Role = "system"
	User      Role = "user"
	Assistant Role = "assistant"
)

// Message is one turn of a conversation.
type Message struct {
	Role    Role
	Content string
	Images  []Image // of a user's turn, shown after its text
}

// Image is a picture in a conversation.
type Image struct {
	Type string // such as image/png
	Data []byte
}

// Finish says how a complete answer ended.
type Finish string

const (
	Stop     Finish = "stop"           // the model came to its end
	Length   Finish = "length"         // the token limit ended it
	Filtered Finish = "content_filter" // the provider withheld the rest
	Refusal  Finish = "refusal"        // the text is the model's refusal
)

// Answer is what a model said. With an error it holds the part that arrived.
type Answer struct {
	Text         string
	Finish       Finish // "" when the answer is not complete
	Model        string // as the provider names it; what was asked for if it does not
	InputTokens  int64  // 0 when the provider did not say
	OutputTokens int64  // 0 when the provider did not say
	FirstText    time.Time
}

// Options describe a provider and how patient to be with it.
type Options struct {
	BaseURL     string
	Key         string // "" for servers that need none
	Model       string
	MaxTokens   int           // bound of one answer, reasoning included; 0 sends none
	Temperature *float32      // nil sends none, which newer models insist on
	Idle        time.Duration // silence after which a model is given up; default 30 s
	Total       time.Duration // bound of one answer; default 2 min
	Log         *slog.Logger  // nil discards
}

const (
	defaultIdle  = 30 * time.Second
	defaultTotal = 2 * time.Minute
	// patience is how long a person is kept waiting for a first try to succeed.
	patience = 30 * time.Second
	maxTries = 3
	// tail is how long to wait for the token counts after an answer's end.
	tail = 2 * time.Second
)

// Client asks one model. It is safe for concurrent use.
type Client struct {
	options Options
	host    string
	api     *openai.Client
	moderations

	// What this provider has refused before, so that it is not sent again.
	withoutUsage  atomic.Bool // stream_options
	limitField    atomic.Int32
	withoutSample atomic.Bool  // temperature
	most          atomic.Int64 // tokens of an answer; 0 for as many as wanted
	// What its answers began with: a thought of which only the end is marked, or not.
	thinksFirst, answersAtOnce atomic.Bool
}

// New returns a client, or an error when the options cannot work.
func New(options Options) (*Client, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Idle <= 0 {
		options.Idle = defaultIdle
	}
	if options.Total <= 0 {
		options.Total = defaultTotal
	}
	base, err := parseAddress(options.BaseURL)
	if err != nil {
		return nil, err
	}
	query := base.RawQuery
	base.RawQuery, base.ForceQuery = "", false
	if options.Model == "" {
		return nil, errors.New("no model is named")
	}
	config := openai.DefaultConfig(options.Key)
	config.BaseURL = base.String()
	guard := newGuard()
	guard.next = withQuery{guard.next, query}
	config.HTTPClient = &http.Client{
		Transport: guard,
		// The guard refuses redirects already; this stands behind it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
	}
	c := &Client{options: options, host: base.Hostname(), api: openai.NewClientWithConfig(config)}
	c.moderations = newModerations(config, query)
	c.limitField.Store(int32(firstLimitField(c.host, options.Model)))
	return c, nil
}

// Host returns the provider's host name.
func (c *Client) Host() string { return c.host }

// Model returns the name of the model that is asked.
func (c *Client) Model() string { return c.options.Model }

// Stream asks the model to continue a conversation, and calls onText with each
// piece of its answer as it arrives, from the calling goroutine. A piece that
// comes anew replaces all before it, which turned out to be no answer but a
// thought. Stream tries again when the provider is busy or in trouble, but never
// after the first text. An error is an [*Error]; the answer then holds what had
// arrived.
func (c *Client) Stream(ctx context.Context, conversation []Message, onText func(piece string, anew bool)) (Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.options.Total, errTotal)
	defer cancel()
	tries, began := 0, time.Now()
	answer, err := backoff.Retry(ctx, func() (Answer, error) {
		tries++
		answer, err := c.try(ctx, conversation, onText)
		var e *Error
		switch {
		case err == nil:
			return answer, nil
		case !errors.As(err, &e):
			err = &Error{Kind: Malformed, Err: err}
			return answer, backoff.Permanent(err)
		case answer.Text != "" || !e.Kind.passing() || ctx.Err() != nil:
			return answer, backoff.Permanent(err)
		case e.After > patience-time.Since(began):
			return answer, backoff.Permanent(err)
		}
		if tries == maxTries {
			return answer, err // to wait now would be in vain
		}
		c.options.Log.Warn("asking the model again", "error", err)
		if e.After > 0 {
			select { // the library's own RetryAfter would forget the cause
			case <-time.After(e.After):
			case <-ctx.Done():
			}
		}
		return answer, err
	}, backoff.WithMaxTries(maxTries), backoff.WithMaxElapsedTime(patience), backoff.WithBackOff(newBackOff()))
	if err == nil {
		return answer, nil
	}
	var e *Error
	if !errors.As(err, &e) { // the context ended between two tries
		e = &Error{Kind: interrupted(ctx), Err: err}
	}
	return answer, e
}

func newBackOff() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.MaxInterval = 8 * time.Second
	return b
}

// shorten drops about the older half of a conversation, but neither its system
// prompt nor its last turn. What is left begins with the user again.
func shorten(conversation []Message) []Message {
	head := 0
	for head < len(conversation) && conversation[head].Role == System {
		head++
	}
	turns := conversation[head:]
	if len(turns) < 2 {
		return conversation
	}
	from := (len(turns) + 1) / 2
	for from > 1 && turns[from].Role != User {
		from--
	}
	for from < len(turns)-1 && turns[from].Role != User {
		from++
	}
	return append(conversation[:head:head], turns[from:]...)
}
