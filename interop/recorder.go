package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
)

// recorder is a platform that is hosted only: it answers as documented and keeps
// what it was sent, by the bot and by the platform's own client.
type recorder struct {
	*httptest.Server
	mu  sync.Mutex
	got []request
}

// request is one that arrived. Body is nil where it was no JSON.
type request struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Header http.Header     `json:"-"`
	Body   json.RawMessage `json:"body"`
}

// recorder starts one. answer returns a status and JSON for each request.
func (b *bench) recorder(answer func(request) (int, string)) *recorder {
	rec := &recorder{}
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			if unpacked, err := gzip.NewReader(r.Body); err == nil {
				body = unpacked
			}
		}
		raw, _ := io.ReadAll(body) // what is missing of it is missing in the comparison
		one := request{Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header}
		if json.Valid(raw) {
			one.Body = raw
		}
		rec.mu.Lock()
		rec.got = append(rec.got, one)
		rec.mu.Unlock()
		status, text := answer(one)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, text)
	}))
	b.later(rec.Close)
	return rec
}

// all returns what has arrived so far.
func (rec *recorder) all() []request {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return slices.Clone(rec.got)
}

// forget empties the recorder, and returns what it had.
func (rec *recorder) forget() []request {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	got := rec.got
	rec.got = nil
	return got
}

// same reports how two JSON texts differ by meaning. Fields that only one of them
// may have are named.
func same(ours, theirs []byte, oursAlone, theirsAlone []string) error {
	var a, b map[string]any
	if err := firstOf(json.Unmarshal(ours, &a), json.Unmarshal(theirs, &b)); err != nil {
		return fmt.Errorf("%w: ours %s, theirs %s", err, ours, theirs)
	}
	for name := range a {
		if _, there := b[name]; !there && slices.Contains(oursAlone, name) {
			delete(a, name)
		}
	}
	for name := range b {
		if _, there := a[name]; !there && slices.Contains(theirsAlone, name) {
			delete(b, name)
		}
	}
	x, err1 := json.Marshal(a) // sorted by name
	y, err2 := json.Marshal(b)
	if err := firstOf(err1, err2); err != nil {
		return err
	}
	if !bytes.Equal(x, y) {
		return fmt.Errorf("the bot sends\n  %s\nits own client\n  %s", x, y)
	}
	return nil
}
