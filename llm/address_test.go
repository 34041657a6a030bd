package llm

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// However an address is copied from a provider's page, chats and moderations are
// asked at their paths, with its query behind them.
func TestAddress(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String()+" "+r.Header.Get("Authorization"))
		if strings.Contains(r.URL.Path, "moderations") {
			io.WriteString(w, `{"results":[]}`)
			return
		}
		io.WriteString(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}]}`)
	}))
	defer s.Close()
	for base, want := range map[string]string{
		"/v1": "/v1*", "/v1/": "/v1*", "/v1//": "/v1*", "": "*", "/": "*", "/v1/chat/completions": "/v1*", "/v1/chat/completions/": "/v1*",
		"/openai/deployments/gpt?api-version=2024-10-21":                   "/openai/deployments/gpt*?api-version=2024-10-21",
		"/openai/deployments/gpt/?api-version=2024-10-21":                  "/openai/deployments/gpt*?api-version=2024-10-21",
		"/openai/deployments/gpt/chat/completions?api-version=2024-10-21":  "/openai/deployments/gpt*?api-version=2024-10-21",
		"/openai/deployments/gpt/chat/completions/?api-version=2024-10-21": "/openai/deployments/gpt*?api-version=2024-10-21",
		"/v1?a=b%20c&d": "/v1*?a=b%20c&d", "/v1?": "/v1*",
	} {
		c, err := New(Options{BaseURL: s.URL + base, Key: "key", Model: "gpt"})
		if err != nil {
			t.Fatalf("New(%s) = %v", base, err)
		}
		asked = nil
		if _, err := c.Stream(t.Context(), []Message{{Role: User, Content: "hello"}}, func(string, bool) {}); err != nil {
			t.Errorf("%s: Stream() = %v", base, err)
		}
		if _, err := c.flagged(t.Context(), "text"); err != nil {
			t.Errorf("%s: flagged() = %v", base, err)
		}
		for n, path := range []string{"/chat/completions", "/moderations"} {
			if full := strings.Replace(want, "*", path, 1) + " Bearer key"; len(asked) != 2 || asked[n] != full {
				t.Errorf("%s asks %q, want %s", base, asked, full)
			}
		}
	}
	for _, base := range []string{"", "api.openai.com/v1", "ftp://api.openai.com", "https://", "https://:443/v1", "https://api.openai.com/v1#x", "https://api.openai.com/%zz"} {
		if _, err := New(Options{BaseURL: base, Model: "gpt"}); err == nil {
			t.Errorf("New(%q) = nil, want an error", base)
		}
	}
}

// An address of Azure with a version takes a key under another name, and a token
// as a bearer.
func TestAzureKey(t *testing.T) {
	for _, tt := range []struct{ host, query, key, bearer, own string }{
		{"one.openai.azure.com", "api-version=2024-10-21", "key", "", "key"},
		{"one.openai.azure.com", "api-version=2024-10-21", "eyJ0", "Bearer eyJ0", ""},
		{"one.openai.azure.com", "", "key", "Bearer key", ""},
		{"azure.com.example", "api-version=2024-10-21", "key", "Bearer key", ""},
	} {
		var got http.Header
		r := &http.Request{URL: &url.URL{Scheme: "https", Host: tt.host, Path: "/x"}, Header: http.Header{"Authorization": {"Bearer " + tt.key}}}
		_, err := withQuery{roundTrip(func(r *http.Request) (*http.Response, error) { got = r.Header; return nil, nil }), tt.query}.RoundTrip(r)
		if err != nil || got.Get("Authorization") != tt.bearer || got.Get("api-key") != tt.own {
			t.Errorf("%+v sends %v, %v", tt, got, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
