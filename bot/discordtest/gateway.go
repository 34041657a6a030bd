package discordtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// conn is one gateway connection: a reading goroutine, which owns it, and a writing one.
type conn struct {
	s       *Server
	ws      *websocket.Conn
	session *session // guarded by s.mu
	host    string   // that was asked for

	mu      sync.Mutex
	queue   [][]byte
	code    int // close with this once the queue is written
	dropped bool
	wake    chan struct{}
	quit    chan struct{}
}

// push queues a frame. It never blocks, so it may be called with s.mu held.
func (c *conn) push(frame []byte) {
	c.mu.Lock()
	if c.code == 0 {
		c.queue = append(c.queue, frame)
	}
	c.mu.Unlock()
	c.signal()
}

// closeWith queues a close frame behind what is queued already.
func (c *conn) closeWith(code int) {
	c.mu.Lock()
	if c.code == 0 {
		c.code = code
	}
	c.mu.Unlock()
	c.signal()
}

func (c *conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// reset breaks the TCP connection without a close frame.
func (c *conn) reset() {
	c.mu.Lock()
	c.dropped = true
	c.mu.Unlock()
	if t, ok := c.ws.NetConn().(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	c.ws.NetConn().Close()
}

// lingering is how long a client has to answer a close frame.
const lingering = 2 * time.Second

func (c *conn) write() {
	for {
		select {
		case <-c.wake:
		case <-c.quit:
			return
		}
		c.mu.Lock()
		batch, code := c.queue, c.code
		c.queue = nil
		c.mu.Unlock()
		for _, frame := range batch {
			if c.ws.WriteMessage(websocket.TextMessage, frame) != nil {
				return
			}
		}
		if code != 0 {
			c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(lingering))
			c.ws.SetReadDeadline(time.Now().Add(lingering))
			return
		}
	}
}

func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer ws.Close()
	c := &conn{s: s, ws: ws, host: r.Host, wake: make(chan struct{}, 1), quit: make(chan struct{})}
	ws.SetReadLimit(1 << 20)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.conns[c] = struct{}{}
	s.connects++
	n, action := s.connects, s.onConnect
	s.wg.Go(c.write)
	s.emit(KindConnect, Connection{})
	s.mu.Unlock()

	greets := action == nil || !c.act(action(n))
	if greets {
		c.push(fmt.Appendf(nil, `{"op":10,"d":{"heartbeat_interval":%d}}`, s.opt.HeartbeatInterval.Milliseconds()))
	}
	err = c.read(greets)
	close(c.quit)
	s.disconnected(c, err)
}

// describe is the connection as events show it. The caller holds s.mu.
func (c *conn) describe() Connection {
	if c.session == nil {
		return Connection{}
	}
	return Connection{Session: c.session.id, Shard: c.session.shard}
}

// disconnected records how a connection ended. Closing with 1000 or 1001 ends the session.
func (s *Server) disconnected(c *conn, err error) {
	ours := c.closing()
	code := websocket.CloseAbnormalClosure
	if ce := (*websocket.CloseError)(nil); errors.As(err, &ce) {
		code = ce.Code
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ours && !s.closed {
		s.closeCodes = append(s.closeCodes, code)
	}
	e := c.describe()
	e.Code = code
	s.detach(c, !ours && (code == 1000 || code == 1001))
	delete(s.conns, c)
	s.emit(KindDisconnect, e)
}

// payload is what a client sends.
type payload struct {
	Op   int             `json:"op"`
	Data json.RawMessage `json:"d"`
}

// read serves a connection until it ends. Only a client that was greeted knows how often its heart has to beat.
func (c *conn) read(greeted bool) error {
	s := c.s
	// Discord is a little patient with heartbeats, and so must a fake be whose interval may be milliseconds.
	patience := s.opt.HeartbeatInterval + s.opt.HeartbeatGrace
	silent := time.AfterFunc(patience, func() { c.fail(4009, "no heartbeat in %v", patience) })
	defer silent.Stop()
	if !greeted {
		silent.Stop()
	}
	var sends []time.Time
	for {
		_, frame, err := c.ws.ReadMessage()
		if err != nil {
			return err
		}
		if c.closing() {
			continue // what was on its way when we closed
		}
		now := time.Now()
		if sends = append(sends, now); len(sends) > 120 {
			if now.Sub(sends[0]) < time.Minute {
				c.fail(4008, "more than 120 gateway sends in a minute")
			}
			sends = sends[1:]
		}
		if len(frame) > 4096 {
			c.fail(4002, "a gateway payload of %d bytes, more than 4096", len(frame))
			continue
		}
		var p payload
		if json.Unmarshal(frame, &p) != nil {
			c.fail(4002, "a gateway payload that is not JSON")
			continue
		}
		switch p.Op {
		case 1:
			silent.Reset(patience)
			c.ack()
		case 2:
			c.identify(p.Data)
		case 6:
			c.resume(p.Data)
		case 3, 4, 8, 31, 43: // presence, voice, members, soundboard, channel info: accepted and ignored
			if !c.ready() {
				c.fail(4003, "op %d before IDENTIFY", p.Op)
			}
		default:
			c.fail(4001, "unknown gateway op %d", p.Op)
		}
	}
}

func (c *conn) ready() bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.session != nil
}

func (c *conn) closing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped || c.code != 0
}

// fail records a problem and closes the connection with the code Discord gives it.
func (c *conn) fail(code int, format string, args ...any) {
	if c.closing() {
		return
	}
	c.s.mu.Lock()
	c.s.problem(format, args...)
	c.s.mu.Unlock()
	c.closeWith(code)
}

func (c *conn) ack() {
	c.s.mu.Lock()
	muted := c.s.muted
	c.s.emit(KindHeartbeat, c.describe())
	c.s.mu.Unlock()
	if !muted {
		c.push([]byte(`{"op":11}`))
	}
}

func (c *conn) identify(data []byte) {
	s := c.s
	var d struct {
		Token   string
		Intents *int
		Shard   []int
	}
	if json.Unmarshal(data, &d) != nil || d.Shard != nil && len(d.Shard) != 2 {
		c.fail(4002, "an IDENTIFY that cannot be read")
		return
	}
	if d.Shard == nil {
		d.Shard = []int{0, 1}
	}
	shard, of := d.Shard[0], d.Shard[1]
	if c.ready() {
		c.fail(4005, "IDENTIFY twice on one connection")
		return
	}
	s.mu.Lock()
	s.identifies++
	n, action := s.identifies, s.onIdentify
	key, now := shard%s.opt.MaxConcurrency, time.Now()
	if last, ok := s.identified[key]; ok && now.Sub(last) < s.opt.IdentifyWindow {
		s.problem("IDENTIFY %v after the last one, less than %v", now.Sub(last).Round(time.Millisecond), s.opt.IdentifyWindow)
	}
	s.identified[key] = now
	s.mu.Unlock()
	if action != nil && c.act(action(n)) {
		return
	}
	switch {
	case strings.TrimPrefix(d.Token, "Bot ") != s.opt.Token:
		c.closeWith(4004)
	case of < 1 || shard < 0 || shard >= of:
		c.closeWith(4010)
	case d.Intents == nil || *d.Intents < 0 || bits.Len(uint(*d.Intents)) > bits.Len(knownIntents):
		c.closeWith(4013)
	case *d.Intents&privilegedIntents&^s.opt.Intents != 0:
		c.closeWith(4014)
	default:
		s.open(c, shard, of, *d.Intents)
	}
}

func (c *conn) resume(data []byte) {
	s := c.s
	var d struct {
		Token     string
		SessionID string `json:"session_id"`
		Seq       int64
	}
	if json.Unmarshal(data, &d) != nil {
		c.fail(4002, "a RESUME that cannot be read")
		return
	}
	if c.ready() {
		c.fail(4005, "RESUME on a connection that has a session")
		return
	}
	s.mu.Lock()
	s.resumes++
	n, action := s.resumes, s.onResume
	s.mu.Unlock()
	switch {
	case action != nil && c.act(action(n)):
	case strings.TrimPrefix(d.Token, "Bot ") != s.opt.Token:
		c.closeWith(4004)
	case !s.resume(c, d.SessionID, d.Seq):
		c.push([]byte(`{"op":9,"d":false}`))
	}
}
