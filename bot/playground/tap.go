package playground

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// slowness is how long a slow service waits before it answers.
const slowness = 6 * time.Second

// cutAfter is how many bytes of an answer arrive before it is cut: enough for a
// sentence of a streamed one.
const cutAfter = 4000

// A tap stands between the bot and a service that it uses. It puts every
// request on the timeline, and lets it fail when a switch says so, whoever the
// service belongs to.
type tap struct {
	kind     string
	feed     *feed
	listener net.Listener
	http     *http.Server
	served   sync.WaitGroup

	slow, fail, cut, down atomic.Bool
}

func newTap(kind, target string, f *feed) (*tap, error) {
	to, err := url.Parse(target)
	if err != nil || to.Host == "" {
		return nil, fmt.Errorf("the address of the %s is not a URL", kind) // it may hold a password
	}
	t := &tap{kind: kind, feed: f}
	if t.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen for requests to the %s: %w", kind, err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to) },
		FlushInterval: -1,                         // streams arrive as they are sent
		ErrorLog:      log.New(io.Discard, "", 0), // the timeline tells it
		ModifyResponse: func(r *http.Response) error {
			if t.cut.Load() {
				r.Body = cutBody{io.LimitReader(r.Body, cutAfter), r.Body}
			}
			return nil
		},
	}
	t.http = &http.Server{Handler: t.watch(proxy), ReadHeaderTimeout: 5 * time.Second}
	t.served.Go(func() { t.http.Serve(t.listener) })
	return t, nil
}

// cutBody is an answer that breaks off.
type cutBody struct {
	io.Reader
	io.Closer
}

func (c cutBody) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (t *tap) url() string { return "http://" + t.listener.Addr().String() }

func (t *tap) close() {
	t.http.Close()
	t.served.Wait()
}

// watch records requests and makes them fail.
func (t *tap) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		seen := &statusWriter{ResponseWriter: w}
		asked := entry{Kind: t.kind, Title: title(r.Method, r.URL.Path), Detail: detail(body)}
		if t.kind == "model" { // its answer takes a while
			t.feed.tell(asked)
			asked = entry{Kind: t.kind, Title: "The model has answered"}
		}
		defer func() {
			if asked.Status, asked.Silent = seen.status, seen.status == 0; asked.Silent && t.kind == "model" {
				asked.Title = "The model has not answered"
			}
			t.feed.tell(asked)
		}()
		switch {
		case t.down.Load():
			panic(http.ErrAbortHandler)
		case t.fail.Load():
			seen.Header().Set("Content-Type", "application/json")
			seen.WriteHeader(http.StatusServiceUnavailable)
			io.WriteString(seen, `{"error":{"message":"The switch on the page makes this fail.","type":"server_error"}}`)
			return
		case t.slow.Load():
			select {
			case <-time.After(slowness):
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(seen, r)
	})
}

// title says what a request is about.
func title(method, path string) string {
	switch {
	case strings.HasSuffix(path, "/chat/completions"):
		return "The bot asks the model for an answer"
	case method == http.MethodPost && path == "/v1/traces":
		return "The answer is delivered to Confident AI"
	case method == http.MethodPost && path == "/v1/annotations":
		return "The vote is delivered to Confident AI"
	case method == http.MethodPut && strings.HasPrefix(path, "/v1/annotations/"):
		return "The changed vote is delivered to Confident AI"
	case method == http.MethodGet && strings.HasPrefix(path, "/v1/annotations"):
		return "The bot looks whether the vote has arrived already"
	}
	return method + " " + path
}

// detail is a body as it may be shown; nil when it is no JSON.
func detail(body []byte) json.RawMessage {
	if !json.Valid(body) {
		return nil
	}
	return body
}

// statusWriter remembers the status of an answer; 0 when there was none.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets a stream be flushed.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
