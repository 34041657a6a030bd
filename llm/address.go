package llm

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

var errAddress = errors.New("the model's base URL must look like https://api.openai.com/v1")

// parseAddress reads a base URL as people have it from a provider's page: with a
// slash or the path of chats at its end, and with a query, which belongs behind
// the path of each request and not before it.
func parseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") || u.Fragment != "" {
		return nil, errAddress
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/chat/completions")
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// withQuery puts an address's query behind the path of every request.
type withQuery struct {
	next  http.RoundTripper
	query string
}

func (w withQuery) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.query == "" {
		return w.next.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	r.URL.RawQuery = strings.Trim(w.query+"&"+r.URL.RawQuery, "&")
	// Azure's older addresses take a key under a name of its own; as a bearer it
	// takes only tokens, which begin like this.
	key, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if strings.HasSuffix(r.URL.Hostname(), ".azure.com") && r.URL.Query().Has("api-version") && isBearer && !strings.HasPrefix(key, "eyJ") {
		r.Header.Del("Authorization")
		r.Header.Set("api-key", key)
	}
	return w.next.RoundTrip(r)
}
