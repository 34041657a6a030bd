// Package discordtest is a fake Discord on a real socket, in the spirit of net/http/httptest.
//
// A Server speaks Discord's REST API and gateway to an unmodified bot, lets a test act as the members of a guild,
// and is a strict judge: it enforces Discord's limits and collects in Problems what a correct bot never does. It is
// also an enemy on demand: see Fault, Disconnect, OnIdentify and their neighbours.
//
//	dc, err := discordtest.New(discordtest.Options{})
//	if err != nil { ... }
//	defer dc.Close()
//
//	bot, _ := discordgo.New("Bot test-token")
//	bot.Client = dc.Client() // sends what is meant for discord.com to the fake
//	bot.Open()
//
//	ann := dc.AddUser("ann")
//	dc.Say(ann.ID, dc.Channel().ID, "hello <@"+dc.Bot().ID+">")
//	reply, err := dc.WaitMessage(ctx, func(m discordtest.Message) bool { return m.Author.Bot })
//
//	answer, err := dc.Click(ann.ID, reply.ID, "thumbs-up").Wait(ctx)
//
// The sizes of Discord's rate-limit buckets are unpublished; the defaults here are assumptions from the field.
// Not imitated: compression, voice, private threads, reactions, autocomplete, and HTTP interactions.
package discordtest

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Options are the server's settings; the zero value is a sensible Discord.
type Options struct {
	Addr              string        // where to listen; 127.0.0.1:0
	Host              string        // the name in its addresses, as behind a proxy; the one that it listens at
	TLS               *tls.Config   // speaks https and wss with it; nil is http and ws
	Token             string        // the bot's token without "Bot "; test-token
	BotName           string        // the bot's username; testbot
	GlobalRPS         int           // requests in any GlobalWindow, interaction endpoints excepted; 0 is no limit
	GlobalWindow      time.Duration // 1 s
	HeartbeatInterval time.Duration // 41.25 s
	HeartbeatGrace    time.Duration // how much later a heartbeat may come; half an interval, at least 1 s
	ChannelLimit      int           // messages per ChannelWindow and channel or interaction token, and edits likewise; 5, negative is off
	ChannelWindow     time.Duration // 5 s
	Shards            int           // the number GET /gateway/bot recommends; 1
	MaxConcurrency    int           // IDENTIFY buckets; 1
	IdentifyWindow    time.Duration // one IDENTIFY per bucket in this time; 5 s, negative is off
	SessionStarts     int           // IDENTIFYs left today; 1000
	Intents           int           // privileged intents the app has enabled; 0 is all, NoPrivilegedIntents is none
	NonceWindow       time.Duration // how long a nonce is remembered; 3 min
	AckTimeout        time.Duration // for the first answer to an interaction; 3 s
	TokenLife         time.Duration // of an interaction's token; 15 min
	KeepRequests      int           // how many requests Requests remembers; 10000
	OpenAPI           string        // path of Discord's OpenAPI document; empty leaves schemas unchecked
}

// Server is a fake Discord. All its methods may be called from any goroutine, until Close.
type Server struct {
	opt      Options
	listener net.Listener
	http     *http.Server
	upgrader websocket.Upgrader
	schemas  *schemas // nil without Options.OpenAPI
	done     chan struct{}
	wg       sync.WaitGroup

	mu     sync.Mutex // guards everything below; held shortly, never while reading or writing a socket
	closed bool
	lastID int64
	world
	gateway
	traffic
	interactions map[string]*Interaction // by id
	tokens       map[string]*Interaction
	swept        time.Time // when expired interactions were last dropped
	commands     []command
	registered   chan struct{} // closed and replaced when commands change
	waiters      map[*waiter]struct{}
	subscribers  map[*subscriber]struct{}
}

// New starts a server with one guild, "Test Server", and one channel in it, "general". It fails if it cannot listen
// or cannot read Options.OpenAPI.
func New(opt Options) (*Server, error) {
	opt = withDefaults(opt)
	s := &Server{
		opt:          opt,
		done:         make(chan struct{}),
		interactions: map[string]*Interaction{},
		tokens:       map[string]*Interaction{},
		registered:   make(chan struct{}),
		waiters:      map[*waiter]struct{}{},
		subscribers:  map[*subscriber]struct{}{},
	}
	s.upgrader.CheckOrigin = func(*http.Request) bool { return true }
	s.traffic = newTraffic()
	s.gateway = newGateway()
	s.createWorld()
	var err error
	if opt.OpenAPI != "" {
		if s.schemas, err = loadSchemas(opt.OpenAPI); err != nil {
			return nil, err
		}
	}
	if s.listener, err = net.Listen("tcp", opt.Addr); err != nil {
		return nil, err
	}
	if opt.TLS != nil {
		s.listener = tls.NewListener(s.listener, opt.TLS)
	}
	// No idle timeout below a minute: pooled clients would meet closed connections.
	s.http = &http.Server{Handler: s.routes(), IdleTimeout: 3 * time.Minute}
	s.wg.Go(func() { s.http.Serve(s.listener) })
	return s, nil
}

func withDefaults(o Options) Options {
	text := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	number := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	span := func(p *time.Duration, v time.Duration) {
		if *p == 0 {
			*p = v
		}
	}
	text(&o.Addr, "127.0.0.1:0")
	text(&o.Token, "test-token")
	text(&o.BotName, "testbot")
	number(&o.ChannelLimit, 5)
	number(&o.Shards, 1)
	number(&o.MaxConcurrency, 1)
	number(&o.SessionStarts, 1000)
	number(&o.Intents, privilegedIntents)
	number(&o.KeepRequests, 10000)
	span(&o.HeartbeatInterval, 41250*time.Millisecond)
	span(&o.HeartbeatGrace, max(o.HeartbeatInterval/2, time.Second))
	span(&o.GlobalWindow, time.Second)
	span(&o.ChannelWindow, 5*time.Second)
	span(&o.IdentifyWindow, 5*time.Second)
	span(&o.NonceWindow, 3*time.Minute)
	span(&o.AckTimeout, 3*time.Second)
	span(&o.TokenLife, 15*time.Minute)
	o.Intents, o.KeepRequests, o.MaxConcurrency = max(o.Intents, 0), max(o.KeepRequests, 0), max(o.MaxConcurrency, 1)
	return o
}

// URL is the base of the REST API, such as http://127.0.0.1:4000/api/v10. Version 9 is served beside it.
func (s *Server) URL() string { return "http" + s.encrypted() + s.host() + "/api/v10" }

// GatewayURL is the address of the gateway, as GET /gateway tells it.
func (s *Server) GatewayURL() string { return "ws" + s.encrypted() + s.host() }

// encrypted is what stands between a scheme and a host.
func (s *Server) encrypted() string {
	if s.opt.TLS != nil {
		return "s://"
	}
	return "://"
}

func (s *Server) host() string { return cmp.Or(s.opt.Host, s.listener.Addr().String()) }

// Address is where the server listens, whatever its name.
func (s *Server) Address() string { return s.listener.Addr().String() }

// ResumeURL is where sessions are to be resumed: the same machine under another
// name, as Discord's are other machines.
func (s *Server) ResumeURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resumeURL()
}

func (s *Server) resumeURL() string {
	if s.resumeAt != "" {
		return s.resumeAt
	}
	if s.opt.Host != "" {
		return s.GatewayURL()
	}
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	return "ws://localhost:" + port
}

// ResumeAt changes where sessions are to be resumed.
func (s *Server) ResumeAt(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resumeAt = url
}

// Client returns an HTTP client that sends every request to this server, whatever host and API version it is meant
// for: with discordgo, session.Client = s.Client().
func (s *Server) Client() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.MaxIdleConnsPerHost = 64
	return &http.Client{Transport: redirect{to: s.listener.Addr().String(), next: t}}
}

type redirect struct {
	to   string
	next *http.Transport
}

func (r redirect) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host, req.Host = "http", r.to, ""
	return r.next.RoundTrip(req)
}

func (r redirect) CloseIdleConnections() { r.next.CloseIdleConnections() }

// Close ends every connection and waits until all of the server's goroutines have ended. Waiting calls return
// ErrClosed. It must not be called from a Subscribe function.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.wg.Wait()
		return
	}
	s.closed = true
	close(s.done)
	for _, i := range s.interactions {
		i.timer.Stop()
	}
	conns := s.allConns()
	s.mu.Unlock()
	s.http.Close()
	for _, c := range conns {
		c.ws.Close()
	}
	s.wg.Wait()
}

// ErrClosed is what waiting calls return when the server is closed.
var ErrClosed = errors.New("discordtest: server closed")

// enter counts a handler or connection among what Close waits for. It is false when the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.wg.Add(1)
	}
	return !s.closed
}

// sleep waits for d and is false if the caller has gone or the server is closed before.
func (s *Server) sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.done:
	}
	return false
}

// apiPath cuts "/api/v10" from a path, and says whether it was there.
func apiPath(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, "/api/v")
	if !ok {
		return path, false
	}
	version, rest, _ := strings.Cut(rest, "/")
	return "/" + rest, version == "9" || version == "10"
}
