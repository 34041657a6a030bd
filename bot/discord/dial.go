package discord

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/net/proxy"
)

// way is how the gateway's connections reach it: through the proxy that requests
// take, and with the same certificates. gorilla's own way through a proxy is not
// used: for wss it speaks TLS to the proxy and none inside, and knows no https
// proxy. What comes back is always the innermost connection, so that a [wire]
// around it sees frames and not what a proxy sees.
type way struct {
	proxy  func(*http.Request) (*url.URL, error) // nil for none
	tls    *tls.Config
	dialer *net.Dialer
}

// wayOf is the way of a transport's requests, or that of the environment when it
// is none of net/http's.
func wayOf(transport http.RoundTripper) way {
	w := way{proxy: http.ProxyFromEnvironment, tls: &tls.Config{}, dialer: &net.Dialer{Timeout: openTimeout, KeepAlive: 15 * time.Second}}
	if t, ok := transport.(*http.Transport); ok {
		w.proxy = t.Proxy
		if t.TLSClientConfig != nil {
			w.tls = t.TLSClientConfig.Clone()
		}
	}
	w.tls.NextProtos = nil // a websocket begins with HTTP/1.1
	return w
}

// connect returns a connection on which the websocket's first request can be
// sent: to "https" encrypted, to "http" not.
func (w way) connect(ctx context.Context, scheme, address string) (net.Conn, error) {
	conn, err := w.reach(ctx, scheme, address)
	if err != nil || scheme != "https" {
		return conn, err
	}
	return w.encrypt(ctx, conn, address)
}

// reach returns a connection that ends at address, however far that is.
func (w way) reach(ctx context.Context, scheme, address string) (net.Conn, error) {
	var via *url.URL
	if w.proxy != nil {
		var err error
		if via, err = w.proxy(&http.Request{URL: &url.URL{Scheme: scheme, Host: address}}); err != nil {
			return nil, errors.New("the proxy's address cannot be used") // err would repeat its password
		}
	}
	if via == nil {
		return w.dialer.DialContext(ctx, "tcp", address)
	}
	if strings.HasPrefix(via.Scheme, "socks5") {
		socks, err := proxy.FromURL(&url.URL{Scheme: "socks5", Host: at(via, "1080"), User: via.User}, w.dialer)
		if err != nil {
			return nil, fmt.Errorf("use the proxy: %w", err)
		}
		conn, err := socks.(proxy.ContextDialer).DialContext(ctx, "tcp", address)
		return conn, throughProxy(err)
	}
	conn, err := w.dialer.DialContext(ctx, "tcp", at(via, map[string]string{"https": "443"}[via.Scheme]))
	if err == nil && via.Scheme == "https" {
		conn, err = w.encrypt(ctx, conn, via.Host)
	}
	if err != nil {
		return nil, throughProxy(err)
	}
	if conn, err = ask(ctx, conn, via, address); err != nil {
		return nil, throughProxy(err)
	}
	return conn, nil
}

func throughProxy(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("through the proxy: %w", err)
}

// at is where a proxy listens, on its scheme's port unless it names another.
func at(via *url.URL, port string) string {
	return net.JoinHostPort(via.Hostname(), cmp.Or(via.Port(), port, "80"))
}

// ask has a proxy open a way to address.
func ask(ctx context.Context, conn net.Conn, via *url.URL, address string) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	header := http.Header{"User-Agent": {UserAgent}}
	if via.User != nil {
		password, _ := via.User.Password()
		header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(via.User.Username()+":"+password)))
	}
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: header}
	r := bufio.NewReader(conn)
	err := request.Write(conn)
	if err == nil {
		var resp *http.Response
		if resp, err = http.ReadResponse(r, request); err == nil && resp.StatusCode != http.StatusOK {
			err = fmt.Errorf("it answers HTTP %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
		}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &leftover{conn, r}, nil
}

// leftover is a connection of which something may have been read already.
type leftover struct {
	net.Conn
	r *bufio.Reader
}

func (c *leftover) Read(p []byte) (int, error) { return c.r.Read(p) }

// encrypt begins TLS with the host of address, which has to prove that it is it.
func (w way) encrypt(ctx context.Context, conn net.Conn, address string) (net.Conn, error) {
	config := w.tls.Clone()
	if config.ServerName == "" {
		config.ServerName = (&url.URL{Host: address}).Hostname()
	}
	inner := tls.Client(conn, config)
	if err := inner.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return inner, nil
}

// newDialer returns a dialer of websockets whose connections come from connect.
func newDialer(connect func(ctx context.Context, scheme, address string) (net.Conn, error)) *websocket.Dialer {
	by := func(scheme string) func(context.Context, string, string) (net.Conn, error) {
		return func(ctx context.Context, _, address string) (net.Conn, error) { return connect(ctx, scheme, address) }
	}
	return &websocket.Dialer{HandshakeTimeout: openTimeout, NetDialContext: by("http"), NetDialTLSContext: by("https")}
}

// Greeting opens the gateway as far as its first word, which costs no session. Some
// proxies and firewalls let requests through and websockets not.
func (o *Client) Greeting(ctx context.Context, gateway string) error {
	u, err := url.Parse(gateway)
	if err != nil {
		return errors.New("the gateway has no address")
	}
	u.Path, u.RawQuery = "/", "v=10&encoding=json"
	conn, resp, err := newDialer(o.way.connect).DialContext(ctx, u.String(), nil)
	if errors.Is(err, websocket.ErrBadHandshake) && resp != nil {
		return fmt.Errorf("open the gateway: HTTP %d in place of a websocket", resp.StatusCode)
	}
	if err != nil {
		return fmt.Errorf("open the gateway: %w", withoutURL(err))
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := conn.SetReadDeadline(time.Now().Add(openTimeout)); err != nil {
		return fmt.Errorf("wait for the gateway: %w", err)
	}
	_, text, err := conn.ReadMessage()
	var hello struct {
		Op int `json:"op"`
	}
	if err == nil && (json.Unmarshal(text, &hello) != nil || hello.Op != opHello) {
		err = errors.New("it does not greet")
	}
	if err != nil {
		return fmt.Errorf("wait for the gateway: %w", err)
	}
	return nil
}
