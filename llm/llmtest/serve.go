package llmtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"
)

// maxBody is more than any conversation; it keeps a runaway client from
// filling the memory of the test.
const maxBody = 16 << 20

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.chat)
	mux.HandleFunc("GET /v1/models", s.models)
	mux.HandleFunc("POST /v1/moderations", s.moderate)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, fmt.Sprintf("Invalid URL (%s %s)", r.Method, r.URL.Path), "")
	})
	return mux
}

// models lists the one model there is; requests may name any other.
func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"object":"list","data":[{"id":"scripted-mini","object":"model","created":1767225600,"owned_by":"llmtest"}]}`)
}

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return // the client left, or is out of its mind
	}
	req, wrong := parseRequest(r.Header, body)
	s.record(req)
	if !s.authorized(w, r) {
		return
	}
	if wrong != "" {
		refuse(w, http.StatusBadRequest, wrong, "")
		return
	}
	s.play(w, r, req, s.next(req))
}

// authorized answers with OpenAI's 401 and reports false when the key is wrong.
func (s *Server) authorized(w http.ResponseWriter, r *http.Request) bool {
	key, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case key == s.opts.Key:
		return true
	case !found:
		refuse(w, http.StatusUnauthorized, "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).", "")
	default:
		refuse(w, http.StatusUnauthorized, "Incorrect API key provided: "+masked(key)+". You can find your API key at https://platform.openai.com/account/api-keys.", "invalid_api_key")
	}
	return false
}

// masked shows no more of a key than OpenAI does.
func masked(key string) string {
	if len(key) < 12 {
		return strings.Repeat("*", len(key))
	}
	return key[:4] + strings.Repeat("*", len(key)-8) + key[len(key)-4:]
}

func refuse(w http.ResponseWriter, status int, msg, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, errorBody(msg, "invalid_request_error", code))
}

// play carries out a script. It returns early when the client leaves.
func (s *Server) play(w http.ResponseWriter, r *http.Request, req Request, sc Script) {
	if pause(r.Context(), sc.HeaderDelay) != nil {
		return
	}
	raw := sc.Raw != nil || sc.Forever
	plain := !raw && (sc.Status != 0 || sc.Body != "")
	kind := "application/json"
	if raw || !plain && req.Stream {
		kind = "text/event-stream; charset=utf-8"
	}
	w.Header().Set("Content-Type", cmp.Or(sc.ContentType, kind))
	w.Header().Set("X-Request-Id", fmt.Sprintf("req_%012x", time.Now().UnixNano()&(1<<48-1)))
	maps.Copy(w.Header(), sc.Header)
	w.WriteHeader(cmp.Or(sc.Status, http.StatusOK))
	out := writer{w: w, control: http.NewResponseController(w), r: r}
	switch {
	case raw:
		if sc.RawStep > 0 && sc.RawDelay == 0 {
			sc.RawDelay = s.opts.TokenDelay
		}
		out.raw(sc)
	case plain:
		out.write([]byte(sc.Body))
	case req.Stream:
		if sc.TokenDelay == 0 {
			sc.TokenDelay = s.opts.TokenDelay
		}
		out.stream(sc, newCompletion(req, sc))
	default:
		out.whole(sc, newCompletion(req, sc))
	}
}

// writer sends an answer piece by piece, each at once.
type writer struct {
	w       io.Writer
	control *http.ResponseController
	r       *http.Request
}

func (o writer) write(b []byte) bool {
	_, err := o.w.Write(b)
	return err == nil && o.control.Flush() == nil && o.r.Context().Err() == nil
}

// stream sends the chunks of a completion, or as many as the script allows.
func (o writer) stream(sc Script, c completion) {
	if !o.write(event(c.first())) {
		return
	}
	for i, token := range c.tokens {
		delay := sc.TokenDelay
		if i == 0 {
			delay = sc.FirstDelay
		}
		if i == 1 && sc.Hold != nil {
			select {
			case <-sc.Hold:
			case <-o.r.Context().Done():
				return
			}
		}
		if o.ends(sc, i) || pause(o.r.Context(), max(delay, 0)) != nil || !o.write(event(c.token(token))) {
			return
		}
	}
	if !o.ends(sc, len(c.tokens)) {
		o.write(c.tail())
	}
}

// whole sends a completion as one JSON object. A cut one is half of it.
func (o writer) whole(sc Script, c completion) {
	body, _ := json.Marshal(c.whole())
	if pause(o.r.Context(), sc.FirstDelay) != nil {
		return
	}
	if sc.CutAfter != 0 || sc.DropAfter != 0 || sc.StallAfter != 0 {
		o.write(body[:len(body)/2])
		o.end(sc.DropAfter != 0, sc.StallAfter != 0)
		return
	}
	o.write(body)
}

// raw sends the script's own bytes.
func (o writer) raw(sc Script) {
	step := sc.RawStep
	if step <= 0 && sc.RawDelay > 0 {
		step = 1
	}
	if step <= 0 {
		step = max(len(sc.Raw), 1)
	}
	for again := true; again; again = sc.Forever && len(sc.Raw) > 0 {
		for at := 0; at < len(sc.Raw); at += step {
			if !o.write(sc.Raw[at:min(at+step, len(sc.Raw))]) || pause(o.r.Context(), sc.RawDelay) != nil {
				return
			}
		}
		if o.r.Context().Err() != nil {
			return
		}
	}
	o.end(sc.DropAfter != 0, sc.StallAfter != 0)
}

// ends breaks the stream off if the script says so after sent tokens.
func (o writer) ends(sc Script, sent int) bool {
	due := func(n int) bool { return n != 0 && max(n, 0) == sent }
	if due(sc.CutAfter) {
		return true
	}
	return o.end(due(sc.DropAfter), due(sc.StallAfter))
}

// end resets the connection or waits until the client has left, and reports
// whether it did either.
func (o writer) end(drop, stall bool) bool {
	switch {
	case drop:
		conn, _, err := o.control.Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.SetLinger(0) // close with a reset, not with a goodbye
		}
		conn.Close()
	case stall:
		o.control.Flush()
		pause(o.r.Context(), -1)
	}
	return drop || stall
}
