// Package langfuse delivers answers to Langfuse as traces, by OpenTelemetry, and
// votes as scores on them.
//
// Langfuse knows a score by its id, its name and the UTC day on which it was
// written, not by its id alone. So the ids here follow from the day as well: a
// change on the same day overwrites the score, one on a later day writes another
// and deletes the first. Deletions take effect later, see score.
package langfuse

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"

	"feedbackbot/feedback"
	"feedbackbot/feedback/otlp"
	"feedbackbot/feedback/rest"
)

// Options configure a [Client]. The keys are required.
type Options struct {
	PublicKey   string
	SecretKey   string
	BaseURL     string // default: https://cloud.langfuse.com
	Environment string // of traces and scores; "" leaves it to Langfuse
	ThumbsName  string // of the score of a thumb; default: user-thumbs
	StarsName   string // of the score of stars; default: user-stars
	HTTPClient  *http.Client
	Now         func() time.Time // default: time.Now
}

// Client delivers to one project. It is safe for concurrent use.
type Client struct {
	options Options
	rest    *rest.Client
	traces  *otlp.Exporter
}

var _ feedback.Backend = (*Client)(nil)

var environments = regexp.MustCompile(`^[a-z0-9_-]{1,40}$`)

// New returns a client, or an error when the options cannot work.
func New(o Options) (*Client, error) {
	base, err := rest.Address(cmp.Or(o.BaseURL, "https://cloud.langfuse.com"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("LANGFUSE_BASE_URL: %w", err)
	case o.PublicKey == "" || o.SecretKey == "":
		return nil, errors.New("LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY are needed together")
	case o.Environment != "" && (!environments.MatchString(o.Environment) || strings.HasPrefix(o.Environment, "langfuse")):
		return nil, errors.New("LANGFUSE_TRACING_ENVIRONMENT must be of small letters, digits, - and _, and not begin with langfuse")
	}
	o.ThumbsName = cmp.Or(o.ThumbsName, otlp.VoteName(feedback.User, feedback.Thumbs))
	o.StarsName = cmp.Or(o.StarsName, otlp.VoteName(feedback.User, feedback.Stars))
	if o.ThumbsName == o.StarsName {
		return nil, errors.New("LANGFUSE_SCORE_THUMBS and LANGFUSE_SCORE_STARS must differ")
	}
	if o.HTTPClient == nil {
		o.HTTPClient = rest.NewHTTPClient()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	basic := base64.StdEncoding.EncodeToString([]byte(o.PublicKey + ":" + o.SecretKey))
	client := &rest.Client{Base: base, Secrets: []string{o.SecretKey, basic}, HTTPClient: o.HTTPClient,
		Header: http.Header{"Authorization": {"Basic " + basic}}, Mend: "are the LANGFUSE keys those of a project at " + rest.Shown(base) + "?"}
	traced := *client
	traced.Header = client.Header.Clone()
	traced.Header.Set("X-Langfuse-Ingestion-Version", "4")
	return &Client{options: o, rest: client, traces: &otlp.Exporter{Client: &traced, Path: "/api/public/otel/v1/traces", RetryErrors: true}}, nil
}

// Name is langfuse.
func (c *Client) Name() string { return "langfuse" }

// Check asks for the project of the keys, and whether this Langfuse is new enough
// to take traces.
func (c *Client) Check(ctx context.Context) error {
	if _, err := c.rest.JSON(ctx, http.MethodGet, "/api/public/projects", nil); err != nil {
		return err
	}
	return c.recent(ctx)
}

// SendResponse sends the trace of an answer. The same trace once more overwrites
// the first.
func (c *Client) SendResponse(ctx context.Context, r feedback.Response, _ feedback.Delivered) (string, error) {
	more := []*commonpb.KeyValue{
		otlp.String("langfuse.trace.name", "discord-reply"),
		otlp.Strings("langfuse.trace.tags", "discord"),
		otlp.String("langfuse.environment", c.options.Environment),
	}
	span, err := otlp.Answer(r, more...)
	if err != nil {
		return "", err
	}
	return "", c.traces.Export(ctx, span)
}

// SendSubmission writes the scores of a vote and deletes those that it replaces.
// What it returns names the scores that are there. A vote whose correction
// Langfuse refuses is delivered without: the metadata of its rating have the text.
func (c *Client) SendSubmission(ctx context.Context, s feedback.Submission, _ feedback.Response, before feedback.Delivered) (string, error) {
	taken := 0
	id, err := c.sendScores(ctx, s, before, &taken)
	if err != nil && taken > 0 {
		err = fmt.Errorf("%w: %w", feedback.ErrPartly, err)
	}
	return id, err
}

// sendScores counts in taken what Langfuse has taken of the vote's requests.
func (c *Client) sendScores(ctx context.Context, s feedback.Submission, before feedback.Delivered, taken *int) (string, error) {
	now := c.options.Now()
	had := parse(before.RemoteID)
	// The attempts whose answers were lost may have sent another state of the
	// vote, and have deleted what had names.
	changed := before.Unclear && s.Rev != before.UnclearRev
	have := held{next: had.next}
	if changed {
		have.next++
	}
	var trouble error
	for _, dimension := range wanted(s) {
		one := score{dimension, now.UTC().Format(time.DateOnly), have.next}
		if n := slices.IndexFunc(had.scores, func(old score) bool { return old.dimension == dimension && old.day == one.day }); n >= 0 && !changed {
			one = had.scores[n]
		}
		body, err := c.scoreOf(s, one)
		if err == nil {
			err = c.write(ctx, body)
		}
		switch {
		case err == nil:
			*taken++
		case dimension != output:
			return "", err
		case errors.Is(err, feedback.ErrRefused):
			continue // the rating has the text as well
		default:
			trouble = err // the rating follows the vote all the same
		}
		have.scores = append(have.scores, one)
	}
	replaced := func(list []score) []score {
		return slices.DeleteFunc(list, func(one score) bool { return slices.Contains(have.scores, one) })
	}
	gone := replaced(had.scores)
	if before.Unclear {
		lost, err := c.find(ctx, s, replaced(candidates(s, had, changed, now)))
		if err != nil {
			return "", err
		}
		gone = append(gone, lost...)
	}
	for _, old := range gone {
		_, err := c.rest.JSON(ctx, http.MethodDelete, "/api/public/scores/"+old.id(s), nil)
		if err != nil && rest.Status(err) != http.StatusNotFound {
			return "", err
		}
		*taken++
	}
	if len(gone) > 0 {
		have.next++
	}
	if trouble != nil {
		return "", trouble
	}
	return have.remoteID(s), nil
}

// write is the body of POST /api/public/scores.
type write struct {
	ID            string         `json:"id"`
	TraceID       string         `json:"traceId"`
	ObservationID string         `json:"observationId"`
	Name          string         `json:"name"`
	Value         any            `json:"value"`
	DataType      string         `json:"dataType"`
	Comment       *string        `json:"comment"` // null clears an earlier one
	Environment   string         `json:"environment,omitempty"`
	Metadata      map[string]any `json:"metadata"`
}

// write writes a score. It sends that alone, not in a list: Langfuse before version
// 4 takes no list. Version 4 may answer 207 and that nothing was taken.
func (c *Client) write(ctx context.Context, body write) error {
	answer, err := c.rest.JSON(ctx, http.MethodPost, "/api/public/scores", body)
	if err != nil {
		return err
	}
	var got struct {
		Rejected int `json:"rejected"`
	}
	if json.Unmarshal(answer, &got) == nil && got.Rejected > 0 { // its messages may repeat what was sent
		return fmt.Errorf("POST /api/public/scores: the score was rejected: %w", feedback.ErrRefused)
	}
	return nil
}

func (c *Client) scoreOf(s feedback.Submission, one score) (write, error) {
	trace, span, err := otlp.IDs(s.ResponseID)
	if err != nil {
		return write{}, err
	}
	w := write{ID: one.id(s), TraceID: fmt.Sprintf("%x", trace), ObservationID: fmt.Sprintf("%x", span), Environment: c.options.Environment,
		Metadata: map[string]any{"rater": s.Rater, "source": s.Source, "by_asker": s.ByAsker, "rev": s.Rev}}
	if s.Explanation != "" {
		w.Comment = &s.Explanation
	}
	switch one.dimension {
	case thumbs:
		w.Name, w.DataType, w.Value = c.options.ThumbsName, "BOOLEAN", otlp.Score(s)
	case stars:
		w.Name, w.DataType, w.Value = c.options.StarsName, "NUMERIC", otlp.Score(s)
	case output:
		w.Name, w.DataType, w.Value, w.Comment = "output", "CORRECTION", s.Expected, nil
	}
	if one.dimension != output {
		// Corrections are new in Langfuse. An older one refuses them, and would
		// refuse the same vote for ever if it could not do without.
		w.Metadata["expected"] = s.Expected
		if s.Source != feedback.User {
			w.Name = otlp.VoteName(s.Source, s.Kind)
		}
	}
	return w, nil
}

// find returns which of some scores are at Langfuse. One that has no such call is
// taken to have them all: to delete what is not there does no harm.
func (c *Client) find(ctx context.Context, s feedback.Submission, list []score) (found []score, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	byID := map[string]score{}
	var ids []string
	for _, one := range list {
		byID[one.id(s)] = one
		ids = append(ids, one.id(s))
	}
	answer, err := c.rest.JSON(ctx, http.MethodGet, "/api/public/v3/scores?limit=100&id="+strings.Join(ids, ","), nil)
	if status := rest.Status(err); status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		return list, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for an earlier attempt: %w", err)
	}
	var page struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return nil, fmt.Errorf("look for an earlier attempt: %w", err)
	}
	for _, one := range page.Data {
		if known, ok := byID[one.ID]; ok {
			found = append(found, known)
		}
	}
	return found, nil
}
