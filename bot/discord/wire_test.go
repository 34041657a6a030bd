package discord

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

// serverFrame is a frame as a server sends it: not masked.
func serverFrame(op byte, payload string) string {
	head := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		head = append(head, byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	return string(head) + payload
}

func hello(interval string) string {
	return serverFrame(opText, `{"op":10,"d":{"heartbeat_interval":`+interval+`}}`)
}

func closing(code int) string {
	return serverFrame(opClose, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+"bye")
}

// read feeds a wire in pieces of the given size, and returns what it learnt.
func read(stream string, piece int) (time.Duration, int) {
	w := newWire(nil)
	for len(stream) > 0 {
		n := min(max(piece, 1), len(stream))
		w.feed([]byte(stream[:n]))
		stream = stream[n:]
	}
	return w.heartbeatInterval(), w.code()
}

// The wire learns the heartbeat interval and the close code from the bytes that
// pass by, however they are cut.
func TestWire(t *testing.T) {
	t.Parallel()
	big := serverFrame(opText, `{"op":0,"d":"`+strings.Repeat("x", 70_000)+`"}`)
	for _, tt := range []struct {
		name, stream string
		interval     time.Duration
		code         int
	}{
		{"nothing", "", 0, 0},
		{"upgrade alone", upgrade, 0, 0},
		{"hello", upgrade + hello("41250"), 41250 * time.Millisecond, 0},
		{"hello and close", upgrade + hello("41250") + big + closing(4014), 41250 * time.Millisecond, 4014},
		{"close alone", upgrade + closing(4004), 0, 4004},
		{"close without code", upgrade + hello("1000") + serverFrame(opClose, ""), time.Second, 0},
		{"something before hello", upgrade + serverFrame(opText, `{"op":7}`) + big + hello("5000"), 5 * time.Second, 0},
		{"medium frames", upgrade + serverFrame(opText, strings.Repeat(" ", 300)) + hello("5000"), 5 * time.Second, 0},
		{"ping, then close", upgrade + serverFrame(9, "ping") + closing(4000), 0, 4000},
		{"binary hello", upgrade + serverFrame(2, `{"op":10,"d":{"heartbeat_interval":1}}`), 0, 0},
		{"odd hello", upgrade + hello(`"x"`) + hello("2000"), 2 * time.Second, 0},
		{"second hello", upgrade + hello("1000") + hello("9000"), time.Second, 0},
		{"cut short", upgrade + hello("1000")[:10], 0, 0},
	} {
		for piece := range 64 {
			interval, code := read(tt.stream, piece+1)
			if interval != tt.interval || code != tt.code {
				t.Fatalf("%s in pieces of %d: read() = %v, %d, want %v, %d", tt.name, piece+1, interval, code, tt.interval, tt.code)
			}
		}
	}
}

// What passes through the wire is not changed.
func TestWireReads(t *testing.T) {
	t.Parallel()
	server, client := net.Pipe()
	defer client.Close()
	stream := upgrade + hello("41250") + closing(4009)
	go func() {
		defer server.Close()
		fmt.Fprint(server, stream)
	}()
	w := newWire(client)
	got := ""
	for buffer := make([]byte, 7); ; {
		n, err := w.Read(buffer)
		got += string(buffer[:n])
		if err != nil {
			break
		}
	}
	if got != stream {
		t.Errorf("read %q, want %q", got, stream)
	}
	if w.heartbeatInterval() != 41250*time.Millisecond || w.code() != websocket.CloseMessage+4001 {
		t.Errorf("learnt %v and %d, want 41.25s and 4009", w.heartbeatInterval(), w.code())
	}
}

// Whatever bytes come, cutting them differently teaches the wire the same.
func FuzzWire(f *testing.F) {
	f.Add(upgrade+hello("41250")+closing(4014), uint8(1))
	f.Add(upgrade+serverFrame(opText, strings.Repeat("x", 200))+closing(4000), uint8(3))
	f.Add(upgrade+"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"+hello("1"), uint8(5))
	f.Add(upgrade+"\x88\xfe\x00\x02\x0f\xa4", uint8(2))
	f.Add("\r\n\r\n"+hello("1e308"), uint8(2))
	f.Fuzz(func(t *testing.T, stream string, piece uint8) {
		interval, code := read(stream, len(stream))
		cutInterval, cutCode := read(stream, int(piece))
		if interval != cutInterval || code != cutCode {
			t.Errorf("read in pieces of %d = %v, %d, want %v, %d", piece, cutInterval, cutCode, interval, code)
		}
		if interval < 0 {
			t.Errorf("interval = %v, want none below 0", interval)
		}
	})
}

// The server's wish to reconnect is noticed before the session is ready, however
// it arrives; afterwards it is discordgo's business. What discordgo says is noticed
// from its first frame on.
func TestWireNoticesReconnect(t *testing.T) {
	upgrade := "HTTP/1.1 101 Switching Protocols\r\n\r\n"
	op7 := "\x81\x08{\"op\":7}"
	for name, tt := range map[string]struct {
		arrives string
		ready   bool
		want    bool
	}{
		"in place of HELLO": {upgrade + op7, false, true},
		"twice":             {upgrade + op7 + op7, false, true},
		"another op":        {upgrade + "\x81\x09{\"op\":11}", false, false},
		"when it is ready":  {upgrade + op7, true, false},
	} {
		w := newWire(nil)
		if tt.ready {
			w.isReady()
		}
		for _, b := range []byte(tt.arrives) {
			w.feed([]byte{b})
		}
		got := false
		select {
		case <-w.reconnect:
			got = true
		default:
		}
		if got != tt.want {
			t.Errorf("%s: asked to reconnect = %t, want %t", name, got, tt.want)
		}
	}
	here, there := net.Pipe()
	defer here.Close()
	go io.Copy(io.Discard, there)
	w := newWire(here)
	for _, step := range []struct {
		arrives string
		want    bool
	}{{"", false}, {upgrade, true}} {
		w.feed([]byte(step.arrives))
		if _, err := w.Write([]byte("x")); err != nil || w.hasSpoken() != step.want {
			t.Errorf("after %q hasSpoken() = %t, %v, want %t", step.arrives, w.hasSpoken(), err, step.want)
		}
	}
}
