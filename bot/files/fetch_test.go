package files

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
)

// Attachments are fetched from Discord's own hosts, and from where
// DISCORD_API_URL points, which only an operator can set.
func TestWhereAttachmentsAreFetched(t *testing.T) {
	for api, addresses := range map[string]map[string]bool{
		"https://discord.com/api/v10": {
			"https://cdn.discordapp.com/attachments/1/2/a.png":       true,
			"https://media.discordapp.net/attachments/1/2/a.png?x=1": true,
			"http://cdn.discordapp.com/attachments/1/2/a.png":        false,
			"https://cdn.discordapp.com:8443/a.png":                  false,
			"https://cdn.discordapp.com@evil.example/a.png":          false,
			"https://me@cdn.discordapp.com/a.png":                    false,
			"https://cdn.discordapp.com.evil.example/a.png":          false,
			"https://evil.example/cdn.discordapp.com/a.png":          false,
			"https://169.254.169.254/latest/meta-data":               false,
			"file:///etc/passwd":                                     false,
			"":                                                       false,
		},
		"http://127.0.0.1:4000/api/v10": {
			"http://127.0.0.1:4000/attachments/1/2/a.png": true,
			"http://127.0.0.1:4001/attachments/1/2/a.png": false,
			"http://localhost:4000/attachments/1/2/a.png": false,
		},
	} {
		f := NewFetcher(api, "agent")
		for address, want := range addresses {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.allowed(u); got != want {
				t.Errorf("with %s, %s may be fetched: %v, want %v", api, address, got, want)
			}
		}
	}
}

// A name of Discord's that points into a private network is not dialled.
func TestPrivateAddressesAreRefused(t *testing.T) {
	for address, want := range map[string]bool{
		"162.159.133.133:443": true, "[2606:4700::1]:443": true, "[::ffff:162.159.133.133]:443": true,
		"127.0.0.1:443": false, "10.0.0.1:443": false, "192.168.1.1:443": false, "169.254.169.254:80": false, "100.64.1.1:443": false,
		"0.0.0.0:443": false, "0.1.2.3:443": false, "255.255.255.255:443": false, "224.0.0.1:443": false, "[::1]:443": false, "[::]:443": false,
		"[fd00::1]:443": false, "[fe80::1]:443": false, "[fe80::1%eth0]:443": false, "[fec0::1]:443": false, "[ff02::1]:443": false,
		"[::ffff:127.0.0.1]:443": false, "[::ffff:10.0.0.1]:443": false, "[::10.0.0.1]:443": false, "[::ffff:0:10.0.0.1]:443": false,
		// NAT64, as DNS64 makes it of an IPv4 address.
		"[64:ff9b::a29f:8285]:443": true, "[64:ff9b::7f00:1]:443": false, "[64:ff9b::a00:1]:443": false, "[64:ff9b::a9fe:a9fe]:443": false,
		"[64:ff9b::c0a8:101]:443": false, "[64:ff9b::6440:1]:443": false, "[64:ff9b::]:443": false,
		// A translator of one's own, with prefixes of 96, 48, 56 and 64 bits.
		"[64:ff9b:1::a29f:8285]:443": true, "[64:ff9b:1::a00:1]:443": false, "[64:ff9b:1:a29f:85:8500::]:443": true, "[64:ff9b:1:a00:0:100::]:443": false,
		"[64:ff9b:1:0a2:9f:8185::]:443": true, "[64:ff9b:1:0a:0:1::]:443": false, "[64:ff9b:1:0:a2:9f81:8500:0]:443": true, "[64:ff9b:1:0:a:0:100:0]:443": false,
		// 6to4, Teredo and ISATAP.
		"[2002:a29f:8285::1]:443": true, "[2002:a00:1::1]:443": false, "[2002:7f00:1::1]:443": false,
		"[2001:0:a29f:8285::5d60:7d7a]:443": true, "[2001:0:a29f:8285::f5ff:fffe]:443": false, "[2001:0:a00:1::5d60:7d7a]:443": false,
		"[2606:4700::5efe:a29f:8285]:443": true, "[2606:4700::5efe:a00:1]:443": false, "[2606:4700::200:5efe:a00:1]:443": false,
		"cdn.discordapp.com:443": false, "": false,
	} {
		if err := refusePrivate("tcp", address, nil); (err == nil) != want {
			t.Errorf("dialling %s = %v, want allowed %v", address, err, want)
		}
	}
}

// A redirect is not followed, and an endless body is left.
func TestFetchIsBounded(t *testing.T) {
	elsewhere := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { elsewhere++ })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	f := NewFetcher(s.URL+"/api/v10", "agent")
	if data, err := f.get(t.Context(), s.URL+"/moved", 100); err == nil || elsewhere != 0 {
		t.Errorf("a redirect = %d bytes, %v", len(data), err)
	}
	if data, err := f.get(t.Context(), s.URL+"/endless", 1<<20); !errors.Is(err, ErrTooLarge) {
		t.Errorf("an endless body = %d bytes, %v, want ErrTooLarge", len(data), err)
	}
	if _, err := f.get(t.Context(), "https://evil.example/a", 100); !errors.Is(err, errForeign) {
		t.Errorf("a foreign address = %v, want errForeign", err)
	}
}

// Behind a proxy, which may be in a private network, attachments come through it,
// from Discord's own hosts alone, and only when the host proves that it is one.
func TestFetchThroughProxy(t *testing.T) {
	cdn := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("picture")) }))
	defer cdn.Close()
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		there, err := net.Dial("tcp", cdn.Listener.Addr().String())
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		here, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			there.Close()
			return
		}
		io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			io.Copy(there, here)
			there.Close()
		}()
		io.Copy(here, there)
		here.Close()
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	const address = "https://cdn.discordapp.com/attachments/1/2/a.png"
	f := NewFetcher("https://discord.com/api/v10", "agent")
	f.proxy = http.ProxyURL(at)
	if data, err := f.get(t.Context(), address, 100); err == nil {
		t.Errorf("a host that is not Discord's by its certificate gave %q", data)
	}
	trusting := cdn.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	trusting.ServerName = "example.com"
	f.behind.Transport.(*http.Transport).TLSClientConfig = trusting
	if data, err := f.get(t.Context(), address, 100); err != nil || string(data) != "picture" {
		t.Errorf("through the proxy: %q, %v, want the picture", data, err)
	}
	for _, foreign := range []string{"https://evil.example/a", "http://cdn.discordapp.com/a", "https://169.254.169.254/"} {
		if _, err := f.get(t.Context(), foreign, 100); !errors.Is(err, errForeign) {
			t.Errorf("%s through the proxy = %v, want errForeign", foreign, err)
		}
	}
	if want := []string{"CONNECT cdn.discordapp.com:443", "CONNECT cdn.discordapp.com:443"}; !slices.Equal(asked, want) {
		t.Errorf("the proxy was asked for %q, want %q", asked, want)
	}
	// A host that NO_PROXY names is dialled, under guard.
	f.proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	if c, err := f.clientFor(&http.Request{URL: &url.URL{Scheme: "https", Host: "cdn.discordapp.com"}}); err != nil || c != f.client {
		t.Errorf("clientFor without a proxy = %v, %v, want the guarded one", c, err)
	}
}
