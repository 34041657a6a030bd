package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/semaphore"
)

// Fetcher gets the bytes of attachments. A message names their addresses, so it
// asks nobody but the hosts where Discord keeps them.
type Fetcher struct {
	own    *url.URL     // DISCORD_API_URL: where it is not Discord's, its attachments may be there
	near   *http.Client // asks own, which may be in a private network
	client *http.Client // asks Discord's hosts
	behind *http.Client // asks them through a proxy, which alone resolves their names
	proxy  func(*http.Request) (*url.URL, error)
	agent  string // the User-Agent

	decoding sync.Mutex
	memory   *semaphore.Weighted // bytes that the files of all questions take
}

var cdnHosts = []string{"cdn.discordapp.com", "media.discordapp.net"}

const fetchTimeout = 15 * time.Second

var errForeign = errors.New("not an address of Discord's attachments")

// ErrTooLarge refuses a file that is larger than is looked at.
var ErrTooLarge = errors.New("the file is too large")

// NewFetcher returns a fetcher that also asks the host of Discord's API.
func NewFetcher(apiURL, userAgent string) *Fetcher {
	f := &Fetcher{agent: userAgent, memory: semaphore.NewWeighted(maxHeld), proxy: http.ProxyFromEnvironment}
	f.own, _ = url.Parse(apiURL) // what is no address is nobody's host
	f.near = newFetchClient(nil, f.via)
	f.behind = newFetchClient(nil, f.via)
	f.client = newFetchClient(refusePrivate, nil)
	return f
}

// newFetchClient returns a client that follows no redirect.
func newFetchClient(control func(network, address string, c syscall.RawConn) error, proxy func(*http.Request) (*url.URL, error)) *http.Client {
	dial := &net.Dialer{Timeout: 5 * time.Second, Control: control}
	return &http.Client{
		Timeout:       fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: dial.DialContext, Proxy: proxy, MaxIdleConns: 4, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: 5 * time.Second, DisableCompression: true},
	}
}

func (f *Fetcher) via(r *http.Request) (*url.URL, error) { return f.proxy(r) }

// clientFor returns the client for an allowed address. A proxy is the operator's
// own and may be in a private network; what is behind it has to prove by its
// certificate that it is Discord's. Everything else is dialled under guard.
func (f *Fetcher) clientFor(req *http.Request) (*http.Client, error) {
	if f.isOwn(req.URL) {
		return f.near, nil
	}
	via, err := f.proxy(req)
	switch {
	case err != nil:
		return nil, errors.New("the proxy's address cannot be used")
	case via != nil:
		return f.behind, nil
	}
	return f.client, nil
}

func (f *Fetcher) isOwn(u *url.URL) bool {
	return f.own != nil && u.Scheme == f.own.Scheme && u.Host == f.own.Host && u.User == nil
}

// allowed reports whether attachments may be fetched from an address.
func (f *Fetcher) allowed(u *url.URL) bool {
	return f.isOwn(u) || u.Scheme == "https" && u.User == nil && slices.Contains(cdnHosts, u.Host)
}

// refusePrivate keeps a name that points into the operator's own network from
// being dialled.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(at.Addr()) {
		return errForeign
	}
	return nil
}

// get returns at most limit bytes, or ErrTooLarge.
func (f *Fetcher) get(ctx context.Context, address string, limit int64) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || !f.allowed(u) {
		return nil, errForeign
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errForeign
	}
	req.Header.Set("User-Agent", f.agent)
	client, err := f.clientFor(req)
	if err != nil {
		return nil, fmt.Errorf("fetch an attachment: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch an attachment: %w", withoutAddress(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch an attachment: HTTP %d", resp.StatusCode)
	}
	if resp.ContentLength > limit {
		return nil, ErrTooLarge
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("fetch an attachment: %w", withoutAddress(err))
	}
	if int64(len(data)) > limit {
		return nil, ErrTooLarge
	}
	return data, nil
}

// withoutAddress takes the address out of an error: it is signed, so whoever has
// it can read the file.
func withoutAddress(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
