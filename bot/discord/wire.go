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
// two things that a supervisor must know do not reach discordgo's callers: the
// heartbeat interval that the server's first frame tells, and the code with
// which the server closes.
type wire struct {
	net.Conn

	mu        sync.Mutex
	buffer    []byte // what has arrived of a header, or of a frame worth keeping
	upgraded  bool   // the HTTP answer is over, frames follow
	skip      int    // bytes of the current frame that are of no interest
	interval  time.Duration
	closeCode int
}

const (
	opText  = 0x1
	opClose = 0x8
	// maxHello is more than a HELLO frame ever has; what is longer is none.
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
	wanted := op == opClose || op == opText && w.interval == 0 && length <= maxHello
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
		var hello struct {
			Op   int `json:"op"`
			Data struct {
				Interval float64 `json:"heartbeat_interval"`
			} `json:"d"`
		}
		if json.Unmarshal(payload, &hello) == nil && hello.Op == 10 && hello.Data.Interval > 0 && hello.Data.Interval < maxInterval {
			w.interval = time.Duration(hello.Data.Interval * float64(time.Millisecond))
		}
	}
	w.buffer = b[:0]
}
