// Package observatory is where reviewers judge and correct answers: web pages for
// whoever has a certain role on Discord, and for nobody else. A verdict is a
// submission with the source reviewer, and goes to the backends as members' votes do.
//
// A person comes in by a link that the bot gave to them alone (enter.go), sees what
// they may see on Discord (sight.go), takes an answer from a queue (inbox.go),
// reads it (answer.go) and decides (desk.go). No GET changes anything.
package observatory

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"feedbackbot/feedback"
)

// Options configure an [Observatory].
type Options struct {
	Base      string   // origin that links from outside begin with: https, or http on this machine
	Reviewers []string // ids of roles and users
	Leads     []string // as well; they also see how the team is doing
	Reasons   []string // what a verdict may name
	Direct    bool     // direct messages are reviewed as well
	NoText    bool     // the store keeps no texts
	AtOnce    bool     // a link opens the pages without a press of its button: for the playground
	Log       *slog.Logger
	Now       func() time.Time // nil for time.Now
}

// database is what the pages need to be kept.
type database interface {
	tokens
	queues
	desk
	searcher
}

// discord is what the pages need to know of Discord.
type discord interface {
	// Sight returns what somebody may see there.
	Sight(ctx context.Context, userID string) (feedback.Sight, error)
	// Thread returns the name of a public thread and its channel; "" for what is none.
	Thread(ctx context.Context, id string) (name, parentID string, err error)
}

// Observatory serves the reviewers' pages.
type Observatory struct {
	options Options
	secure  bool // https outside
	store   database
	discord discord
	log     *slog.Logger
	now     func() time.Time
	handler http.Handler
	failed  *failures
	seen    *sights
}

//go:embed pages static
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"plain": plain, "straight": straight, "ago": ago, "stars": stars, "short": short,
	"inc": func(n int) int { return n + 1 }}).ParseFS(files, "pages/*.html"))

// policy lets the pages load their own script and style, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// New returns pages that are ready to be served.
func New(options Options, store database, discord discord) (*Observatory, error) {
	base, err := url.Parse(options.Base)
	if err != nil || base.Host == "" {
		return nil, errors.New("the address of the review pages is not an address")
	}
	o := &Observatory{options: options, secure: base.Scheme == "https", store: store, discord: discord, log: options.Log, now: options.Now,
		failed: newFailures(), seen: newSights()}
	o.options.Base = base.Scheme + "://" + base.Host
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	if o.now == nil {
		o.now = time.Now
	}
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/review", http.StatusSeeOther))
	mux.Handle("GET /review/static/", http.StripPrefix("/review/static/", http.FileServerFS(static)))
	mux.HandleFunc("GET /review/enter", o.door)
	mux.HandleFunc("POST /review/enter", o.enter)
	mux.HandleFunc("POST /review/leave", o.leave)
	mux.HandleFunc("GET /review", o.inside(o.inbox))
	mux.HandleFunc("GET /review/search", o.inside(o.search))
	mux.HandleFunc("POST /review/next", o.inside(o.next))
	mux.HandleFunc("GET /review/r/{id}", o.inside(o.answer))
	mux.HandleFunc("POST /review/r/{id}", o.inside(o.decide))
	mux.HandleFunc("POST /review/r/{id}/draft", o.inside(o.draft))
	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(o.options.Base); err != nil { // for a proxy that changes the host
		return nil, err
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		o.say(w, http.StatusForbidden, "This came from another site", "Nothing was changed. Please use the buttons on the review pages.")
	}))
	o.handler = guard.Handler(mux)
	return o, nil
}

// ServeHTTP serves the pages.
func (o *Observatory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !o.secure && !onThisMachine(r.Host) { // another site must not come in under a name of its own
		http.Error(w, "open these pages by the address that the bot has given", http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if o.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	o.handler.ServeHTTP(w, r)
}

// maxForm bounds what is sent: two long texts, encoded.
const maxForm = 2 << 20

func onThisMachine(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// IsOnThisMachine reports whether an address is that of the machine itself.
func IsOnThisMachine(u *url.URL) bool { return onThisMachine(u.Host) }

// frame is what every page has.
type frame struct {
	Title  string
	Inside bool // somebody is in, and may leave
}

// show writes a page.
func (o *Observatory) show(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		o.log.Error("a review page cannot be shown", "page", name, "error", err)
		http.Error(w, "This page cannot be shown. Please tell whoever runs the bot.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	page.WriteTo(w) // whoever has gone does not need it
}

// say writes a page of a sentence or two.
func (o *Observatory) say(w http.ResponseWriter, status int, title, text string) {
	o.show(w, status, "message.html", struct {
		frame
		Text string
	}{frame{Title: title}, text})
}

// fail tells a person what an error means, and logs what they cannot mend.
func (o *Observatory) fail(w http.ResponseWriter, what string, err error) {
	switch {
	case errors.Is(err, feedback.ErrUnknownResponse):
		o.say(w, http.StatusNotFound, "There is no such answer", "It is gone, or it stands where you cannot look.")
	case errors.Is(err, feedback.ErrOwnQuestion):
		o.say(w, http.StatusForbidden, "This one is yours", "You asked this question, so somebody else reviews the answer.")
	default:
		o.log.Error("a review page failed", "doing", what, "error", err)
		o.say(w, http.StatusServiceUnavailable, "That did not work", "Nothing you typed is lost in this window. Please go back and try again in a moment.")
	}
}

// sights remembers for a while what people may see, and what threads belong to.
type sights struct {
	mu      sync.Mutex
	people  map[feedback.Rater]*sight
	threads map[string]thread
}

func newSights() *sights {
	return &sights{people: map[feedback.Rater]*sight{}, threads: map[string]thread{}}
}
