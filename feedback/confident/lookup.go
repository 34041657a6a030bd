package confident

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"feedbackbot/feedback"
)

// found is an annotation as the platform lists it. The list does not repeat the
// userId that an annotation was made with; its user is the account whose key made
// it, the same for everybody's. So an annotation can be seen not to be somebody's
// vote, by what it says, but never to be it: two people may say the same.
type found struct {
	Rating         float64 `json:"rating"`
	Type           string  `json:"type"`
	ExpectedOutput string  `json:"expectedOutput"`
	Explanation    string  `json:"explanation"`
}

func (f found) says(a annotation) bool {
	return f == found{float64(a.Rating), a.Type, a.ExpectedOutput, a.Explanation}
}

func (c *Client) find(ctx context.Context, query url.Values) ([]found, error) {
	answer, err := c.rest.JSON(ctx, "GET", "/v1/annotations?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	var got struct {
		Annotations []found `json:"annotations"`
	}
	if err := c.data(answer, &got); err != nil {
		return nil, fmt.Errorf("GET /v1/annotations: %w", err)
	}
	return got.Annotations, nil
}

const (
	pageSize = 100
	maxPages = 100
	// maxClocks is how far the platform's clock may be from ours.
	maxClocks = time.Hour
)

// onTrace lists the annotations of an answer that a vote may be among.
func (c *Client) onTrace(ctx context.Context, s feedback.Submission) (all []found, err error) {
	for page := 1; page <= maxPages; page++ {
		list, err := c.find(ctx, url.Values{"traceUuid": {s.ResponseID}, "page": {fmt.Sprint(page)}, "pageSize": {fmt.Sprint(pageSize)},
			"start": {s.CreatedAt.Add(-maxClocks).UTC().Format(isoMillis)}})
		if err != nil {
			return nil, fmt.Errorf("look for an earlier attempt: %w", err)
		}
		if all = append(all, list...); len(list) < pageSize {
			return all, nil
		}
	}
	return nil, errors.New("look for an earlier attempt: too many annotations")
}

// mayRepeat reports whether to send a vote once more whose earlier attempt may
// have arrived. One that says the same does not stop it, since one too many is
// better than one lost. Two do: a platform that takes everything and answers
// nothing would get one more with every attempt.
func (c *Client) mayRepeat(ctx context.Context, s feedback.Submission, a annotation) error {
	list, err := c.onTrace(ctx, s)
	if err != nil {
		return err
	}
	alike := 0
	for _, f := range list {
		if f.says(a) {
			alike++
		}
	}
	if alike < 2 {
		return nil
	}
	return fmt.Errorf("the answer to a vote was lost, and nobody knows whether the vote is at Confident AI: several there say the same, and it does not tell whose an annotation is: %w",
		feedback.ErrRefused)
}

// neverArrived returns nil when no attempt at a vote can have arrived. What the
// attempts said is not known any more, so any annotation may be theirs.
func (c *Client) neverArrived(ctx context.Context, s feedback.Submission) error {
	list, err := c.onTrace(ctx, s)
	if err != nil || len(list) == 0 {
		return err
	}
	return fmt.Errorf("a vote was taken back after an answer was lost, and nobody knows whether it is at Confident AI, which does not tell whose an annotation is and cannot delete one: %w",
		feedback.ErrRefused)
}
