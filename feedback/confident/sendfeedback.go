package confident

import (
	"context"
	"errors"
	"fmt"
)

// Option is an optional argument of [Client.SendFeedback] and its neighbours.
type Option func(*arguments)

type arguments struct {
	explanation, expected string
	silent, quiet         bool
}

// WithExplanation says why the rating was given.
func WithExplanation(text string) Option { return func(a *arguments) { a.explanation = text } }

// WithExpectedResponse says what the answer should have been.
func WithExpectedResponse(text string) Option { return func(a *arguments) { a.expected = text } }

// FailSilently makes a call return nil whatever happens, and say nothing. It
// beats [RaiseException]. What it hides is counted by [Client.Suppressed].
func FailSilently() Option { return func(a *arguments) { a.silent = true } }

// RaiseException(false) makes a call log an error in one line instead of
// returning it. The default is true.
func RaiseException(raise bool) Option { return func(a *arguments) { a.quiet = !raise } }

func collect(options []Option) arguments {
	var a arguments
	for _, o := range options {
		o(&a)
	}
	return a
}

// raise does with an error what the options ask for.
func (c *Client) raise(err error, options []Option) error {
	a := collect(options)
	switch {
	case err == nil:
		return nil
	case a.silent:
		c.suppressed.Add(1)
		return nil
	case a.quiet:
		c.suppressed.Add(1)
		c.options.Log.Error("Confident AI", "error", err)
		return nil
	}
	return err
}

// SendFeedback rates the answer with this response id from 1 to 5. Everything
// is checked before anything is sent.
func (c *Client) SendFeedback(ctx context.Context, responseID string, rating int, options ...Option) error {
	err := c.sendFeedback(ctx, responseID, rating, collect(options))
	if err != nil {
		err = fmt.Errorf("send feedback: %w", err)
	}
	return c.raise(err, options)
}

// SendFeedbackAsync is [Client.SendFeedback] without waiting for it. The
// channel receives its result; nobody needs to read it. [Client.Close] waits
// for what is under way.
func (c *Client) SendFeedbackAsync(ctx context.Context, responseID string, rating int, options ...Option) <-chan error {
	result := make(chan error, 1)
	c.async.Go(func() { result <- c.SendFeedback(ctx, responseID, rating, options...) })
	return result
}

func (c *Client) sendFeedback(ctx context.Context, responseID string, rating int, a arguments) error {
	switch {
	case responseID == "":
		return errors.New("the response id is empty")
	case rating < 1 || rating > 5:
		return fmt.Errorf("rating %d is not between 1 and 5", rating)
	}
	if c.options.API == Events {
		return c.postFeedback(ctx, responseID, rating, a.explanation, a.expected)
	}
	_, err := c.postAnnotation(ctx, annotation{TraceUUID: responseID, Rating: rating, Type: fiveStars,
		Explanation: clean(a.explanation), ExpectedOutput: clean(a.expected)})
	return err
}

// postFeedback sends the feedback of deepeval up to 2.x. Any 2xx is a success,
// whatever the body says.
func (c *Client) postFeedback(ctx context.Context, eventID string, rating int, explanation, expected string) error {
	_, err := c.rest.JSON(ctx, "POST", "/v1/feedback", struct {
		EventID          string `json:"eventId"`
		Rating           int    `json:"rating"`
		ExpectedResponse string `json:"expectedResponse,omitempty"`
		Explanation      string `json:"explanation,omitempty"`
	}{eventID, rating, clean(expected), clean(explanation)})
	return err
}

// The types of annotations.
const (
	thumbs    = "THUMBS_RATING"    // 0 or 1
	fiveStars = "FIVE_STAR_RATING" // 1 to 5
)

// annotation is the body of POST /v1/annotations, and with fewer fields of PUT.
type annotation struct {
	TraceUUID      string `json:"traceUuid,omitempty"`
	Rating         int    `json:"rating"`
	Type           string `json:"type"`
	ExpectedOutput string `json:"expectedOutput,omitempty"`
	Explanation    string `json:"explanation,omitempty"`
	UserID         string `json:"userId,omitempty"`
}

// postAnnotation returns the platform's id of the annotation, which a change
// needs.
func (c *Client) postAnnotation(ctx context.Context, a annotation) (string, error) {
	answer, err := c.rest.JSON(ctx, "POST", "/v1/annotations", a)
	if err != nil {
		return "", err
	}
	var got struct {
		ID string `json:"id"`
	}
	if err := c.data(answer, &got); err != nil {
		return "", fmt.Errorf("POST /v1/annotations: %w", err)
	}
	return got.ID, nil
}
