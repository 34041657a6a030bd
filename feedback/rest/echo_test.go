package rest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"feedbackbot/feedback"
	"feedbackbot/feedback/rest"
)

// A platform may repeat in its answer what it was sent. An error keeps the status
// and the machine's codes, and nothing that a member wrote.
func TestNoEcho(t *testing.T) {
	const said = "my doctor says so"
	for body, codes := range map[string]string{
		said:                         "",
		`"` + said + `"`:             "",
		`<p>` + said:                 "",
		`{"message":"` + said + `"}`: "",
		`{"error":"` + said + `","code":"` + said + `","type":"doctor"}`:                            "",
		`{"code":"invalid_body","message":"` + said + `"}`:                                          "invalid_body",
		`{"error":{"message":"` + said + `","type":"invalid_request_error","code":"too.long"}}`:     "invalid_request_error, too.long",
		`{"detail":[{"type":"string_too_long","input":"` + said + `","msg":"` + said + `"}]}`:       "string_too_long",
		`{"message":"Invalid","error":[{"code":"invalid_enum_value","received":"` + said + `"}]}`:   "invalid_enum_value",
		`{"code":3,"message":"` + said + `","details":[{"type":"type.googleapis.com","it":"x"}]}`:   "3",
		`{"error":{"code":"sk-canary","type":"` + strings.Repeat("x", 100) + `"}}`:                  "",
		`{"type":"` + said + `","errors":[{"code":"a1"},{"code":"b2"},{"code":"c3"},{"code":"d4"}]`: "", // cut
		`{"errors":[{"code":"a1"},{"code":"b2"},{"code":"c3"},{"code":"d4"}]}`:                      "a1, b2, c3",
	} {
		for _, status := range []int{400, 401, 403, 404, 422, 429, 500, 503} {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				w.Write([]byte(body))
			}))
			c := rest.Client{Base: s.URL, Secrets: []string{"sk-canary"}, Mend: "mend it", HTTPClient: rest.NewHTTPClient()}
			_, err := c.JSON(t.Context(), "POST", "/votes", map[string]string{"explanation": said})
			s.Close()
			if err == nil || strings.Contains(err.Error(), "doctor") || strings.Contains(err.Error(), "canary") {
				t.Fatalf("HTTP %d with %s = %v, want an error without what was said", status, body, err)
			}
			if want := http.StatusText(status); !strings.Contains(err.Error(), want) || codes != "" && !strings.Contains(err.Error(), want+" ("+codes+")") {
				t.Errorf("HTTP %d with %s = %v, want %s and the codes %q", status, body, err, want, codes)
			}
		}
	}
}

// Whatever a backend answers, it is there. One that cannot be reached, or breaks
// the connection, has given no sign of life; nor has whatever stands before it.
func TestAnswered(t *testing.T) {
	for name, tt := range map[string]struct {
		handle http.HandlerFunc
		want   bool
	}{
		"400":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }, true},
		"401":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, true},
		"429":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, true},
		"500":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, true},
		"503":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, true},
		"302":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(302) }, true},
		"reset": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false},
		"page":  {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") }, false},
	} {
		s := httptest.NewServer(tt.handle)
		c := rest.Client{Base: s.URL, HTTPClient: rest.NewHTTPClient()}
		_, err := c.JSON(t.Context(), "GET", "/", nil)
		s.Close()
		if err == nil || errors.Is(err, feedback.ErrAnswered) != tt.want {
			t.Errorf("%s = %v, want an error that is ErrAnswered: %t", name, err, tt.want)
		}
		if _, err = c.JSON(t.Context(), "GET", "/", nil); err == nil || errors.Is(err, feedback.ErrAnswered) {
			t.Errorf("nobody listens = %v, want an error that is not ErrAnswered", err)
		}
	}
}
