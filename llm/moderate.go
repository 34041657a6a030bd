package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	openai "github.com/sashabaranov/go-openai"
)

// moderationTimeout bounds one question to the moderation endpoint: a person
// waits for it.
const moderationTimeout = 8 * time.Second

// maxPlainBody bounds an answer that is not a stream.
const maxPlainBody = 1 << 20

// moderations ask the moderation endpoint.
type moderations struct{ plain *openai.Client }

func newModerations(config openai.ClientConfig, query string) moderations {
	config.HTTPClient = &http.Client{Transport: bounded{withQuery{http.DefaultTransport, query}}, Timeout: moderationTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect }}
	return moderations{openai.NewClientWithConfig(config)}
}

// bounded cuts answers that are longer than they can sensibly be.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxPlainBody)
	}
	return resp, err
}

// Flagged asks the usual model's provider whether a text breaks its rules, and
// returns the categories; none when it is all right.
func (m *Models) Flagged(ctx context.Context, text string) ([]string, error) {
	return m.offered[0].flagged(ctx, text)
}

func (c *Client) flagged(ctx context.Context, text string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, moderationTimeout)
	defer cancel()
	answer, err := c.plain.Moderations(ctx, openai.ModerationRequest{Input: text, Model: openai.ModerationOmniLatest})
	if err != nil {
		return nil, fmt.Errorf("moderate a text: %w", c.explain(ctx, &exchange{}, asked{}, err))
	}
	var found []string
	for _, result := range answer.Results {
		if !result.Flagged {
			continue
		}
		raw, err := json.Marshal(result.Categories)
		if err != nil {
			return nil, fmt.Errorf("moderate a text: %w", err)
		}
		var categories map[string]bool
		if err := json.Unmarshal(raw, &categories); err != nil {
			return nil, fmt.Errorf("moderate a text: %w", err)
		}
		for name, hit := range categories {
			if hit {
				found = append(found, name)
			}
		}
		if len(found) == 0 {
			found = append(found, "other") // a category that go-openai does not know
		}
	}
	slices.Sort(found)
	return found, nil
}
