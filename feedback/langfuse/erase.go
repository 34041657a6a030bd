package langfuse

import (
	"context"
	"fmt"
	"net/http"

	"feedbackbot/feedback"
	"feedbackbot/feedback/otlp"
	"feedbackbot/feedback/rest"
)

var _ feedback.Eraser = (*Client)(nil)

// Items returns the path of the trace of a response, or those of the scores of a
// submission.
func (c *Client) Items(i feedback.Sent) (paths []string) {
	if i.Rater == "" {
		if trace, _, err := otlp.IDs(i.ResponseID); err == nil {
			paths = append(paths, fmt.Sprintf("/api/public/traces/%x", trace))
		}
		return paths
	}
	s, had := feedback.Submission{ResponseID: i.ResponseID, Rater: i.Rater, Source: i.Source}, parse(i.RemoteID)
	if i.Unclear {
		had.scores = append(had.scores, candidates(s, had, true, c.options.Now())...)
	}
	for _, one := range had.scores {
		paths = append(paths, "/api/public/scores/"+one.id(s))
	}
	return paths
}

// Erase deletes a trace with its scores, or one score.
func (c *Client) Erase(ctx context.Context, path string) error {
	_, err := c.rest.JSON(ctx, http.MethodDelete, path, nil)
	if rest.Status(err) == http.StatusNotFound {
		return nil
	}
	return err
}
