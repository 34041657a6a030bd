// Package phoenix delivers answers to Arize Phoenix as traces, by OpenTelemetry,
// and votes as annotations on their spans.
//
// Phoenix knows an annotation by its span, its name and its identifier, which is
// the rater here, so a changed vote overwrites the one before. It cannot delete
// a single one: a vote taken back stays as an annotation that says so.
package phoenix

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"

	"feedbackbot/feedback"
	"feedbackbot/feedback/otlp"
	"feedbackbot/feedback/rest"
)

// Options configure a [Client]. BaseURL is required.
type Options struct {
	BaseURL    string // as http://localhost:6006
	Key        string // "" where Phoenix runs without authentication
	Project    string // default: feedbackbot
	HTTPClient *http.Client
}

// Client delivers to one Phoenix. It is safe for concurrent use.
type Client struct {
	rest   *rest.Client
	traces *otlp.Exporter
}

var _ feedback.Backend = (*Client)(nil)

// New returns a client, or an error when the options cannot work.
func New(o Options) (*Client, error) {
	base, err := rest.Address(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("PHOENIX_BASE_URL: %w", err)
	}
	client := &rest.Client{Base: base, Header: http.Header{}, Secrets: []string{o.Key}, HTTPClient: o.HTTPClient, Mend: "is PHOENIX_API_KEY a key of " + rest.Shown(base) + "?"}
	if client.HTTPClient == nil {
		client.HTTPClient = rest.NewHTTPClient()
	}
	if o.Key != "" {
		client.Header.Set("Authorization", "Bearer "+o.Key)
	}
	project := cmp.Or(o.Project, "feedbackbot")
	return &Client{client, &otlp.Exporter{Client: client, Path: "/v1/traces", RetryErrors: true, Resource: map[string]string{"openinference.project.name": project}}}, nil
}

// Name is phoenix.
func (c *Client) Name() string { return "phoenix" }

// Check asks for one project.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.rest.JSON(ctx, http.MethodGet, "/v1/projects?limit=1", nil)
	return err
}

// SendResponse sends the trace of an answer.
func (c *Client) SendResponse(ctx context.Context, r feedback.Response, _ feedback.Delivered) (string, error) {
	span, err := otlp.Answer(r, []*commonpb.KeyValue{otlp.Strings("tag.tags", "discord")}...)
	if err != nil {
		return "", err
	}
	return "", c.traces.Export(ctx, span)
}

type annotation struct {
	SpanID     string         `json:"span_id"`
	Name       string         `json:"name"`
	Kind       string         `json:"annotator_kind"`
	Identifier string         `json:"identifier"`
	Result     result         `json:"result"`
	Metadata   map[string]any `json:"metadata"`
}

type result struct {
	Label       string   `json:"label"`
	Score       *float64 `json:"score"`       // null when the vote is withdrawn
	Explanation *string  `json:"explanation"` // null when there is none
}

// SendSubmission writes a vote, and overwrites that of the other kind from the
// same rater if there may be one. It returns the kinds that may be there.
func (c *Client) SendSubmission(ctx context.Context, s feedback.Submission, r feedback.Response, before feedback.Delivered) (string, error) {
	_, span, err := otlp.IDs(s.ResponseID)
	if err != nil {
		return "", err
	}
	annotate := func(s feedback.Submission) annotation {
		a := annotation{SpanID: fmt.Sprintf("%x", span), Name: otlp.VoteName(s.Source, s.Kind), Kind: "HUMAN", Identifier: string(s.Rater),
			Result:   result{Label: otlp.Label(s)},
			Metadata: map[string]any{"source": s.Source, "by_asker": s.ByAsker, "rev": s.Rev, "expected": s.Expected}}
		if !s.Withdrawn {
			score := otlp.Score(s)
			a.Result.Score = &score
		}
		if s.Explanation != "" {
			a.Result.Explanation = &s.Explanation
		}
		return a
	}
	list, kinds := []annotation{annotate(s)}, string(s.Kind)
	for _, kind := range []feedback.Kind{feedback.Thumbs, feedback.Stars} {
		mayBe := strings.Contains(before.RemoteID, string(kind)) || before.Unclear && s.Rev != before.UnclearRev
		if kind == s.Kind || !mayBe {
			continue
		}
		other := s
		other.Withdrawn, other.Explanation, other.Expected, other.Kind = true, "", "", kind
		list, kinds = append(list, annotate(other)), kinds+" "+string(kind)
	}
	_, err = c.rest.JSON(ctx, http.MethodPost, "/v1/span_annotations?sync=true", map[string]any{"data": list})
	if rest.Status(err) == http.StatusNotFound && before.MayAppear(r) {
		return "", fmt.Errorf("the span is not stored yet: %w", rest.Unjudged(err))
	}
	return kinds, err
}
