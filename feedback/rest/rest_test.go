package rest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/rest"
)

// What a service answers decides what becomes of an item, and its errors repeat
// no secret.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		header map[string]string
		want   error         // what the error is; nil for one that leads to another attempt
		after  time.Duration // of a RetryError
	}{
		{"unauthorized", 401, nil, feedback.ErrUnauthorized, 0},
		{"forbidden", 403, nil, feedback.ErrUnauthorized, 0},
		{"bad request", 400, nil, feedback.ErrRefused, 0},
		{"unprocessable", 422, nil, feedback.ErrRefused, 0},
		{"timeout", 408, nil, nil, 0},
		{"trouble", 500, nil, nil, 0},
		{"redirect", 302, map[string]string{"Location": "http://elsewhere.example"}, nil, 0},
		{"busy", 429, map[string]string{"Retry-After": "7"}, nil, 7 * time.Second},
		{"busy, no word", 429, nil, nil, time.Second},
		{"busy, fraction", 429, map[string]string{"Retry-After": "1.5"}, nil, 1500 * time.Millisecond},
		{"busy, nonsense", 429, map[string]string{"Retry-After": "soon"}, nil, time.Second},
		{"busy, no number", 429, map[string]string{"Retry-After": "NaN"}, nil, time.Second},
		{"busy for years", 429, map[string]string{"Retry-After": "1e300"}, nil, time.Hour},
		{"busy until a date", 429, map[string]string{"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}, nil, time.Hour},
		{"down, with a word", 503, map[string]string{"Retry-After": "9"}, nil, 9 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for name, value := range tt.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(tt.status)
				w.Write([]byte("the key canary-key is\n no good" + strings.Repeat(".", 5000)))
			}))
			defer s.Close()
			c := rest.Client{Base: s.URL, Secrets: []string{"canary-key"}, Mend: "is it right?", HTTPClient: rest.NewHTTPClient()}
			_, err := c.JSON(t.Context(), "POST", "/path?token=canary-key", map[string]string{})
			if err == nil || rest.Status(err) != tt.status || strings.Contains(err.Error(), "canary") || len(err.Error()) > 2000 {
				t.Fatalf("JSON() = %v, want status %d and no secret", err, tt.status)
			}
			final := errors.Is(err, feedback.ErrRefused) || errors.Is(err, feedback.ErrUnauthorized)
			if tt.want != nil && !errors.Is(err, tt.want) || tt.want == nil && final {
				t.Errorf("JSON() = %v, want %v", err, tt.want)
			}
			var retry *feedback.RetryError
			if errors.As(err, &retry) != (tt.after > 0) || tt.after > 0 && retry.After != tt.after {
				t.Errorf("JSON() = %v, want it to wait %v", err, tt.after)
			}
		})
	}
}

// An address that cannot be reached is named without what it may hide.
func TestUnreachable(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	c := rest.Client{Base: s.URL, HTTPClient: rest.NewHTTPClient()}
	if _, err := c.JSON(t.Context(), "GET", "/path?token=canary", nil); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("JSON() = %v, want an error without the query", err)
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{"https://example.com/": "https://example.com", "http://host:1/a": "http://host:1/a",
		"example.com": "", "ftp://example.com": "", "": "", "https://": "", "http://:80": "", "https://example.com/a?key=x": "", "https://example.com/#a": ""} {
		if got, err := rest.Address(in); got != want || (err == nil) != (want != "") {
			t.Errorf("Address(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}
