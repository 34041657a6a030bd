package observatory_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/observatory"
	"feedbackbot/feedback/store"
)

const (
	guild, general, secret = "800000000000000001", "800000000000000002", "800000000000000003"
	cleo, dora, ada        = "100", "200", "300" // two reviewers, and a member
	reviewerRole           = "7"
)

// house is the pages on a socket, with a store, a clock and what Discord says.
type house struct {
	t      *testing.T
	store  *store.Store
	server *httptest.Server
	invite func(ctx context.Context, userID, responseID string) (string, error)

	mu    sync.Mutex
	now   time.Time
	roles map[string][]string // of members, by id
	away  bool                // Discord does not answer
}

func (h *house) Sight(_ context.Context, userID string) (feedback.Sight, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away {
		return feedback.Sight{}, errors.New("discord is away")
	}
	s := feedback.Sight{Servers: map[string]feedback.Server{}}
	if roles, member := h.roles[userID]; member {
		s.Roles = roles
		s.Servers[guild] = feedback.Server{Name: "Test Server", Channels: map[string]string{general: "general"}}
	}
	return s, nil
}

func (h *house) Thread(_ context.Context, id string) (name, parentID string, err error) {
	switch id {
	case "thread":
		return "a thread", general, nil
	case "secret thread":
		return "another", secret, nil
	}
	return "", "", nil
}

func (h *house) clock() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }

func (h *house) pass(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.now = h.now.Add(d) }

func (h *house) set(change func()) { h.mu.Lock(); defer h.mu.Unlock(); change() }

// build opens the pages; change, if not nil, changes their options.
func build(t *testing.T, change func(*observatory.Options)) *house {
	t.Helper()
	kept, err := store.Open(t.Context(), feedbacktest.SQLite(t), store.Options{Reviewing: store.Reviewing{Times: 1, Sample: 1}})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, store: kept, now: time.Now(), roles: map[string][]string{cleo: {reviewerRole}, dora: {reviewerRole}, ada: {"8"}}}
	h.server = httptest.NewUnstartedServer(nil)
	options := observatory.Options{Base: "http://" + h.server.Listener.Addr().String(), Reviewers: []string{reviewerRole}, Reasons: []string{"wrong", "rude"}, Now: h.clock}
	if change != nil {
		change(&options)
	}
	o, err := observatory.New(options, kept, h)
	if err != nil {
		t.Fatal(err)
	}
	h.server.Config.Handler = o
	h.server.Start()
	t.Cleanup(func() {
		h.server.Close()
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	h.invite = o.Invite
	return h
}

// answered stores an answer.
func (h *house) answered(change func(*feedback.Response)) feedback.Response {
	h.t.Helper()
	r := feedbacktest.NewResponse()
	r.GuildID, r.ChannelID, r.Asker, r.ParentID, r.Model = guild, general, h.store.Rater(ada), "", "model-xyz"
	if change != nil {
		change(&r)
	}
	if err := h.store.Monitor(h.t.Context(), r); err != nil {
		h.t.Fatal(err)
	}
	return r
}

// votedDown stores an answer that a member has rated down, with a reason.
func (h *house) votedDown() feedback.Response {
	h.t.Helper()
	r := h.answered(nil)
	rater := h.store.Rater("400")
	_, _, err := h.store.Vote(h.t.Context(), feedback.Vote{ResponseID: r.ID, Rater: rater, Source: feedback.User, Rating: 1, Kind: feedback.Thumbs, Version: 1})
	if err == nil {
		_, err = h.store.Explain(h.t.Context(), feedback.Explanation{ResponseID: r.ID, Rater: rater, Source: feedback.User, Explanation: "a member's reason", Version: 2})
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// browser is somebody at the pages, who follows redirects and keeps cookies.
type browser struct {
	h      *house
	client *http.Client
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{h, &http.Client{Jar: jar}}
}

// in is somebody who has come in.
func (h *house) in(userID string) *browser {
	h.t.Helper()
	b := h.browser()
	if status, page := b.enter(h.link(userID)); status != 200 {
		h.t.Fatalf("coming in = %d: %s", status, page)
	}
	return b
}

// link is the secret of a link for a reviewer.
func (h *house) link(userID string) string {
	h.t.Helper()
	link, err := h.invite(h.t.Context(), userID, "")
	if err != nil {
		h.t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		h.t.Fatal(err)
	}
	return u.Query().Get("t")
}

func (b *browser) enter(secret string) (status int, page string) {
	b.h.t.Helper()
	return b.post("/review/enter", url.Values{"t": {secret}})
}

func (b *browser) do(r *http.Request) (status int, page string) {
	b.h.t.Helper()
	resp, err := b.client.Do(r)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (b *browser) get(path string) (status int, page string) {
	b.h.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.h.server.URL+path, nil)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return b.do(r)
}

// post sends a form, as a browser does from the same site; headers, in pairs, are
// set besides.
func (b *browser) post(path string, form url.Values, headers ...string) (status int, page string) {
	b.h.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.h.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for n := 0; n < len(headers); n += 2 {
		r.Header.Set(headers[n], headers[n+1])
	}
	return b.do(r)
}

var revision = regexp.MustCompile(`name="revision" value="(\d+)"`)

// review is the form of an answer's page, filled in.
func (b *browser) review(page, action string, fields ...string) url.Values {
	b.h.t.Helper()
	m := revision.FindStringSubmatch(page)
	if m == nil {
		b.h.t.Fatalf("the page has no form: %s", page)
	}
	form := url.Values{"revision": {m[1]}, "action": {action}, "queue": {"bad"}}
	for n := 0; n < len(fields); n += 2 {
		form.Add(fields[n], fields[n+1])
	}
	return form
}

// want reports a page that is not as it should be: what starts with ! must not be
// in it.
func want(t *testing.T, what string, status, wantStatus int, page string, texts ...string) {
	t.Helper()
	if status != wantStatus {
		t.Errorf("%s = %d, want %d: %s", what, status, wantStatus, page)
	}
	page = html.UnescapeString(page)
	for _, text := range texts {
		if absent, not := strings.CutPrefix(text, "!"); not == strings.Contains(page, strings.TrimPrefix(text, "!")) {
			t.Errorf("%s: %q is in the page: %v, want %v: %s", what, absent, not, !not, page)
		}
	}
}

func path(r feedback.Response) string { return fmt.Sprint("/review/r/", r.ID) }
