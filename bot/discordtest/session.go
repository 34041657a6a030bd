package discordtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// The gateway intents that decide who is sent what.
const (
	intentGuilds         = 1 << 0
	intentMembers        = 1 << 1
	intentPresences      = 1 << 8
	intentGuildMessages  = 1 << 9
	intentDirectMessages = 1 << 12
	intentContent        = 1 << 15
	privilegedIntents    = intentMembers | intentPresences | intentContent
	knownIntents         = 1<<26 - 1

	// NoPrivilegedIntents is for Options.Intents: an app without any.
	NoPrivilegedIntents = -1
)

// gateway is the state of sessions and connections.
type gateway struct {
	conns      map[*conn]struct{}
	sessions   map[string]*session
	opened     int // sessions
	identifies int
	resumes    int
	connects   int
	closeCodes []int
	identified map[int]time.Time // last IDENTIFY by max_concurrency bucket
	muted      bool
	copies     int
	onConnect  func(int) GatewayAction
	onIdentify func(int) GatewayAction
	onResume   func(int) GatewayAction
}

func newGateway() gateway {
	return gateway{
		conns: map[*conn]struct{}{}, sessions: map[string]*session{}, identified: map[int]time.Time{}, copies: 1,
	}
}

// session outlives its connection, so that a RESUME can replay what was missed.
type session struct {
	id          string
	shard, of   int
	intents     int
	seq         int64
	frames      [][]byte // the newest dispatches; the last one has number seq
	conn        *conn    // nil while nobody is connected
	detached    time.Time
	unresumable bool
}

// maxReplay bounds what a session remembers for RESUME. Older gaps are answered with op 9.
const maxReplay = 20000

// sessionLife is how long a session without a connection can be resumed.
const sessionLife = 5 * time.Minute

// event is a dispatch before it is known which sessions get it.
type event struct {
	name   string
	guild  string // decides the shard; empty is shard 0
	all    bool   // every session, whatever its shard
	intent int    // one of these bits must be identified with; 0 is always sent
	data   any
	bare   any // sent instead to sessions without the message content intent, if not nil
}

// dispatch sends an event to the sessions it is for. The caller holds s.mu.
func (s *Server) dispatch(e event) {
	var full, bare json.RawMessage
	for _, se := range s.sessions {
		if !e.all && se.shard != shardOf(e.guild, se.of) || e.intent != 0 && se.intents&e.intent == 0 {
			continue
		}
		data, encoded := e.data, &full
		if e.bare != nil && se.intents&intentContent == 0 {
			data, encoded = e.bare, &bare
		}
		if *encoded == nil {
			var err error
			if *encoded, err = json.Marshal(data); err != nil {
				s.problem("fake: event %s cannot be encoded: %v", e.name, err)
				return
			}
			if !e.all { // what a test invents may be as wrong as it likes
				s.judgeEvent(e.name, *encoded)
			}
		}
		for range s.copies {
			s.send(se, e.name, *encoded)
		}
	}
}

func shardOf(guildID string, of int) int {
	id, _ := strconv.ParseInt(guildID, 10, 64)
	return int((id >> 22) % int64(max(1, of)))
}

// send gives a dispatch the session's next number, keeps it for RESUME and passes it to the connection, if any.
func (s *Server) send(se *session, name string, data json.RawMessage) {
	se.seq++
	frame := make([]byte, 0, len(data)+len(name)+40)
	frame = append(frame, `{"op":0,"t":"`...)
	frame = append(frame, name...)
	frame = append(frame, `","s":`...)
	frame = strconv.AppendInt(frame, se.seq, 10)
	frame = append(frame, `,"d":`...)
	frame = append(append(frame, data...), '}')
	if len(se.frames) >= 2*maxReplay {
		se.frames = append(se.frames[:0], se.frames[maxReplay:]...)
	}
	se.frames = append(se.frames, frame)
	if se.conn != nil {
		se.conn.push(frame)
	}
	s.emit(KindDispatch, Dispatch{Event: name, Seq: se.seq, Shard: se.shard, Data: data})
}

// open makes the session of a connection that has identified: READY, then the guilds of its shard.
func (s *Server) open(c *conn, shard, of, intents int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for id, old := range s.sessions {
		if old.conn == nil && now.Sub(old.detached) > sessionLife {
			delete(s.sessions, id)
		}
	}
	s.opened++
	id := fmt.Sprintf("%032x", s.opened+1<<20)
	se := &session{id: id, shard: shard, of: of, intents: intents, conn: c}
	s.sessions[id], c.session = se, se
	s.emit(KindIdentify, Connection{Session: id, Shard: shard})
	guilds, mine := []object{}, []*Guild{}
	for _, g := range s.guilds {
		if shardOf(g.ID, of) == shard {
			mine = append(mine, g)
			guilds = append(guilds, object{"id": g.ID, "unavailable": true})
		}
	}
	s.sendTo(se, "READY", object{
		"v": 10, "user": s.bot, "guilds": guilds, "session_id": id, "session_type": "normal",
		"resume_gateway_url": s.resumeURL(), "shard": []int{shard, of}, "private_channels": []object{},
		"relationships": []object{}, "presences": []object{}, "user_settings": object{},
		"application": object{"id": s.bot.ID, "flags": s.applicationFlags()},
	})
	if intents&intentGuilds == 0 {
		return
	}
	for _, g := range mine {
		s.sendTo(se, "GUILD_CREATE", s.guildCreate(g))
	}
}

func (s *Server) sendTo(se *session, name string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		s.problem("fake: event %s cannot be encoded: %v", name, err)
		return
	}
	s.judgeEvent(name, data)
	s.send(se, name, data)
}

// resume attaches a connection to its session and replays what came after seq. It is false when the session cannot
// be resumed: unknown, forgotten, too old, or with a number that was never sent.
func (s *Server) resume(c *conn, id string, seq int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	se := s.sessions[id]
	if se == nil || se.unresumable || seq > se.seq || se.seq-seq > int64(len(se.frames)) {
		return false
	}
	if se.conn == nil && time.Since(se.detached) > sessionLife {
		delete(s.sessions, id)
		return false
	}
	if old := se.conn; old != nil {
		old.session = nil
		old.closeWith(4000)
	}
	se.conn, c.session = c, se
	for _, frame := range se.frames[len(se.frames)-int(se.seq-seq):] {
		c.push(frame)
	}
	s.emit(KindResume, Connection{Session: id, Shard: se.shard, Host: c.host})
	s.sendTo(se, "RESUMED", object{})
	return true
}

// detach ends the tie between a connection and its session; ended sessions cannot be resumed.
func (s *Server) detach(c *conn, ended bool) {
	se := c.session
	if se == nil {
		return
	}
	c.session, se.conn, se.detached = nil, nil, time.Now()
	if ended || se.unresumable {
		delete(s.sessions, se.id)
	}
}

// Emit sends an arbitrary event to every session, whatever its shard and intents.
func (s *Server) Emit(name string, data any) error {
	encoded, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dispatch(event{name: name, all: true, data: json.RawMessage(encoded)})
	return nil
}

// SendRaw sends one text frame to every gateway connection as it is, well-formed or not.
func (s *Server) SendRaw(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.push(bytes.Clone(frame))
	}
}
