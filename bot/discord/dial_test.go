package discord

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
)

// connectProxy is a proxy that opens ways to one server, whatever name it is asked for.
type connectProxy struct {
	to     string                   // where all its ways lead
	login  string                   // "" for none
	refuse func(n int) (status int) // of the n-th CONNECT; nil refuses none
	mu     sync.Mutex
	asked  []string
}

func (p *connectProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host)
	n := len(p.asked)
	p.mu.Unlock()
	user, password, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth()
	if p.login != "" && user+":"+password != p.login {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	if p.refuse != nil && p.refuse(n) != 0 {
		w.WriteHeader(p.refuse(n))
		return
	}
	there, err := net.Dial("tcp", p.to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	here, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		there.Close()
		return
	}
	io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		io.Copy(there, here)
		there.Close()
	}()
	io.Copy(here, there)
	here.Close()
}

// ways returns the hosts that the proxy was asked for.
func (p *connectProxy) ways() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// behind returns a desk whose Discord, with TLS, is reached through p alone.
func behind(t *testing.T, p *connectProxy, encrypted bool, user *url.Userinfo) desk {
	t.Helper()
	certified := httptest.NewTLSServer(nil) // whose certificate is for example.com, too
	certified.Close()
	roots := certified.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	d, err := discordtest.New(discordtest.Options{Token: "canary-token", Host: "discord.example.com",
		TLS: &tls.Config{Certificates: certified.TLS.Certificates}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	p.to = d.Address()
	server := httptest.NewUnstartedServer(p)
	if encrypted {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	at.User = user
	out, err := New(Options{BaseURL: d.URL() + "/", Token: "canary-token", GlobalRPS: 50,
		Transport: &http.Transport{Proxy: http.ProxyURL(at), TLSClientConfig: &tls.Config{RootCAs: roots}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.client.CloseIdleConnections)
	return desk{Client: out, discord: d, channel: d.Channel().ID}
}

// Behind a proxy a session works and is resumed, as without: what the supervisor
// reads along are the frames, not what the proxy sees. Had it not read HELLO, the
// first session would be given up with its IDENTIFY lost; had it not seen the
// IDENTIFY leave, it would count as none.
func TestGatewayThroughProxy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		encrypted bool
		user      *url.Userinfo
		login     string
	}{
		"http":              {},
		"https":             {encrypted: true},
		"with a password":   {user: url.UserPassword("me", "p@ss:word"), login: "me:p@ss:word"},
		"with a name alone": {user: url.User("me"), login: "me:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &connectProxy{login: tt.login}
			d := behind(t, p, tt.encrypted, tt.user)
			told, ready := supervised(t, d, time.Hour, 0)
			if got := await(t, told, ready, 1); !slices.Equal(got, []bool{true}) {
				t.Errorf("told of IDENTIFYs %v, want one", got)
			}
			if err := d.post(t.Context(), d.channel, "1"); err != nil {
				t.Errorf("post = %v", err)
			}
			want := "CONNECT discord.example.com:443"
			if ways := p.ways(); slices.ContainsFunc(ways, func(w string) bool { return w != want }) || len(ways) < 2 {
				t.Errorf("the proxy was asked for %q, want only %s", ways, want)
			}
			if problems := d.discord.Problems(); len(problems) > 0 {
				t.Errorf("problems %q", problems)
			}
		})
	}
}

// A close code is read through a proxy as well: what no repetition can mend ends it.
func TestCloseCodeThroughProxy(t *testing.T) {
	t.Parallel()
	p := &connectProxy{}
	d := behind(t, p, false, nil)
	d.discord.OnIdentify(func(int) discordtest.GatewayAction { return discordtest.GatewayAction{Close: 4014} })
	g := newGateway(d)
	if err := g.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "4014") {
		t.Errorf("Run() = %v, want what 4014 says", err)
	}
}

// Greeting goes as far as HELLO, says how it failed, and costs no session.
func TestGreeting(t *testing.T) {
	t.Parallel()
	websockets := func(status int) func(int) int { // the first way is for requests
		return func(n int) int {
			if n > 1 {
				return status
			}
			return 0
		}
	}
	for name, tt := range map[string]struct {
		proxy  *connectProxy
		before func(*discordtest.Server)
		want   string
	}{
		"well":          {&connectProxy{}, nil, ""},
		"proxy refuses": {&connectProxy{refuse: websockets(403)}, nil, "open the gateway: through the proxy: it answers HTTP 403 Forbidden"},
		"proxy wants a password": {&connectProxy{refuse: websockets(407)}, nil,
			"open the gateway: through the proxy: it answers HTTP 407 Proxy Authentication Required"},
		"closed": {&connectProxy{}, func(d *discordtest.Server) {
			d.OnConnect(func(int) discordtest.GatewayAction { return discordtest.GatewayAction{Close: 4000} })
		}, "wait for the gateway: websocket: close 4000"},
		"another word": {&connectProxy{}, func(d *discordtest.Server) {
			d.OnConnect(func(int) discordtest.GatewayAction { return discordtest.GatewayAction{Reconnect: true} })
		}, "wait for the gateway: it does not greet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := behind(t, tt.proxy, false, nil)
			if tt.before != nil {
				tt.before(d.discord)
			}
			info, err := d.GatewayInfo(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			err = d.Greeting(t.Context(), info.URL)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
				t.Errorf("Greeting() = %v, want %q", err, tt.want)
			}
			if n := d.discord.Identifies(); n != 0 {
				t.Errorf("%d IDENTIFYs, want none", n)
			}
		})
	}
}

// What a proxy sends right behind its answer is not lost.
func TestNothingIsLostBehindConnect(t *testing.T) {
	t.Parallel()
	here, there := net.Pipe()
	defer there.Close()
	go func() {
		if _, err := http.ReadRequest(bufio.NewReader(there)); err == nil {
			io.WriteString(there, "HTTP/1.1 200 OK\r\n\r\nhello")
		}
	}()
	conn, err := ask(t.Context(), here, &url.URL{Scheme: "http", Host: "proxy"}, "discord.example.com:443")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var got [5]byte
	if _, err := io.ReadFull(conn, got[:]); err != nil || string(got[:]) != "hello" {
		t.Errorf("read %q, %v, want hello", got, err)
	}
}

// socks answers one connection as a SOCKS 5 proxy that asks for a password, and
// joins it with to.
func socks(conn net.Conn, to string) (asked string, err error) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	take := func(n int) string {
		b := make([]byte, n)
		if _, e := io.ReadFull(r, b); e != nil {
			err = e
		}
		return string(b)
	}
	counted := func() string { return take(int((take(1) + "\x00")[0])) }
	take(1)
	counted()
	io.WriteString(conn, "\x05\x02")
	take(1)
	login := counted() + ":" + counted()
	io.WriteString(conn, "\x01\x00")
	take(4)
	asked = login + "@" + counted() + ":" + strconv.Itoa(int(binary.BigEndian.Uint16([]byte(take(2)))))
	there, e := net.Dial("tcp", to)
	if err = errors.Join(err, e); err != nil {
		return asked, err
	}
	io.WriteString(conn, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
	go func() {
		io.Copy(there, r)
		there.Close()
	}()
	io.Copy(conn, there)
	return asked, nil
}

// A proxy may speak SOCKS 5.
func TestGreetingThroughSOCKS(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	d := behind(t, &connectProxy{}, false, nil)
	d.way.proxy = http.ProxyURL(&url.URL{Scheme: "socks5h", Host: listener.Addr().String(), User: url.UserPassword("me", "secret")})
	asked := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		way, err := socks(conn, d.discord.Address())
		if err != nil {
			way = err.Error()
		}
		asked <- way
	}()
	if err := d.Greeting(t.Context(), d.discord.GatewayURL()); err != nil {
		t.Error(err)
	}
	if want, got := "me:secret@discord.example.com:443", <-asked; got != want {
		t.Errorf("the proxy was asked for %s, want %s", got, want)
	}
}

// A session that was given up while its connection was being made gets none, so
// that it sends no IDENTIFY beside the one that follows it.
func TestAbandonedSessionGetsNoConnection(t *testing.T) {
	t.Parallel()
	c := &connection{}
	c.abandon()
	here, there := net.Pipe()
	defer there.Close()
	if conn, err := c.tap(here, nil); err == nil {
		t.Errorf("tap() = %v, want an error", conn)
	}
	if _, err := here.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("writing on it = %v, want it closed", err)
	}
}
