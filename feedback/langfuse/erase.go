package langfuse

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"feedbackbot/feedback"
	"feedbackbot/feedback/otlp"
	"feedbackbot/feedback/rest"
)

var _ feedback.Eraser = (*Client)(nil)

// Items returns the path of the trace of a response, or those of the scores of a
// submission.
func (c *Client) Items(responseID, remoteID string, isResponse bool) (paths []string) {
	if isResponse {
		if trace, _, err := otlp.IDs(responseID); err == nil {
			paths = append(paths, fmt.Sprintf("/api/public/traces/%x", trace))
		}
		return paths
	}
	for part := range strings.FieldsSeq(remoteID) {
		if _, id, ok := strings.Cut(part, "="); ok {
			paths = append(paths, "/api/public/scores/"+id)
		}
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
