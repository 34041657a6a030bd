// Package webhook posts every answer and every vote as signed JSON to an address
// of the operator's. The signature follows Standard Webhooks
// (https://www.standardwebhooks.com), for which there are libraries in most
// languages.
package webhook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"feedbackbot/feedback"
	"feedbackbot/feedback/rest"
)

// Client posts to one address. It is safe for concurrent use.
type Client struct {
	rest *rest.Client
	sign *standardwebhooks.Webhook
}

var _ feedback.Backend = (*Client)(nil)

const minKey = 24 // bytes, as Standard Webhooks wants it

// New returns a client for an address. The secret is the base64 of 24 to 64
// random bytes, with or without the prefix whsec_.
func New(address, secret string) (*Client, error) {
	if err := rest.Valid(address); err != nil {
		return nil, fmt.Errorf("WEBHOOK_URL: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < minKey {
		return nil, fmt.Errorf("WEBHOOK_SECRET must be whsec_ and the base64 of at least %d random bytes", minKey)
	}
	sign, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		return nil, errors.New("WEBHOOK_SECRET cannot be used") // err may repeat it
	}
	return &Client{sign: sign, rest: &rest.Client{Base: address, AnyAnswer: true, Secrets: []string{secret}, Mend: "does the receiver have the same WEBHOOK_SECRET?",
		HTTPClient: rest.NewHTTPClient()}}, nil
}

// Message is what is posted.
type Message struct {
	Type      string    `json:"type"`      // ping, response.created, feedback.submitted or feedback.withdrawn
	Timestamp time.Time `json:"timestamp"` // when it happened
	Data      Data      `json:"data"`
}

// Data is what a message is about.
type Data struct {
	Response *Response `json:"response,omitempty"`
	Feedback *Feedback `json:"feedback,omitempty"`
}

// Response is an answer.
type Response struct {
	ID             string    `json:"response_id"`
	ConversationID string    `json:"conversation_id"`
	ParentID       string    `json:"parent_id,omitempty"`
	AlternativeOf  string    `json:"alternative_of,omitempty"`
	Asker          string    `json:"asker"` // a pseudonym
	Question       string    `json:"question"`
	Answer         string    `json:"answer"`
	Context        []string  `json:"context,omitempty"`
	Model          string    `json:"model"`
	Provider       string    `json:"provider"`
	PromptVersion  string    `json:"prompt_version"`
	Finish         string    `json:"finish"` // stop, length, content_filter, refusal or cut
	InputTokens    int64     `json:"input_tokens"`
	OutputTokens   int64     `json:"output_tokens"`
	CostUSD        float64   `json:"cost_usd"`
	AskedAt        time.Time `json:"asked_at"`
	FinishedAt     time.Time `json:"finished_at"`
}

// Feedback is a vote as it stands now. It replaces what came before with a
// smaller Rev from the same rater on the same response.
type Feedback struct {
	ResponseID  string `json:"response_id"`
	Rater       string `json:"rater"`  // a pseudonym
	Source      string `json:"source"` // user or reviewer
	Kind        string `json:"kind"`   // thumbs or stars
	Rating      int    `json:"rating"` // 1 to 5; thumbs up is 5, thumbs down 1, and 0 is withdrawn
	Explanation string `json:"explanation"`
	Expected    string `json:"expected_response"`
	ByAsker     bool   `json:"by_asker"`
	Rev         int64  `json:"rev"`
}

// Name is webhook.
func (c *Client) Name() string { return "webhook" }

// Check posts a message of type ping, which receivers answer and forget.
func (c *Client) Check(ctx context.Context) error {
	return c.post(ctx, "ping_"+feedback.NewID(), Message{Type: "ping", Timestamp: time.Now().UTC()})
}

// SendResponse posts an answer. Its message id follows from the response, so the
// receiver recognises a repetition.
func (c *Client) SendResponse(ctx context.Context, r feedback.Response, _ feedback.Delivered) (string, error) {
	return "", c.post(ctx, fmt.Sprintf("response_%s_%d", r.ID, r.Rev),
		Message{Type: "response.created", Timestamp: r.FinishedAt.UTC(), Data: Data{Response: responseOf(r)}})
}

func responseOf(r feedback.Response) *Response {
	return &Response{
		ID: r.ID, ConversationID: r.ConversationID, ParentID: r.ParentID, AlternativeOf: r.AlternativeOf, Asker: string(r.Asker),
		Question: r.Question, Answer: r.Answer, Context: r.Context, Model: r.Model, Provider: r.Provider, PromptVersion: r.PromptVersion,
		Finish: string(r.Finish), InputTokens: r.InputTokens, OutputTokens: r.OutputTokens, CostUSD: r.Cost, AskedAt: r.AskedAt.UTC(), FinishedAt: r.FinishedAt.UTC(),
	}
}

// SendSubmission posts a vote as it stands now, with the answer that it is about.
func (c *Client) SendSubmission(ctx context.Context, s feedback.Submission, r feedback.Response, _ feedback.Delivered) (string, error) {
	m := Message{Type: "feedback.submitted", Timestamp: s.UpdatedAt.UTC(), Data: Data{Response: responseOf(r), Feedback: &Feedback{ResponseID: s.ResponseID,
		Rater: string(s.Rater), Source: string(s.Source), Kind: string(s.Kind), Rating: s.Rating, Explanation: s.Explanation,
		Expected: s.Expected, ByAsker: s.ByAsker, Rev: s.Rev}}}
	if s.Withdrawn {
		m.Type, m.Data.Feedback.Rating = "feedback.withdrawn", 0
	}
	return "", c.post(ctx, fmt.Sprintf("feedback_%s_%s_%s_%d", s.ResponseID, s.Rater, s.Source, s.Rev), m)
}

func (c *Client) post(ctx context.Context, id string, m Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode a message: %w: %w", err, feedback.ErrRefused)
	}
	now := time.Now()
	signature, err := c.sign.Sign(id, now, body)
	if err != nil {
		return fmt.Errorf("sign a message: %w", err)
	}
	_, err = c.rest.Send(ctx, http.MethodPost, "", http.Header{
		"Content-Type":                          {"application/json"},
		standardwebhooks.HeaderWebhookID:        {id},
		standardwebhooks.HeaderWebhookTimestamp: {strconv.FormatInt(now.Unix(), 10)},
		standardwebhooks.HeaderWebhookSignature: {signature},
	}, body)
	switch rest.Status(err) {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return fmt.Errorf("%w: %w; nothing receives webhooks at WEBHOOK_URL", rest.Unjudged(err), feedback.ErrUnauthorized)
	}
	return err
}
