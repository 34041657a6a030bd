package files

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
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
		"162.159.135.233:443": true, "[2606:4700::1]:443": true,
		"127.0.0.1:443": false, "10.0.0.1:443": false, "192.168.1.1:443": false, "169.254.169.254:80": false, "100.64.1.1:443": false,
		"0.0.0.0:443": false, "[::1]:443": false, "[fd00::1]:443": false, "[fe80::1]:443": false, "[::ffff:127.0.0.1]:443": false, "[64:ff9b::7f00:1]:443": false,
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
