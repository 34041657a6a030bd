package discordtest

import (
	"fmt"
	"slices"
	"time"
)

// GatewayAction is what happens in place of the usual HELLO, READY or RESUMED. The zero value is the usual thing.
type GatewayAction struct {
	Silent    bool // nothing is sent
	Reconnect bool // op 7
	Invalid   bool // op 9, with Resumable as its data
	Resumable bool
	Close     int // a close code
}

// act carries the action out and is false if there is none.
func (c *conn) act(a GatewayAction) bool {
	if a.Reconnect {
		c.push([]byte(`{"op":7,"d":null}`))
	}
	if a.Invalid {
		c.push(fmt.Appendf(nil, `{"op":9,"d":%t}`, a.Resumable))
	}
	if a.Close != 0 {
		c.closeWith(a.Close)
	}
	return a != GatewayAction{}
}

// OnConnect, OnIdentify and OnResume let f decide what answers the n-th connection, IDENTIFY or RESUME; nil ends it.
func (s *Server) OnConnect(f func(n int) GatewayAction) { s.mu.Lock(); s.onConnect = f; s.mu.Unlock() }

// OnIdentify is described at OnConnect.
func (s *Server) OnIdentify(f func(n int) GatewayAction) {
	s.mu.Lock()
	s.onIdentify = f
	s.mu.Unlock()
}

// OnResume is described at OnConnect.
func (s *Server) OnResume(f func(n int) GatewayAction) { s.mu.Lock(); s.onResume = f; s.mu.Unlock() }

// allConns copies the set of connections. The caller holds s.mu.
func (s *Server) allConns() []*conn {
	list := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		list = append(list, c)
	}
	return list
}

// Disconnect closes every gateway connection with a code. The sessions stay resumable, except after the codes that
// say otherwise: 4004, 4007, 4009 and 4010 to 4014.
func (s *Server) Disconnect(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		ends := code == 4004 || code == 4007 || code == 4009 || code >= 4010 && code <= 4014
		s.detach(c, ends)
		c.closeWith(code)
	}
}

// DropConnections resets the TCP connection of every gateway connection.
func (s *Server) DropConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		s.detach(c, false)
		c.reset()
	}
}

// AskReconnect sends op 7 to every connection.
func (s *Server) AskReconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.push([]byte(`{"op":7,"d":null}`))
	}
}

// InvalidateSession sends op 9 to every connection, which leaves its session; only a resumable one can be resumed.
func (s *Server) InvalidateSession(resumable bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		s.detach(c, !resumable)
		c.push(fmt.Appendf(nil, `{"op":9,"d":%t}`, resumable))
	}
}

// ForgetSessions makes the sessions that exist now impossible to resume. Connections stay as they are.
func (s *Server) ForgetSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, se := range s.sessions {
		se.unresumable = true
		if se.conn == nil {
			delete(s.sessions, id)
		}
	}
}

// MuteAcks stops or restarts the answers to heartbeats.
func (s *Server) MuteAcks(mute bool) { s.mu.Lock(); s.muted = mute; s.mu.Unlock() }

// Duplicate makes every later dispatch arrive n times, each with a number of its own. 1 ends it.
func (s *Server) Duplicate(n int) { s.mu.Lock(); s.copies = max(1, n); s.mu.Unlock() }

// Refuse breaks every new request and gateway connection without an answer until d has passed. Gateway connections
// that are open stay; 0 ends it.
func (s *Server) Refuse(d time.Duration) {
	s.mu.Lock()
	s.refuseUntil = time.Now().Add(d)
	s.mu.Unlock()
}

// RequestHeartbeat sends op 1 to every connection, which asks for a heartbeat at once.
func (s *Server) RequestHeartbeat() { s.SendRaw([]byte(`{"op":1,"d":null}`)) }

// Identifies counts the IDENTIFYs received.
func (s *Server) Identifies() int { s.mu.Lock(); defer s.mu.Unlock(); return s.identifies }

// Resumes counts the RESUMEs received.
func (s *Server) Resumes() int { s.mu.Lock(); defer s.mu.Unlock(); return s.resumes }

// Connections counts the gateway connections that are open now.
func (s *Server) Connections() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.conns) }

// CloseCodes lists what clients closed gateway connections with: 1006 is a connection cut without a close frame.
func (s *Server) CloseCodes() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.closeCodes)
}
