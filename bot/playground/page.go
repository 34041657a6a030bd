package playground

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

//go:embed static
var static embed.FS

// policy lets the page load what this server serves, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (p *Playground) routes() http.Handler {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("GET /arrived", p.arrived)
	mux.HandleFunc("GET /review", p.review)
	mux.Handle("GET /attachments/", p.files())
	mux.HandleFunc("POST /act/thread", act(p.thread))
	mux.HandleFunc("POST /act/say", act(p.say))
	mux.HandleFunc("POST /act/click", act(p.click))
	mux.HandleFunc("POST /act/submit", act(p.submit))
	mux.HandleFunc("POST /act/command", act(p.command))
	mux.HandleFunc("POST /act/menu", act(p.menu))
	mux.HandleFunc("POST /act/switch", act(p.turn))
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Another site must not reach this one through a name of its own.
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if host = strings.Trim(host, "[]"); host != "localhost" && net.ParseIP(host) == nil {
			http.Error(w, "open the playground by its address, not by a name", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		guarded.ServeHTTP(w, r)
	})
}

// events streams what one member sees: everything so far, then each change.
func (p *Playground) events(w http.ResponseWriter, r *http.Request) {
	me := r.URL.Query().Get("as")
	if me == "" {
		me = p.members[0].ID
	}
	if !p.isMember(me) {
		http.Error(w, "there is no such member", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	reader := p.feed.open(me) // before the snapshot, so that nothing falls between
	defer p.feed.leave(reader)
	first, err := json.Marshal(p.snapshot(me))
	if err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	control := http.NewResponseController(w)
	for data, open := first, true; open; {
		control.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case data, open = <-reader.events:
		case <-r.Context().Done():
			return
		}
	}
}

// arrived lists what the backend has got.
func (p *Playground) arrived(w http.ResponseWriter, _ *http.Request) {
	list := []Arrival{}
	if p.options.Arrived != nil {
		list = append(list, p.options.Arrived()...)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(list)
}

// files passes attachments on, as the page may load nothing from elsewhere.
func (p *Playground) files() http.Handler {
	cdn, err := url.Parse(p.discord.CDN())
	if err != nil {
		panic(err) // the fake's own address
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(cdn) }, ErrorLog: log.New(io.Discard, "", 0)}
}
