package observatory

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"feedbackbot/feedback"
)

// tokens is what coming in needs of the store. Only hashes of secrets are kept.
type tokens interface {
	Rater(userID string) feedback.Rater
	AddReviewLink(ctx context.Context, link feedback.ReviewToken, now time.Time) error
	ReviewLink(ctx context.Context, hash string, now time.Time) (feedback.ReviewToken, error)
	SpendReviewLink(ctx context.Context, hash string, session feedback.ReviewToken, now time.Time) error
	ReviewSession(ctx context.Context, hash string, now time.Time) (feedback.ReviewToken, error)
	EndReviewSession(ctx context.Context, hash string) error
}

const (
	linkTime    = 5 * time.Minute
	sessionTime = 12 * time.Hour
)

// newSecret returns what nobody can guess.
func newSecret() string {
	var b [32]byte
	rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashed is what the store knows of a secret.
func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// box encrypts for whoever has the secret, so that the database alone names nobody.
func box(secret string) (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("Discord id"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (o *Observatory) token(secret, userID string, lasts time.Duration) (feedback.ReviewToken, error) {
	b, err := box(secret)
	if err != nil {
		return feedback.ReviewToken{}, err
	}
	return feedback.ReviewToken{Hash: hashed(secret), Rater: o.store.Rater(userID), ExpiresAt: o.now().Add(lasts),
		Sealed: hex.EncodeToString(b.Seal(nil, nil, []byte(userID), nil))}, nil
}

func open(secret string, t feedback.ReviewToken) (userID string, err error) {
	b, err := box(secret)
	if err != nil {
		return "", err
	}
	sealed, err := hex.DecodeString(t.Sealed)
	if err != nil {
		return "", err
	}
	id, err := b.Open(nil, nil, sealed, nil)
	return string(id), err
}

// Invite returns a link that lets a reviewer in once, to a response or, when that is
// "", to the inbox; or [feedback.ErrNotReviewer].
func (o *Observatory) Invite(ctx context.Context, userID, responseID string) (link string, err error) {
	if _, err := o.ask(ctx, userID); err != nil {
		return "", err
	}
	secret := newSecret()
	t, err := o.token(secret, userID, linkTime)
	if err == nil {
		err = o.store.AddReviewLink(ctx, t, o.now())
	}
	if err != nil {
		return "", fmt.Errorf("invite a reviewer: %w", err)
	}
	link = o.options.Base + "/review/enter?t=" + secret
	if responseID != "" {
		link += "&to=" + url.QueryEscape(responseID)
	}
	return link, nil
}

// door shows the button that uses a link. Looking at it does not: programs that
// preview links look.
func (o *Observatory) door(w http.ResponseWriter, r *http.Request) {
	o.show(w, http.StatusOK, "enter.html", struct {
		frame
		Secret, To string
		AtOnce     bool
	}{frame{Title: "Review answers"}, r.URL.Query().Get("t"), r.URL.Query().Get("to"), o.options.AtOnce})
}

// enter uses a link. Whoever was in before is out, and the session has a secret
// that nobody has seen.
func (o *Observatory) enter(w http.ResponseWriter, r *http.Request) {
	from := o.address(r)
	if o.failed.tooMany(from, o.now()) {
		o.say(w, http.StatusTooManyRequests, "Too many attempts", "Please wait a minute, then type /review on Discord for a new link.")
		return
	}
	secret := r.PostFormValue("t")
	link, err := o.store.ReviewLink(r.Context(), hashed(secret), o.now())
	var userID string
	if err == nil {
		userID, err = open(secret, link)
	}
	if err == nil {
		_, err = o.ask(r.Context(), userID)
	}
	fresh := newSecret()
	if err == nil {
		var session feedback.ReviewToken
		if session, err = o.token(fresh, userID, sessionTime); err == nil {
			err = o.store.SpendReviewLink(r.Context(), link.Hash, session, o.now())
		}
	}
	switch {
	case errors.Is(err, feedback.ErrNoToken):
		o.failed.add(from, o.now())
		o.log.Warn("a link to the review pages was not taken", "from", from)
		o.say(w, http.StatusForbidden, "This link has been used, or is too old", "Each link opens once, within five minutes. Type /review on Discord for a new one.")
		return
	case errors.Is(err, feedback.ErrNotReviewer):
		o.say(w, http.StatusForbidden, "You are no reviewer here", "If that is a mistake, ask the people who run the bot.")
		return
	case err != nil:
		o.fail(w, "let a reviewer in", err)
		return
	}
	if old, err := r.Cookie(o.cookieName()); err == nil {
		if err := o.store.EndReviewSession(r.Context(), hashed(old.Value)); err != nil {
			o.log.Warn("an earlier session could not be ended", "error", err)
		}
	}
	o.log.Info("a reviewer has come in", "reviewer", link.Rater)
	o.setCookie(w, fresh, int(sessionTime/time.Second))
	to := "/review"
	if id := r.PostFormValue("to"); id != "" {
		to += "/r/" + url.PathEscape(id)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// leave ends the session.
func (o *Observatory) leave(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(o.cookieName()); err == nil {
		if err := o.store.EndReviewSession(r.Context(), hashed(c.Value)); err != nil {
			o.fail(w, "end a session", err)
			return
		}
	}
	o.setCookie(w, "", -1)
	o.say(w, http.StatusOK, "See you", "You have left. Type /review on Discord to come back; your drafts wait for you.")
}

// cookieName carries a promise to browsers where that is possible: set by this
// host, for this host, over https.
func (o *Observatory) cookieName() string {
	if o.secure {
		return "__Host-review"
	}
	return "review-local"
}

func (o *Observatory) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: o.cookieName(), Value: value, Path: "/", MaxAge: maxAge, Secure: o.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// person is who is in.
type person struct {
	rater feedback.Rater
	lead  bool
	sight *sight
}

// inside lets those through who have a session and are still reviewers.
func (o *Observatory) inside(do func(http.ResponseWriter, *http.Request, *person)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := o.who(r)
		switch {
		case errors.Is(err, feedback.ErrNoToken):
			o.say(w, http.StatusUnauthorized, "Please come in through Discord", "Type /review on Discord: the bot answers you alone, with a link that opens these pages. Your drafts wait for you.")
		case errors.Is(err, feedback.ErrNotReviewer):
			o.setCookie(w, "", -1)
			o.say(w, http.StatusForbidden, "You are no reviewer any more", "Your verdicts stay. If that is a mistake, ask the people who run the bot.")
		case err != nil:
			o.fail(w, "look who is there", err)
		default:
			do(w, r, p)
		}
	}
}

func (o *Observatory) who(r *http.Request) (*person, error) {
	c, err := r.Cookie(o.cookieName())
	if err != nil {
		return nil, feedback.ErrNoToken
	}
	session, err := o.store.ReviewSession(r.Context(), hashed(c.Value), o.now())
	if err != nil {
		return nil, err
	}
	userID, err := open(c.Value, session)
	if err != nil {
		return nil, fmt.Errorf("read a session: %w", err)
	}
	s, err := o.look(r.Context(), session.Rater, userID)
	if errors.Is(err, feedback.ErrNotReviewer) {
		err = errors.Join(err, o.store.EndReviewSession(r.Context(), session.Hash))
	}
	if err != nil {
		return nil, err
	}
	return &person{session.Rater, named(o.options.Leads, userID, s.Roles), s}, nil
}

// address is where a request comes from, as a proxy on this machine or beside it
// tells.
func (o *Observatory) address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if ip := net.ParseIP(host); o.secure && ip != nil && (ip.IsLoopback() || ip.IsPrivate()) {
		list := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if last := strings.TrimSpace(list[len(list)-1]); net.ParseIP(last) != nil {
			return last
		}
	}
	return host
}

// How many links of one address may be wrong before it has to wait, how soon it
// may try another, and how many addresses are remembered.
const (
	maxFailures   = 10
	failureEvery  = 6 * time.Second
	maxRemembered = 10_000
)

// failures counts links that were not taken, by address.
type failures struct {
	mu sync.Mutex
	by map[string]*rate.Limiter
}

func newFailures() *failures { return &failures{by: map[string]*rate.Limiter{}} }

func (f *failures) tooMany(from string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.by[from]
	return l != nil && l.TokensAt(now) < 1
}

func (f *failures) add(from string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.by) >= maxRemembered {
		clear(f.by)
	}
	if f.by[from] == nil {
		f.by[from] = rate.NewLimiter(rate.Every(failureEvery), maxFailures)
	}
	f.by[from].AllowN(now, 1)
}
