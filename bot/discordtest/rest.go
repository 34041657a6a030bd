package discordtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"
)

// call is one REST request on its way through the server.
type call struct {
	*http.Request
	path   string      // below /api/vN
	route  string      // the pattern that matched
	data   []byte      // of the body
	at     time.Time   // it arrived
	now    time.Time   // it is served, which an injected delay may put off
	header http.Header // of the answer
	status int         // of a success; 200, or 204 without a body

	misshapen bool // the body does not fit Discord's schema
}

// handler answers a call with a value that becomes JSON, or nil for 204.
type handler func(*call) (any, error)

// apiError is an error answer of Discord.
type apiError struct {
	status  int
	code    int
	message string
	errors  any
	pardon  bool // nothing the bot could have known
}

func (e *apiError) Error() string { return e.message }

func refuse(status, code int, message string) *apiError {
	return &apiError{status: status, code: code, message: message}
}

var errUnauthorized = refuse(401, 0, "401: Unauthorized")

// invalidForm is 50035 with the field that is wrong.
func invalidForm(field, code, message string) *apiError {
	detail := object{"_errors": []object{{"code": code, "message": message}}}
	return &apiError{status: 400, code: 50035, message: "Invalid Form Body", errors: object{field: detail}}
}

// maxBody is the size of a request Discord accepts.
const maxBody = 25 << 20

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	s.addRoutes(func(pattern string, h handler) {
		_, route, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(pattern, s.serve(route, h))
	})
	mux.HandleFunc("/", s.serve("", func(c *call) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.problem("unknown path: %s %s", c.Method, c.URL.Path)
		return nil, refuse(404, 0, "404: Not Found")
	}))
	files := http.NewServeMux()
	files.HandleFunc("GET /attachments/{channel}/{id}/{name}", s.serveFile)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			drop(w)
			return
		}
		defer s.wg.Done()
		s.mu.Lock()
		refused := time.Now().Before(s.refuseUntil)
		s.mu.Unlock()
		if refused {
			drop(w)
			return
		}
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			s.serveGateway(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/attachments/") {
			files.ServeHTTP(w, r)
			return
		}
		path, ok := apiPath(r.URL.Path)
		if !ok {
			path = "/unknown" + path
		}
		// The mux matches a copy without the API version; the original stays as it was for the log.
		inner, url := *r, *r.URL
		url.Path, url.RawPath, inner.URL = path, "", &url
		mux.ServeHTTP(w, &inner)
	})
}

// serve is what every route has in common: faults, authorization, limits, schemas and the log.
func (s *Server) serve(route string, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{Request: r, path: r.URL.Path, route: route, at: time.Now(), header: http.Header{}}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		c.data = body
		f := s.fault(r.Method, c.path)
		if f != nil && !s.sleep(r.Context(), f.Delay) {
			drop(w)
			return
		}
		c.now = time.Now()
		var reply any
		status := 0
		fails := f != nil && (f.Status != 0 || f.Drop)
		if !fails || f.DoFirst {
			if err == nil {
				reply, err = s.handle(c, h)
				s.blame(c, err)
			} else {
				err = refuse(413, 40005, "Request entity too large")
			}
		}
		var answer []byte
		switch {
		case fails && f.Drop:
		case fails:
			status, answer = f.Status, []byte(f.Body)
			c.header = faultHeader(f)
			if f.Body == "" {
				answer = fmt.Appendf(nil, `{"message":"%d: %s","code":0}`, status, http.StatusText(status))
			}
		default:
			status, answer = s.encode(c, reply, err)
		}
		s.noteAuthorization(c, status)
		s.logRequest(Request{
			Method: r.Method, Path: c.path, Query: r.URL.RawQuery, Route: route, Header: r.Header, Body: body,
			Status: status, At: c.at, Duration: time.Since(c.at),
		}, c.header.Get("X-RateLimit-Scope") == "shared")
		if status == 0 {
			drop(w)
			return
		}
		maps.Copy(w.Header(), c.header)
		w.WriteHeader(status)
		w.Write(answer)
	}
}

func faultHeader(f *Fault) http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	maps.Copy(h, f.Header)
	return h
}

// handle answers a call that no fault keeps from being served. It asks for the bot's token, except on routes that
// carry an interaction's token in their path.
func (s *Server) handle(c *call, h handler) (any, error) {
	s.checkAgent(c)
	interaction := strings.HasPrefix(c.route, "/interactions/") || strings.HasPrefix(c.route, "/webhooks/")
	if !interaction && c.Header.Get("Authorization") != "Bot "+s.opt.Token {
		return nil, errUnauthorized
	}
	if !interaction {
		if wait := s.takeGlobal(c.now); wait > 0 {
			return nil, limited("global", wait)
		}
	}
	if key, class := bucketOf(c); key != "" {
		if wait := s.take(key, class, c.now, c.header); wait > 0 {
			return nil, limited("user", wait)
		}
	}
	if s.schemas != nil {
		s.judgeSchema(c)
	}
	return h(c)
}

// limitError is an answer 429.
type limitError struct {
	scope string
	after time.Duration
}

func (e *limitError) Error() string { return "You are being rate limited." }

func limited(scope string, after time.Duration) error {
	return &limitError{scope, max(after, time.Millisecond).Round(time.Millisecond)}
}

// bucketOf names the rate-limit bucket of a call: by channel for messages and edits each, by token for webhooks.
func bucketOf(c *call) (key, class string) {
	if c.Method != "POST" && c.Method != "PATCH" {
		return "", ""
	}
	class = c.Method + " " + c.route
	switch {
	case strings.HasPrefix(c.route, "/channels/{channel_id}/messages"):
		return c.Method + c.PathValue("channel_id"), class
	case strings.HasPrefix(c.route, "/webhooks/"):
		return c.Method + c.PathValue("webhook_token"), class
	}
	return "", ""
}

// encode makes the status and body of an answer, and judges it against the schema.
func (s *Server) encode(c *call, reply any, err error) (int, []byte) {
	var limit *limitError
	var api *apiError
	switch {
	case errors.As(err, &limit):
		maps.Copy(c.header, limitHeader(limit.scope, limit.after))
		return 429, []byte(limitBody(limit.scope, limit.after))
	case errors.As(err, &api):
		o := object{"message": api.message, "code": api.code}
		if api.errors != nil {
			o["errors"] = api.errors
		}
		body, _ := json.Marshal(o)
		c.header.Set("Content-Type", "application/json")
		return api.status, body
	case err != nil:
		return s.encode(c, nil, refuse(400, 50109, "The request body contains invalid JSON."))
	case reply == nil:
		return 204, nil // and no content type: some clients would try to decode the empty body
	}
	body, err := json.Marshal(reply)
	if err != nil {
		s.mu.Lock()
		s.problem("fake: the answer to %s %s cannot be encoded: %v", c.Method, c.path, err)
		s.mu.Unlock()
		return 500, nil
	}
	if c.status == 0 {
		c.status = 200
	}
	if s.schemas != nil {
		s.judgeAnswer(c, body)
	}
	c.header.Set("Content-Type", "application/json")
	return c.status, body
}

// checkAgent wants the User-Agent that Discord's reference prescribes. Each wrong one is named once.
func (s *Server) checkAgent(c *call) {
	agent := c.UserAgent()
	if strings.HasPrefix(agent, "DiscordBot (") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.agents[agent] && len(s.agents) < 100 {
		s.agents[agent] = true
		s.problem("User-Agent %q is not of the form DiscordBot (url, version)", agent)
	}
}

// noteAuthorization watches a bot that goes on after its token was refused. Two requests are forgiven: they may have
// been on their way, or make sure that the refusal was meant.
func (s *Server) noteAuthorization(c *call, status int) {
	if strings.HasPrefix(c.route, "/interactions/") || strings.HasPrefix(c.route, "/webhooks/") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.refusedAt.IsZero() && c.at.After(s.refusedAt) {
		if s.sinceRefused++; s.sinceRefused == 3 {
			s.problem("requests go on after a 401: %s %s", c.Method, c.path)
		}
	}
	if status == 401 && s.refusedAt.IsZero() {
		s.refusedAt = time.Now()
	}
}
