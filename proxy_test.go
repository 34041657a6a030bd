package main

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// tunnels is a proxy that asks for a password and knows where some names are.
type tunnels struct {
	to    map[string]string // address by host and port
	mu    sync.Mutex
	asked map[string]int
}

func (p *tunnels) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.Method+" "+r.Host]++
	p.mu.Unlock()
	if r.Header.Get("Proxy-Authorization") != "Basic bWU6Y2FuYXJ5QA==" { // me:canary@
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	there, err := net.Dial("tcp", p.to[r.Host])
	if err != nil {
		w.WriteHeader(http.StatusForbidden)
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
}

// The whole program, started in a folder with a .env, reaches Discord, its gateway,
// the model and a backend through a proxy, with TLS inside. None of their names can
// be looked up without it.
func TestProcessBehindProxy(t *testing.T) {
	model, err := llmtest.New(llmtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	at, err := url.Parse(model.URL())
	if err != nil {
		t.Fatal(err)
	}
	at.Path = ""
	encrypted := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(at))
	defer encrypted.Close()
	hook := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer hook.Close()
	discord, err := discordtest.New(discordtest.Options{Host: "discord.example.com", TLS: &tls.Config{Certificates: hook.TLS.Certificates}})
	if err != nil {
		t.Fatal(err)
	}
	defer discord.Close()
	p := &tunnels{asked: map[string]int{}, to: map[string]string{"discord.example.com:443": discord.Address(),
		"model.example.com:443": encrypted.Listener.Addr().String(), "hook.example.com:443": hook.Listener.Addr().String()}}
	proxy := httptest.NewServer(p)
	defer proxy.Close()
	folder := t.TempDir()
	authority := filepath.Join(folder, "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hook.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := []string{"DISCORD_TOKEN='test-token'", "DISCORD_API_URL=https://discord.example.com/api/v10/", "OPENAI_API_KEY=" + llmtest.DefaultKey,
		"OPENAI_BASE_URL=https://model.example.com/v1/"}
	want := []string{"CONNECT discord.example.com:443", "CONNECT model.example.com:443"}
	lines, want = append(lines, "WEBHOOK_URL=https://hook.example.com/", "WEBHOOK_SECRET=whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"), append(want, "CONNECT hook.example.com:443")
	slices.Sort(want)
	with := strings.Replace(proxy.URL, "http://", "http://me:canary%40@", 1)
	for variable, code := range map[string]int{
		"HTTPS_PROXY='" + with + "'": 0, "https_proxy=" + with: 0, "ALL_PROXY=" + with: 0,
		"HTTPS_PROXY=" + proxy.URL: 1, "HTTPS_PROXY=" + with + "\nNO_PROXY=discord.example.com": 1, "HTTPS_PROXY=http://me:canary#@proxy": 78,
	} {
		clear(p.asked)
		if err := os.WriteFile(filepath.Join(folder, ".env"), []byte("\ufeff"+strings.Join(append(slices.Clip(lines), variable), "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c := exec.Command(os.Args[0], "check")
		c.Dir, c.Stdout, c.Stderr = folder, &out, &out
		c.Env = []string{"FEEDBACKBOT_TEST_RUN=main", "SSL_CERT_FILE=" + authority, "PATH=" + os.Getenv("PATH")}
		err := c.Run()
		if got := c.ProcessState.ExitCode(); got != code || strings.Contains(out.String(), "canary") {
			t.Errorf("with %s check = %d, %v, want %d:\n%s", variable, got, err, code, out.String())
		}
		if code == 0 && (!slices.Equal(slices.Sorted(maps.Keys(p.asked)), want) || p.asked[want[0]] < 2) {
			t.Errorf("with %s the proxy was asked for %v, want %q, and a way for the gateway of its own", variable, p.asked, want)
		}
	}
}

// Proxies are told in every form that is in use, and a wrong one by its name.
func TestProxies(t *testing.T) {
	for _, tt := range []struct {
		set, https, http string
		wrong            string // the variable
	}{
		{"HTTPS_PROXY=http://proxy:3128", "http://proxy:3128", "", ""},
		{"https_proxy=http://proxy:3128", "http://proxy:3128", "", ""},
		{"HTTPS_PROXY=proxy:3128", "proxy:3128", "", ""},
		{"HTTPS_PROXY=https://me:pass%40word@proxy", "https://me:pass%40word@proxy", "", ""},
		{"ALL_PROXY=socks5h://proxy:1080/", "socks5h://proxy:1080/", "socks5h://proxy:1080/", ""},
		{"all_proxy=socks://127.0.0.1:7891/", "socks5://127.0.0.1:7891/", "socks5://127.0.0.1:7891/", ""},
		{"ALL_PROXY=http://a:1 HTTPS_PROXY=http://b:1", "http://b:1", "http://a:1", ""},
		{"ALL_PROXY=socks4://a:1 HTTPS_PROXY=http://b:1 HTTP_PROXY=http://b:1", "http://b:1", "http://b:1", ""},
		{"HTTPS_PROXY='http://proxy:3128'", "http://proxy:3128", "", ""},
		{"ALL_PROXY=socks4://canary:1", "", "", "ALL_PROXY"},
		{"HTTPS_PROXY=http://me:can/ary@proxy:3128", "", "", "HTTPS_PROXY"},
		{"HTTPS_PROXY=http://me:1/canary@proxy:3128", "", "", "HTTPS_PROXY"},
		{"HTTPS_PROXY=http://me:1?canary@proxy:3128", "", "", "HTTPS_PROXY"},
		{"HTTP_PROXY=http://me:can%ary@proxy:3128", "", "", "HTTP_PROXY"},
		{"HTTP_PROXY=ftp://canary", "", "", "HTTP_PROXY"},
		{"HTTP_PROXY=http://:3128", "", "", "HTTP_PROXY"},
	} {
		environ := append(strings.Fields(tt.set), "DISCORD_TOKEN=t", "OPENAI_API_KEY=k")
		_, err := loadConfig(environ)
		if tt.wrong != "" {
			if err == nil || !strings.HasPrefix(err.Error(), "configuration: "+tt.wrong+" must look like") || strings.Contains(err.Error(), "can") {
				t.Errorf("%s = %v, want an error that names %s alone", tt.set, err, tt.wrong)
			}
			continue
		}
		vars := map[string]string{}
		for _, v := range environ {
			name, value, _ := strings.Cut(v, "=")
			vars[name] = value
		}
		readValues(vars)
		set := proxies(vars)
		if err != nil || set["HTTPS_PROXY"] != tt.https || set["HTTP_PROXY"] != tt.http || set["https_proxy"] != tt.https {
			t.Errorf("%s is %v, %v, want %q and %q", tt.set, set, err, tt.https, tt.http)
		}
	}
}
