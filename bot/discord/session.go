package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"
)

var (
	errHung   = errors.New("the session hangs")
	errZombie = errors.New("a heartbeat was not acknowledged")
	errLost   = errors.New("the connection was lost")
)

// connection is a discordgo session and what is known about it from below.
type connection struct {
	session *discordgo.Session
	up      chan struct{} // READY or RESUMED has arrived
	down    chan struct{} // discordgo has closed the websocket
	// patience is how long a connection may take until its first frame, and openIn
	// until it is ready.
	patience, openIn time.Duration

	mu        sync.Mutex
	wire      *wire  // of the latest websocket
	resumeURL string // where READY wants the session resumed; "" for where it began
	elsewhere bool   // discordgo is to ask anew where the gateway is
	abandoned bool   // discordgo gets no further connection
}

// Event is one event as it arrived. It is decoded by whoever knows what it needs
// of it.
type Event struct {
	Type string
	Data json.RawMessage
}

// setUpDiscordgo sets the two package variables that sessions share: the API
// version, and where discordgo logs. It logs payloads and tokens, and all that
// matters of it reaches the supervisor anyway.
var setUpDiscordgo = sync.OnceFunc(func() {
	discordgo.APIVersion = "10"
	discordgo.Logger = func(int, int, string, ...any) {}
})

func (g *Gateway) newConnection(patience time.Duration) *connection {
	setUpDiscordgo()
	c := &connection{up: make(chan struct{}, 1), down: make(chan struct{}, 1), patience: patience, openIn: cmp.Or(g.openIn, openTimeout)}
	s, _ := discordgo.New("Bot " + g.Out.token) // it fails for no arguments at all
	s.ShouldReconnectOnError = false
	s.ShouldRetryOnRateLimit = false
	s.StateEnabled = false
	s.SyncEvents = true // our handler only hands events on
	s.LogLevel = discordgo.LogError
	s.MaxRestRetries = 0
	s.Client = &http.Client{Transport: c.leading(g.Out.gatewayTransport()), Timeout: openTimeout}
	s.Identify.Intents = discordgo.IntentsGuilds | discordgo.IntentsGuildMessages | discordgo.IntentsDirectMessages
	if g.Content {
		s.Identify.Intents |= discordgo.IntentMessageContent
	}
	s.Identify.Shard = &[2]int{g.Shard, g.Total}
	s.ShardID, s.ShardCount = g.Shard, g.Total
	s.Dialer = newDialer(func(ctx context.Context, scheme, address string) (net.Conn, error) {
		if err := c.mayDial(); err != nil {
			return nil, err
		}
		return c.tap(g.Out.way.connect(ctx, scheme, address))
	})
	s.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) {
		if e.Operation != 0 || e.Type == "" {
			return
		}
		if e.Type == "READY" {
			g.Out.metrics.gateway.WithLabelValues("ready").Inc()
			c.noteResumeURL(e.RawData)
			g.OnReady(g.Fresh())
		}
		if e.Type == "READY" || e.Type == "RESUMED" {
			c.tapped().isReady()
			signal(c.up) // from now on the connection counts as seen to work
		}
		g.seen()
		g.OnEvent(Event{Type: e.Type, Data: e.RawData})
	})
	s.AddHandler(func(*discordgo.Session, *discordgo.Disconnect) { signal(c.down) })
	c.session = s
	return c
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// tap makes a new connection the one that is read along, unless the session has
// been abandoned before it was made.
func (c *connection) tap(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.abandoned {
		conn.Close()
		return nil, errHung
	}
	c.wire = newWire(conn)
	return c.wire, nil
}

func (c *connection) tapped() *wire {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wire
}

// closeCode returns the code with which the server ended the connection, or 0.
func (c *connection) closeCode(err error) int {
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return closed.Code
	}
	if w := c.tapped(); w != nil {
		return w.code()
	}
	return 0
}

// open connects, resuming if the session has been connected before. It returns
// true once READY or RESUMED has arrived. discordgo's Open returns without
// either after an invalid session, and never when op 7 comes first; so both
// steps have a deadline.
func (c *connection) open(ctx context.Context) (bool, error) {
	drain(c.up)
	drain(c.down)
	c.mu.Lock()
	c.wire = nil // of the websocket before
	c.mu.Unlock()
	deadline := time.NewTimer(c.openIn)
	defer deadline.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	begun := time.Now()
	opened := make(chan error, 1)
	go func() { opened <- c.session.Open() }()
	for {
		select {
		case err := <-opened:
			if err != nil {
				return false, withoutURL(err)
			}
			opened = nil
		case <-c.up:
			if opened == nil {
				return true, nil
			}
			signal(c.up) // Open is about to return
			select {
			case err := <-opened:
				if err != nil {
					return false, withoutURL(err)
				}
				opened = nil
			case <-deadline.C:
				return false, errHung
			}
		case <-c.down:
			return false, errLost
		case <-look.C:
			if c.askedToReconnect() || c.patience < time.Since(begun) && c.tapped().heartbeatInterval() == 0 {
				return false, errHung
			}
		case <-deadline.C:
			return false, errHung
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// lookEvery is how often it is looked whether discordgo hangs already.
const lookEvery = 50 * time.Millisecond

// askedToReconnect reports whether the server has asked for it before the session
// was ready. discordgo hangs in that.
func (c *connection) askedToReconnect() bool {
	w := c.tapped()
	if w == nil {
		return false
	}
	select {
	case <-w.reconnect:
		return true
	default:
		return false
	}
}

func drain(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// watch returns when the connection is lost, or is found to be dead: when the
// last acknowledged heartbeat is one and a half intervals old. It then closes
// it with a code that keeps the session.
func (c *connection) watch(ctx context.Context, alive func()) error {
	ticks := time.NewTicker(500 * time.Millisecond)
	defer ticks.Stop()
	var lastAck time.Time
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.down:
			return errLost
		case <-ticks.C:
		}
		interval := c.tapped().heartbeatInterval()
		if interval <= 0 {
			interval = defaultInterval
		}
		ack, ok := c.lastAck()
		if !ok {
			return errHung
		}
		if ack.After(lastAck) {
			lastAck = ack
			alive()
		}
		if time.Since(ack) > interval*3/2 {
			if !c.close() {
				return errHung
			}
			return errZombie
		}
	}
}

// lastAck reads what discordgo guards with a lock that it may hold for ever.
func (c *connection) lastAck() (time.Time, bool) {
	got := make(chan time.Time, 1)
	go func() {
		c.session.RLock()
		defer c.session.RUnlock()
		got <- c.session.LastHeartbeatAck
	}()
	select {
	case t := <-got:
		return t, true
	case <-time.After(closeTimeout):
		return time.Time{}, false
	}
}

// close closes the websocket so that the session can be resumed. It returns
// false when discordgo does not come back from it.
func (c *connection) close() bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.session.CloseWithCode(codeResumable)
	}()
	select {
	case <-done:
		return true
	case <-time.After(closeTimeout):
		c.abandon()
		return false
	}
}

// abandon takes the connection away from a session that is not used again, also
// one that is still being made: from now on no IDENTIFY leaves. A hung session
// keeps a goroutine or two; there is no way to end them.
func (c *connection) abandon() {
	c.mu.Lock()
	c.abandoned = true
	w := c.wire
	c.mu.Unlock()
	if w != nil {
		w.Close()
	}
}

// rebase sends discordgo's requests to another base address than the one that
// is compiled into it.
type rebase struct {
	base *url.URL
	next http.RoundTripper
}

// gatewayTransport is the one over which discordgo asks for the gateway's
// address.
func (o *Client) gatewayTransport() http.RoundTripper {
	return rebase{base: o.base, next: o.client.Transport}
}

func (r rebase) RoundTrip(req *http.Request) (*http.Response, error) {
	// discordgo's addresses are made with the version it was built for.
	_, versioned, _ := strings.Cut(req.URL.Path, "/api/v")
	_, path, found := strings.Cut(versioned, "/")
	if !found {
		return nil, fmt.Errorf("discordgo asks for %s, which is not known", req.URL.Path)
	}
	if path == "gateway" {
		path = "gateway/bot" // which we ask too; not everything that stands in for Discord has both
	}
	clone := req.Clone(req.Context())
	u := *r.base
	u.Path = strings.TrimRight(u.Path, "/") + "/" + path
	u.RawQuery = req.URL.RawQuery
	clone.URL, clone.Host = &u, u.Host
	return r.next.RoundTrip(clone)
}
