package observatory_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/observatory"
)

// A link lets in once, within five minutes, by its button alone; what is forged
// does not, and only reviewers get one.
func TestLinkOpensOnce(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	if _, err := h.invite(t.Context(), ada, ""); !errors.Is(err, feedback.ErrNotReviewer) {
		t.Errorf("Invite of a member = %v, want ErrNotReviewer", err)
	}
	secret := h.link(cleo)
	for range 3 { // a preview of the link, and somebody who looks twice
		status, page := h.browser().get("/review/enter?t=" + secret)
		want(t, "GET of a link", status, 200, page, "Come in", secret)
	}
	b := h.browser()
	status, page := b.get("/review")
	want(t, "the inbox from outside", status, 401, page, "/review on Discord", "!Random sample")
	status, page = b.enter(secret + "x")
	want(t, "a forged link", status, 403, page, "has been used, or is too old")
	status, page = b.enter(secret)
	want(t, "a link", status, 200, page, "Random sample")
	status, page = h.browser().enter(secret)
	want(t, "a link once more", status, 403, page, "has been used, or is too old")
	late := h.link(cleo)
	h.pass(5 * time.Minute)
	status, page = h.browser().enter(late)
	want(t, "a link after five minutes", status, 403, page, "has been used, or is too old")
	h.pass(12 * time.Hour)
	status, page = b.get("/review")
	want(t, "the inbox after twelve hours", status, 401, page, "!Random sample")
}

// A link to an answer leads there, and nowhere else.
func TestLinkToAnswer(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	r := h.votedDown()
	link, err := h.invite(t.Context(), cleo, r.ID)
	if err != nil || !strings.HasSuffix(link, "&to="+r.ID) {
		t.Fatalf("Invite = %q, %v, want the answer in it", link, err)
	}
	status, page := h.browser().post("/review/enter", url.Values{"t": {h.link(cleo)}, "to": {r.ID}})
	want(t, "a link to an answer", status, 200, page, r.Question, "Is this answer right?")
	for _, to := range []string{"//evil.example", "https://evil.example/", "..\\..//evil.example"} {
		status, page := h.browser().post("/review/enter", url.Values{"t": {h.link(cleo)}, "to": {to}})
		want(t, "a link to "+to, status, 404, page, "There is no such answer")
	}
}

// The cookie belongs to this host, over https, and no script sees it; on this
// machine it has another name.
func TestCookie(t *testing.T) {
	t.Parallel()
	for base, wanted := range map[string]string{
		"":                       "review-local; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax",
		"https://review.example": "__Host-review; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax",
	} {
		h := build(t, func(o *observatory.Options) {
			if base != "" {
				o.Base = base
			}
		})
		r, err := http.NewRequest(http.MethodPost, h.server.URL+"/review/enter", strings.NewReader(url.Values{"t": {h.link(cleo)}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", base)
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		cookie := resp.Header.Get("Set-Cookie")
		name, rest, _ := strings.Cut(cookie, "=")
		value, flags, _ := strings.Cut(rest, ";")
		if got := name + ";" + flags; got != wanted || len(value) != 43 {
			t.Errorf("with %q the cookie is %q, want %s with 32 random bytes", base, cookie, wanted)
		}
	}
}

// Whatever else is served comes with the headers that keep it in.
func TestHeaders(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	for _, path := range []string{"/review", "/review/enter?t=x", "/review/static/review.js", "/review/r/1", "/nothing"} {
		resp, err := http.Get(h.server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"Referrer-Policy":         "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s of %s = %q, want %q", name, path, got, want)
			}
		}
	}
	r, err := http.NewRequest(http.MethodGet, h.server.URL+"/review", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example" // a name of its own for this machine
	status, page := h.browser().do(r)
	want(t, "a page under another name", status, 403, page)
}

// Another site changes nothing, whoever looks at it.
func TestCrossSite(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	r, b := h.votedDown(), h.in(cleo)
	form := url.Values{"revision": {"0"}, "action": {"save"}, "rating": {"thumbs-5"}}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "", "Origin", "https://evil.example"}} {
		for _, to := range []string{path(r), path(r) + "/draft", "/review/next", "/review/leave", "/review/enter"} {
			status, page := b.post(to, form, headers...)
			want(t, to+" from another site", status, 403, page, "another site")
		}
	}
	if got, err := h.store.Review(t.Context(), r.ID, h.store.Rater(cleo)); err != nil || got.Revision != 0 {
		t.Errorf("Review = %+v, %v, want none", got, err)
	}
	status, page := b.get("/review")
	want(t, "the inbox afterwards", status, 200, page, "Random sample")
}

// GET changes nothing: not of an answer, and not of what only POST may do.
func TestGETChangesNothing(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	r, b := h.votedDown(), h.in(cleo)
	for _, to := range []string{path(r) + "?queue=bad&action=save&rating=thumbs-1&revision=0", path(r) + "/draft?revision=0", "/review/next?queue=bad", "/review/leave"} {
		b.get(to)
	}
	if got, err := h.store.Review(t.Context(), r.ID, h.store.Rater(cleo)); err != nil || got.Revision != 0 {
		t.Errorf("Review = %+v, %v, want none", got, err)
	}
	status, page := b.get("/review")
	want(t, "the inbox afterwards", status, 200, page, "Random sample")
}

// Whoever loses the role, or leaves, is out within a quarter of an hour, and stays
// out when the role comes back.
func TestLostRole(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(h *house){
		"the role is lost":     func(h *house) { h.roles[cleo] = []string{"8"} },
		"the member has left":  func(h *house) { delete(h.roles, cleo) },
		"everything is others": func(h *house) { h.roles[cleo] = nil },
	} {
		h := build(t, nil)
		r, b := h.votedDown(), h.in(cleo)
		u, err := url.Parse(h.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		kept := b.client.Jar.Cookies(u) // by somebody who does not let it go
		h.set(func() { lose(h) })
		h.pass(15 * time.Minute)
		for _, to := range []string{"/review", path(r)} {
			status, page := b.get(to)
			if status == 200 {
				t.Errorf("%s: GET %s = %d: %s", name, to, status, page)
			}
		}
		status, page := b.post(path(r), url.Values{"revision": {"0"}, "rating": {"thumbs-1"}})
		want(t, name, status, 401, page, "/review on Discord")
		h.set(func() { h.roles[cleo] = []string{reviewerRole} })
		b.client.Jar.SetCookies(u, kept)
		status, page = b.get("/review")
		want(t, "the role is back", status, 401, page)
	}
}

// While Discord does not answer, what it said last serves for another quarter of
// an hour, and then nobody is let in.
func TestDiscordAway(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.in(cleo)
	h.set(func() { h.away = true })
	h.pass(29 * time.Minute)
	status, page := b.get("/review")
	want(t, "after 29 minutes", status, 200, page, "Random sample")
	h.pass(2 * time.Minute)
	status, page = b.get("/review")
	want(t, "after 31 minutes", status, 503, page, "!Random sample")
	h.set(func() { h.away = false })
	status, page = b.get("/review")
	want(t, "when Discord is back", status, 200, page, "Random sample")
}

// A session begins with a secret that nobody else can have chosen, and ends the one
// before it.
func TestSessionFixation(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.browser()
	u, err := url.Parse(h.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	planted := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: "review-local", Value: planted, Path: "/"}})
	b.enter(h.link(cleo))
	first := b.client.Jar.Cookies(u)[0].Value
	if first == planted {
		t.Error("the session has the secret that was planted")
	}
	b.enter(h.link(cleo))
	for _, old := range []string{planted, first} {
		other := h.browser()
		other.client.Jar.SetCookies(u, []*http.Cookie{{Name: "review-local", Value: old, Path: "/"}})
		status, page := other.get("/review")
		want(t, "an earlier secret", status, 401, page)
	}
	last := b.client.Jar.Cookies(u)[0].Value
	b.post("/review/leave", nil)
	other := h.browser()
	other.client.Jar.SetCookies(u, []*http.Cookie{{Name: "review-local", Value: last, Path: "/"}})
	status, page := other.get("/review")
	want(t, "the secret of who has left", status, 401, page)
}

// Wrong links are limited by address, and a while later are not.
func TestLoginStorm(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	for n := range 10 {
		if status, page := h.browser().enter("wrong"); status != 403 {
			t.Fatalf("wrong link %d = %d: %s", n, status, page)
		}
	}
	good := h.link(cleo)
	status, page := h.browser().enter(good)
	want(t, "after ten wrong links", status, 429, page, "Too many attempts")
	h.pass(time.Minute)
	status, page = h.browser().enter(good)
	want(t, "a minute later", status, 200, page, "Random sample")
}
