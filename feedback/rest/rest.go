// Package rest sends the requests of the backends over HTTP and turns what comes
// back into the errors of the [feedback.Backend] contract.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"feedbackbot/feedback"
)

// Client sends requests to one service. It is safe for concurrent use.
type Client struct {
	Base       string      // address that paths are appended to
	Header     http.Header // goes with every request, spelled as it is
	Secrets    []string    // are not repeated in errors
	Mend       string      // what to do about a key that is not accepted
	AnyAnswer  bool        // an HTML page is an answer, too
	HTTPClient *http.Client
}

const (
	maxAnswer = 1 << 20 // bytes of an answer that are read

	minRetryAfter, maxRetryAfter = time.Second, time.Hour
)

// NewHTTPClient returns a client with a deadline that follows no redirects: a
// key must not follow one to another host.
func NewHTTPClient() *http.Client {
	return &http.Client{Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Address returns base without a slash at its end, or an error when paths cannot
// be appended to it.
func Address(base string) (string, error) {
	base = strings.TrimRight(base, "/")
	if err := Valid(base); err != nil {
		return "", err
	}
	if strings.ContainsAny(base, "?#") {
		return "", errors.New("the address must end before a ? or #, since paths are appended to it")
	}
	return base, nil
}

// Valid returns an error when address is none of a service.
func Valid(address string) error {
	if u, err := url.Parse(address); err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("the address must look like https://example.com")
	}
	return nil
}

// Mended is an error with what an operator can do about it.
type Mended struct {
	Err  error
	Mend string
}

func (e *Mended) Error() string { return e.Err.Error() + "; " + e.Mend }

func (e *Mended) Unwrap() error { return e.Err }

// Shown is an address without the password in it.
func Shown(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return "the address"
	}
	return u.Redacted()
}

// JSON sends body as JSON, or no body if it is nil, and returns the body of a
// 2xx answer.
func (c *Client) JSON(ctx context.Context, method, path string, body any) ([]byte, error) {
	if body == nil {
		return c.Send(ctx, method, path, nil, nil)
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %w", method, path, err, feedback.ErrRefused)
	}
	return c.Send(ctx, method, path, http.Header{"Content-Type": {"application/json"}}, data)
}

// Send sends a request and returns the body of a 2xx answer. Its errors are
// those of the [feedback.Backend] contract, [feedback.ErrAnswered] whenever a
// status other than 2xx came back, and repeat neither a secret nor the answer.
func (c *Client) Send(ctx context.Context, method, path string, header http.Header, body []byte) ([]byte, error) {
	called, _, _ := strings.Cut(path, "?")
	answer, err := c.send(ctx, method, path, header, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.TrimSpace(method+" "+called), err)
	}
	return answer, nil
}

func (c *Client) send(ctx context.Context, method, path string, header http.Header, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address cannot be used")
	}
	for _, h := range []http.Header{c.Header, header} {
		for name, values := range h {
			req.Header[name] = values // not Set, which would change the spelling
		}
	}
	resp, err := c.HTTPClient.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, c.refusal(resp, answer, body)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the answer: %w", err)
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") && !c.AnyAnswer {
		return nil, errors.New("the answer is a web page: something between us and the service has answered")
	}
	return answer, nil
}

// refusal turns an answer that is not 2xx into an error.
func (c *Client) refusal(resp *http.Response, answer, sent []byte) error {
	err := &StatusError{resp.StatusCode, codes(answer, sent, c.Secrets)}
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return fmt.Errorf("%w: %w; %s", err, feedback.ErrUnauthorized, c.Mend)
	case s == http.StatusTooManyRequests, s == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "":
		return &feedback.RetryError{After: retryAfter(resp.Header.Get("Retry-After"), time.Now()), Err: err}
	case s >= 300 && s < 400:
		return fmt.Errorf("%w; the address redirects, set it to where it leads", err)
	case s == http.StatusRequestTimeout || s >= 500:
		return err
	}
	return fmt.Errorf("%w: %w", err, feedback.ErrRefused)
}

// retryAfter reads seconds, or a date.
func retryAfter(value string, now time.Time) time.Duration {
	var after time.Duration
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		after = time.Duration(min(max(seconds, 0), maxRetryAfter.Seconds()) * float64(time.Second)) // also when it is NaN or huge
	} else if date, err := http.ParseTime(value); err == nil {
		after = date.Sub(now)
	}
	return min(max(after, minRetryAfter), maxRetryAfter)
}

// withoutURL drops the address that net/http puts into its errors: it may hold a
// secret, and the caller names the path.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
