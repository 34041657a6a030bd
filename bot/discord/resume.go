package discord

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A session is to be resumed at the address that READY gave it. discordgo goes
// where it has been before; but when a connection fails it asks anew where the
// gateway is, and there it can be told.

// noteResumeURL reads the address from READY. Only an encrypted one is taken, or
// one on this machine.
func (c *connection) noteResumeURL(ready json.RawMessage) {
	var r struct {
		ResumeURL string `json:"resume_gateway_url"`
	}
	if json.Unmarshal(ready, &r) != nil {
		return
	}
	u, err := url.Parse(r.ResumeURL)
	if err != nil || u.User != nil || u.Scheme != "wss" && !(u.Scheme == "ws" && isLoopback(u.Hostname())) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resumeURL = strings.TrimRight(u.String(), "/") + "/"
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

var errElsewhere = errors.New("the session is resumed elsewhere")

// goElsewhere makes discordgo forget where the gateway was, so that it asks. It
// does nothing when READY gave no address.
func (c *connection) goElsewhere() {
	c.mu.Lock()
	c.elsewhere = c.resumeURL != ""
	again := c.elsewhere
	c.mu.Unlock()
	if !again {
		return
	}
	refused := make(chan struct{})
	go func() {
		defer close(refused)
		_ = c.session.Open() // its connection is refused by mayDial
	}()
	select {
	case <-refused:
	case <-time.After(closeTimeout): // it hangs, which the next Open will show
	}
}

// giveUpElsewhere makes the session be resumed where it began.
func (c *connection) giveUpElsewhere() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resumeURL = ""
}

// mayDial refuses the one connection that goElsewhere makes fail.
func (c *connection) mayDial() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.elsewhere {
		c.elsewhere = false
		return errElsewhere
	}
	return nil
}

// leading answers where the gateway is when that is known from READY.
func (c *connection) leading(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		c.mu.Lock()
		to := c.resumeURL
		c.mu.Unlock()
		if to == "" {
			return next.RoundTrip(r)
		}
		body, err := json.Marshal(map[string]string{"url": to})
		if err != nil {
			return nil, err
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(string(body)))}, nil
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
