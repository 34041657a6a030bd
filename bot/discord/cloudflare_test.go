package discord

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Cloudflare's page holds everything back for as long as it says; a minute where
// it does not say.
func TestCloudflareSaysHowLong(t *testing.T) {
	for header, want := range map[string]time.Duration{"2": 2 * time.Second, "": time.Minute, "never": time.Minute, "86400": 15 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			refused := false
			c, err := New(Options{BaseURL: "http://discord.invalid", Token: "t", GlobalRPS: 50, Transport: roundTrip(func(r *http.Request) *http.Response {
				answer := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"id":"1"}`)), Request: r}
				if !refused {
					refused = true
					answer.StatusCode, answer.Body = 429, io.NopCloser(strings.NewReader("<!DOCTYPE html>"))
					answer.Header.Set("Retry-After", header)
				}
				return answer
			})})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Post(t.Context(), "1", Urgent, func() Body { return Body{Content: "hello", Nonce: "n"} }); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); waited != want {
				t.Errorf("with Retry-After %q a message waited %v, want %v", header, waited, want)
			}
		})
	}
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
