package llm

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// maxIdle caps what a server may send without a chunk of an answer in it.
	maxIdle = 4 << 20
	// maxBody caps all of one answer. Most of it may be thrown away: a chunk takes
	// a hundred times the bytes of its text, and long thoughts come before some.
	maxBody = 256 << 20
	// maxErrorBody caps what is read of an error answer.
	maxErrorBody = 8 << 10
	// maxLine caps one line of a stream.
	maxLine = 1 << 20
	// maxLines caps the lines of one event, which are judged again and again.
	maxLines = 200
)

// exchange is what the guard learns about one request, for the code on the
// other side of go-openai, whose errors do not carry it.
type exchange struct {
	touch      func() // called whenever bytes arrive
	useful     func() // to be called whenever they were a chunk of an answer; nil before
	done       bool   // the stream came to the mark for its end
	status     int
	retryAfter time.Duration
	errorBody  string
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

// guard stands between go-openai and the network. It caps what a server can
// make us read, and turns whatever it sends into the plain event stream that
// go-openai understands.
type guard struct{ next http.RoundTripper }

func newGuard() *guard {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true // a compressed bomb is not worth the bytes saved
	t.MaxIdleConnsPerHost = 64
	return &guard{next: t}
}

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	x, _ := req.Context().Value(exchangeKey{}).(*exchange)
	if x == nil {
		return nil, errors.New("a request without its exchange")
	}
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	x.touch()
	x.status = resp.StatusCode
	x.retryAfter = retryAfter(resp.Header, time.Now())
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		resp.Body.Close()
		return nil, errRedirect // the key must not follow it to another host
	}
	body := &watched{ReadCloser: resp.Body, touch: x.touch, idle: maxIdle, left: maxBody}
	x.useful = func() { body.idle = maxIdle }
	if resp.StatusCode >= http.StatusBadRequest {
		text, _ := io.ReadAll(io.LimitReader(body, maxErrorBody)) // half an error text is better than none
		x.errorBody = string(text)
		resp.Body = struct {
			io.Reader
			io.Closer
		}{bytes.NewReader(text), resp.Body}
		return resp, nil
	}
	stream, err := normalise(body, &x.done)
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{stream, resp.Body}
	return resp, nil
}

// watched reports every read and ends with an error after too many bytes.
type watched struct {
	io.ReadCloser
	touch func()
	idle  int // bytes that may still come without a chunk of an answer
	left  int // bytes that may still come at all
}

func (w *watched) Read(p []byte) (int, error) {
	most := min(w.idle, w.left)
	if most <= 0 {
		return 0, errFlood
	}
	n, err := w.ReadCloser.Read(p[:min(len(p), most)])
	w.idle -= n
	w.left -= n
	if n > 0 {
		w.touch()
	}
	return n, err
}

// normalise looks at the first byte of a body rather than at its Content-Type,
// which servers get wrong: a JSON document becomes a stream of one event, a web
// page an error, and anything else is read as an event stream. done is set when
// that has come to the mark for its end, as a whole document has.
func normalise(body io.Reader, done *bool) (io.Reader, error) {
	r := bufio.NewReader(body)
	if bom, err := r.Peek(3); err == nil && string(bom) == "\ufeff" {
		r.Discard(3)
	}
	for {
		first, err := r.ReadByte()
		if err != nil {
			return nil, fmt.Errorf("the server answered with an empty body: %w", err)
		}
		switch first {
		case ' ', '\t', '\r', '\n':
			continue
		case '<':
			return nil, errHTML
		case '{', '[':
			r.UnreadByte()
			text, err := io.ReadAll(r)
			if err != nil {
				return nil, err
			}
			*done = json.Valid(text)
			var out bytes.Buffer
			writeEvent(&out, text, false)
			return &out, nil
		}
		r.UnreadByte()
		return &eventStream{r: r, done: done}, nil
	}
}

// eventStream reads server-sent events as the standard describes them, and
// gives each one out as a single "data:" line. Comments and blank lines go, of
// which go-openai bears only a few; so do all forms of line ends but one.
type eventStream struct {
	r     *bufio.Reader
	line  []byte
	data  []byte
	lines int // of data
	event string
	done  *bool
	sawCR bool
	out   bytes.Buffer
	err   error
}

func (s *eventStream) Read(p []byte) (int, error) {
	for s.out.Len() == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.step()
	}
	return s.out.Read(p)
}

// step reads one byte more. At the end of the stream, what was not ended by a
// blank line counts all the same: some servers forget it.
func (s *eventStream) step() {
	b, err := s.r.ReadByte()
	if err != nil {
		s.endLine()
		s.dispatch()
		s.err = err
		return
	}
	switch {
	case b == '\n' && s.sawCR:
		s.sawCR = false // the second half of a line end
	case b == '\n' || b == '\r':
		s.sawCR = b == '\r'
		if len(s.line) == 0 {
			s.dispatch()
		}
		s.endLine()
	case len(s.line) >= maxLine:
		s.err = fmt.Errorf("a line of the stream is longer than %d bytes", maxLine)
	default:
		s.sawCR = false
		s.line = append(s.line, b)
	}
}

func (s *eventStream) endLine() {
	name, value, _ := bytes.Cut(s.line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "data":
		// Servers that leave out the blank line between events still mean two.
		if len(s.data) > 0 && (json.Valid(s.data) || isDone(s.data)) {
			s.dispatch()
		}
		if len(s.data) > 0 {
			s.data = append(s.data, ' ')
			if s.lines++; s.lines > maxLines {
				s.err = fmt.Errorf("an event of the stream has more than %d lines", maxLines)
			}
		}
		s.data = append(s.data, value...)
	case "event":
		s.event = string(value)
	case "error": // as llama.cpp names it
		s.dispatch()
		s.data, s.event = append(s.data, value...), "error"
	}
	s.line = s.line[:0]
}

func (s *eventStream) dispatch() {
	if len(bytes.TrimSpace(s.data)) > 0 {
		*s.done = *s.done || isDone(s.data)
		writeEvent(&s.out, s.data, s.event == "error")
	}
	s.data, s.lines, s.event = s.data[:0], 0, ""
}

func isDone(data []byte) bool { return string(bytes.TrimSpace(data)) == "[DONE]" }

// writeEvent writes data as one line. The blank after the brace keeps go-openai
// from recognising an error object, of which it would lose the text.
func writeEvent(out *bytes.Buffer, data []byte, isError bool) {
	data = bytes.TrimSpace(bytes.ReplaceAll(data, []byte("\n"), []byte(" ")))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte(" "))
	switch {
	case isError && !json.Valid(data):
		quoted, _ := json.Marshal(string(data)) // a string always marshals
		data = quoted
		fallthrough
	case isError && !bytes.Contains(data, []byte(`"error"`)):
		fmt.Fprintf(out, "data: { \"error\": %s}\n\n", data)
	case bytes.HasPrefix(data, []byte("{")):
		fmt.Fprintf(out, "data: { %s\n\n", data[1:])
	default:
		fmt.Fprintf(out, "data: %s\n\n", data)
	}
}
