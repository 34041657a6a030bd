package discord

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net"
	"sync"
	"time"
)

// wire is the connection below discordgo's websocket. It reads along, because
// some things that a supervisor must know do not reach discordgo's callers: the
// heartbeat interval that the server's first frame tells, the code with which the
// server closes, that it asks to reconnect before the session is ready, in which
// discordgo hangs, and whether discordgo has said anything at all.
type wire struct {
	net.Conn

	mu        sync.Mutex
	buffer    []byte // what has arrived of a header, or of a frame worth keeping
	upgraded  bool   // the HTTP answer is over, frames follow
	skip      int    // bytes of the current frame that are of no interest
	interval  time.Duration
	closeCode int
	spoke     bool          // discordgo has sent a frame, so perhaps an IDENTIFY
	ready     bool          // what is asked from now on discordgo can do
	reconnect chan struct{} // closed when the server asks to reconnect before that
}

func newWire(conn net.Conn) *wire { return &wire{Conn: conn, reconnect: make(chan struct{})} }

// Write notes when the first frame leaves.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.spoke = w.spoke || w.upgraded
	w.mu.Unlock()
	return w.Conn.Write(p)
}

// hasSpoken reports whether discordgo has sent a frame.
func (w *wire) hasSpoken() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.spoke
}

// isReady notes that the session is ready.
func (w *wire) isReady() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = true
}

const (
	opText  = 0x1 // of a frame
	opClose = 0x8
	// Of what a text frame says.
	opReconnect = 7
	opHello     = 10
	// maxHello is more than a frame ever has that is looked at; what is longer is
	// another.
	maxHello = 4 << 10
	// maxInterval is more milliseconds than Discord leaves between heartbeats.
	maxInterval = 3_600_000
)

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.feed(p[:n])
	return n, err
}

// heartbeatInterval returns what HELLO told, or 0 before it has arrived.
func (w *wire) heartbeatInterval() time.Duration {
	if w == nil {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.interval
}

// code returns the code of the server's close frame, or 0.
func (w *wire) code() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closeCode
}

func (w *wire) feed(p []byte) {
	for len(p) > 0 {
		if w.skip > 0 {
			n := min(w.skip, len(p))
			w.skip -= n
			p = p[n:]
			continue
		}
		w.buffer = append(w.buffer, p[0])
		p = p[1:]
		if !w.upgraded {
			if bytes.HasSuffix(w.buffer, []byte("\r\n\r\n")) {
				w.upgraded, w.buffer = true, w.buffer[:0]
			}
			continue
		}
		w.frame()
	}
}

// frame looks at the frame that the buffer holds so far, as RFC 6455 lays it
// out. A server's frames are never masked.
func (w *wire) frame() {
	b := w.buffer
	if len(b) < 2 {
		return
	}
	op, head, length := b[0]&0xf, 2, uint64(b[1]&0x7f)
	switch length {
	case 126:
		head = 4
	case 127:
		head = 10
	}
	if len(b) < head {
		return
	}
	switch head {
	case 4:
		length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 10:
		length = binary.BigEndian.Uint64(b[2:]) & (1<<62 - 1)
	}
	wanted := op == opClose || op == opText && !w.ready && length <= maxHello
	if !wanted {
		w.skip, w.buffer = int(length), b[:0]
		return
	}
	payload := b[head:]
	if uint64(len(payload)) < length {
		return
	}
	switch op {
	case opClose:
		if len(payload) >= 2 {
			w.closeCode = int(binary.BigEndian.Uint16(payload))
		}
	case opText:
		w.text(payload)
	}
	w.buffer = b[:0]
}

// text looks at a frame from before the session is ready.
func (w *wire) text(payload []byte) {
	var frame struct {
		Op   int             `json:"op"`
		Data json.RawMessage `json:"d"`
	}
	if json.Unmarshal(payload, &frame) != nil {
		return
	}
	switch frame.Op {
	case opReconnect:
		select {
		case <-w.reconnect: // it has asked before
		default:
			close(w.reconnect)
		}
	case opHello:
		var hello struct {
			Interval float64 `json:"heartbeat_interval"`
		}
		if w.interval == 0 && json.Unmarshal(frame.Data, &hello) == nil && hello.Interval > 0 && hello.Interval < maxInterval {
			w.interval = time.Duration(hello.Interval * float64(time.Millisecond))
		}
	}
}
