package confident

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"feedbackbot/feedback"
	"feedbackbot/feedback/rest"
)

var _ feedback.Backend = (*Client)(nil)

// eventName is what answers of the bot are called on the platform.
const eventName = "discord-reply"

// Name tells the two generations apart: they keep different ids.
func (c *Client) Name() string {
	if c.options.API == Events {
		return "confident-events"
	}
	return "confident"
}

// Check reports whether the platform takes the key. The old protocol has no
// call that stores nothing, so there only the address is checked.
func (c *Client) Check(ctx context.Context) error {
	if c.options.API == Events {
		_, err := c.rest.JSON(ctx, "GET", "/v1/event", nil)
		if s := rest.Status(err); s == http.StatusNotFound || s == http.StatusMethodNotAllowed {
			return nil
		}
		return err
	}
	_, err := c.find(ctx, url.Values{"pageSize": {"1"}})
	return err
}

// SendResponse reports a response. With [Annotations] its id is the trace's, so
// that a repetition is the same trace.
func (c *Client) SendResponse(ctx context.Context, r feedback.Response, before feedback.Delivered) (string, error) {
	data := map[string]any{"finish reason": string(r.Finish), "prompt version": r.PromptVersion, "provider": r.Provider}
	if r.AlternativeOf != "" {
		data["alternative of"] = r.AlternativeOf
	}
	return c.monitor(ctx, Monitored{
		EventName: eventName, Model: cmp.Or(r.Model, "unknown"), Input: r.Question, Response: r.Answer, RetrievalContext: r.Context,
		CompletionTime: r.FinishedAt.Sub(r.AskedAt), TokenUsage: float64(r.InputTokens + r.OutputTokens), TokenCost: r.Cost,
		DistinctID: string(r.Asker), ConversationID: r.ConversationID, AdditionalData: data,
		ID: r.ID, StartedAt: r.AskedAt, InputTokens: r.InputTokens, OutputTokens: r.OutputTokens, Tags: []string{"discord"},
	})
}

// SendSubmission reports a vote. The platform offers no way to take one back.
func (c *Client) SendSubmission(ctx context.Context, s feedback.Submission, r feedback.Response, before feedback.Delivered) (string, error) {
	if c.options.API == Events {
		return "", c.sendEventFeedback(ctx, s, before)
	}
	if s.Withdrawn {
		return c.withdraw(ctx, s, before)
	}
	a := annotationOf(s)
	if id := before.RemoteID; id != "" {
		err := c.change(ctx, id, a)
		if rest.Status(err) != http.StatusNotFound {
			return id, err
		} // somebody has deleted it there: it is made anew
	}
	if before.Unclear {
		if err := c.mayRepeat(ctx, s, a); err != nil {
			return "", err
		}
	}
	a.TraceUUID, a.UserID = s.ResponseID, string(s.Rater)
	id, err := c.postAnnotation(ctx, a)
	if rest.Status(err) == http.StatusNotFound && before.MayAppear(r) {
		return "", fmt.Errorf("the trace has not arrived yet: %w", rest.Unjudged(err))
	}
	return id, err
}

// sendEventFeedback sends a vote in the old protocol, which cannot change one:
// another vote is another feedback.
func (c *Client) sendEventFeedback(ctx context.Context, s feedback.Submission, before feedback.Delivered) error {
	if s.Withdrawn {
		return fmt.Errorf("a vote was taken back, which /v1/feedback cannot do: %w", feedback.ErrRefused)
	}
	if before.ResponseRemoteID == "" {
		return fmt.Errorf("the response's eventId is not known: %w", feedback.ErrRefused)
	}
	return c.postFeedback(ctx, before.ResponseRemoteID, s.Rating, why(s), s.Expected)
}

// withdraw handles an undo. What the platform has it keeps.
func (c *Client) withdraw(ctx context.Context, s feedback.Submission, before feedback.Delivered) (string, error) {
	if id := before.RemoteID; id != "" {
		return id, fmt.Errorf("a vote was taken back; Confident AI cannot delete annotation %s: %w", id, feedback.ErrRefused)
	}
	if before.Unclear && before.UnclearRev != s.Rev { // else nothing but the undo was ever tried
		if err := c.neverArrived(ctx, s); err != nil {
			return "", err
		}
	}
	return "", nil
}

// why is a submission's explanation. That it is a reviewer's stands before it: the
// platform has no field for the source.
func why(s feedback.Submission) string {
	if s.Source != feedback.Reviewer {
		return s.Explanation
	}
	return strings.TrimSpace("[reviewer] " + s.Explanation)
}

func annotationOf(s feedback.Submission) annotation {
	a := annotation{Rating: s.Rating, Type: fiveStars, Explanation: clean(why(s)), ExpectedOutput: clean(s.Expected)}
	if s.Kind == feedback.Thumbs {
		a.Type, a.Rating = thumbs, 0
		if s.Up() {
			a.Rating = 1
		}
	}
	return a
}

// change makes an annotation equal to a. Here the texts are sent even when they
// are empty: somebody may have removed theirs.
func (c *Client) change(ctx context.Context, id string, a annotation) error {
	answer, err := c.rest.JSON(ctx, "PUT", "/v1/annotations/"+url.PathEscape(id), struct {
		Rating         int    `json:"rating"`
		Type           string `json:"type"`
		ExpectedOutput string `json:"expectedOutput"`
		Explanation    string `json:"explanation"`
	}{a.Rating, a.Type, a.ExpectedOutput, a.Explanation})
	if err != nil {
		return err
	}
	var ignored any
	if err := c.data(answer, &ignored); err != nil {
		return fmt.Errorf("PUT /v1/annotations: %w", err)
	}
	return nil
}

// Doubles reports whether what is sent again is there twice: events have no id of
// ours.
func (c *Client) Doubles() bool { return c.options.API == Events }
