package confidenttest

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// maxBody is more than any trace; it keeps a runaway client from filling the
// memory of the test.
const maxBody = 16 << 20

// answer is what a request gets: a status and a JSON value, or a body as is.
type answer struct {
	status int
	header http.Header
	value  any
	body   string
}

// refusal is the error of today's protocol.
func refusal(status int, msg string) answer {
	return answer{status: status, value: map[string]any{"success": false, "error": msg}}
}

// legacyRefusal is the error of the legacy protocol, and of a wrong key in both.
func legacyRefusal(status int, msg string) answer {
	return answer{status: status, value: map[string]any{"error": msg}}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	s.done.Add(1) // http.Server.Close does not wait for handlers
	s.mu.Unlock()
	defer s.done.Done()

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return
	}
	name, key := apiKey(r.Header)
	i, down := s.arrive(Request{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone(),
		Body: body, At: time.Now(), KeyHeader: name,
	})
	if down {
		reset(w)
		return
	}

	fault, faulty := s.takeFault(r.Method, r.URL.Path)
	if pause(r.Context(), fault.Delay) != nil {
		panic(http.ErrAbortHandler) // to return would be to answer
	}
	fails := faulty && fault.fails()
	var a answer
	if !fails || fault.AfterStoring {
		a = s.handle(r, key, body)
	}
	switch {
	case fails && fault.Drop:
		reset(w)
		return
	case fails:
		a = fault.answer()
	}
	s.answered(i, a.status)
	a.write(w)
}

// handle does what a healthy server does.
func (s *Server) handle(r *http.Request, key string, body []byte) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key != s.key {
		return legacyRefusal(http.StatusUnauthorized, "Invalid API key.")
	}
	path, id := r.URL.Path, ""
	if rest, ok := strings.CutPrefix(path, "/v1/annotations/"); ok && rest != "" && !strings.Contains(rest, "/") {
		path, id = "/v1/annotations/{id}", rest
	}
	if r.Method != http.MethodGet {
		if kind := r.Header.Get("Content-Type"); kind != "application/json" && !strings.HasPrefix(kind, "application/json;") {
			s.problem(r, fmt.Sprintf("Content-Type is %q, want application/json", kind))
			return refusal(http.StatusUnsupportedMediaType, "Content-Type must be application/json")
		}
	}
	route := r.Method + " " + path
	if s.docs != nil {
		if err := s.docs.checkRequest(route, body); err != nil {
			s.problem(r, err.Error())
		}
	}
	var a answer
	switch route {
	case "POST /v1/event":
		a = s.postEvent(body)
	case "POST /v1/feedback":
		a = s.postFeedback(r, body)
	case "POST /v1/traces":
		a = s.postTrace(body)
	case "POST /v1/annotations":
		a = s.postAnnotation(r, body)
	case "GET /v1/annotations":
		a = s.listAnnotations(r.URL.Query())
	case "GET /v1/annotations/{id}":
		a = s.getAnnotation(id)
	case "PUT /v1/annotations/{id}":
		a = s.putAnnotation(id, body)
	default:
		a = refusal(http.StatusNotFound, fmt.Sprintf("Cannot %s %s", r.Method, r.URL.Path))
	}
	// To look for an annotation that is not there is no mistake.
	if a.status >= 400 && route != "GET /v1/annotations/{id}" {
		text, _ := json.Marshal(a.value)
		s.problem(r, string(text))
	}
	s.wake()
	return a
}

// problem keeps a complaint. The caller holds the lock.
func (s *Server) problem(r *http.Request, what string) {
	s.problems = append(s.problems, fmt.Sprintf("%s %s: %s", r.Method, r.URL.Path, what))
}

// arrive keeps a request and returns its place, and whether the server is down.
func (s *Server) arrive(req Request) (place int, down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	s.wake()
	return len(s.requests) - 1, s.down
}

// answered notes the status before it is sent, so that whoever has the answer
// also finds it in Requests.
func (s *Server) answered(place, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[place].Status = status
	s.wake()
}

// apiKey finds the key and says in which header it was. Go spells header names
// its own way, but the underscore and the dash survive that.
func apiKey(h http.Header) (name, key string) {
	for spelled, name := range map[string]string{"Confident_api_key": "CONFIDENT_API_KEY", "Confident-Api-Key": "CONFIDENT-API-KEY"} {
		if values := h[spelled]; len(values) == 1 {
			return name, values[0]
		}
	}
	return "", ""
}

func (a answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	if a.value != nil {
		json.NewEncoder(w).Encode(a.value)
		return
	}
	io.WriteString(w, a.body)
}

// reset ends the connection as a crashed server does, without an answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // close with a reset, not with a goodbye
	}
	conn.Close()
}
