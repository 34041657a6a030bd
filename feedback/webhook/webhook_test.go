package webhook_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/webhook"
)

const secret = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"

// receiver is an operator's server that verifies what it gets with the library
// of Standard Webhooks, and knows a message by its id.
type receiver struct {
	*feedbacktest.Server
	verify *standardwebhooks.Webhook

	mu        sync.Mutex
	seen      map[string]bool
	responses []string
	votes     map[feedbacktest.Key]feedbacktest.State
	rev       map[feedbacktest.Key]int64
}

func newReceiver(t testing.TB) *receiver {
	verify, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{verify: verify, seen: map[string]bool{}, votes: map[feedbacktest.Key]feedbacktest.State{}, rev: map[feedbacktest.Key]int64{}}
	r.Server = feedbacktest.NewServer(t, r)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err == nil {
		err = r.verify.VerifyIgnoringTimestamp(body, req.Header) // the clock may be a bubble's
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var m webhook.Message
	if err := json.Unmarshal(body, &m); err != nil || m.Timestamp.IsZero() {
		http.Error(w, "no message", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := req.Header.Get("Webhook-Id")
	if r.seen[id] {
		return
	}
	r.seen[id] = true
	f := m.Data.Feedback
	switch m.Type {
	case "ping":
	case "response.created":
		r.responses = append(r.responses, m.Data.Response.ID)
	case "feedback.submitted", "feedback.withdrawn":
		key := feedbacktest.Key{ResponseID: f.ResponseID, Rater: feedback.Rater(f.Rater), Reviewer: f.Source == "reviewer"}
		if f.Rev < r.rev[key] {
			return
		}
		r.rev[key] = f.Rev
		delete(r.votes, key)
		if m.Data.Response == nil || m.Data.Response.ID != f.ResponseID {
			http.Error(w, "which answer?", http.StatusBadRequest)
		}
		if m.Type == "feedback.submitted" {
			r.votes[key] = feedbacktest.State{Copies: 1, Rating: f.Rating, Kind: feedback.Kind(f.Kind), Explanation: f.Explanation, Expected: f.Expected}
		}
	default:
		http.Error(w, "what is "+m.Type, http.StatusBadRequest)
	}
}

func harness(t *testing.T) feedbacktest.Harness {
	r := newReceiver(t)
	c, err := webhook.New(r.URL+"/hook", secret)
	if err != nil {
		t.Fatal(err)
	}
	return feedbacktest.Harness{Backend: c, Fail: r.Fail, Idempotent: true, CanWithdraw: true, TakesPages: true,
		Responses: func() []string {
			r.mu.Lock()
			defer r.mu.Unlock()
			return append([]string(nil), r.responses...)
		},
		Votes: func() map[feedbacktest.Key]feedbacktest.State {
			r.mu.Lock()
			defer r.mu.Unlock()
			votes := map[feedbacktest.Key]feedbacktest.State{}
			for key, vote := range r.votes {
				votes[key] = vote
			}
			return votes
		}}
}

// A receiver of webhooks meets the contract of every backend.
func TestContract(t *testing.T) { feedbacktest.RunBackend(t, harness) }

// So does the way that a worker takes, on both databases.
func TestDelivery(t *testing.T) { feedbacktest.RunDelivery(t, harness) }

// The address is used to the letter, and while nothing receives there everything
// waits.
func TestAddress(t *testing.T) {
	for path, want := range map[string]error{"/hook/?tenant=a%2Fb": nil, "/gone": feedback.ErrUnauthorized} {
		s := feedbacktest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RequestURI() == "/gone" {
				http.Error(w, "canary", http.StatusGone)
			}
		}))
		c, err := webhook.New(s.URL+path, secret)
		if err != nil {
			t.Fatal(err)
		}
		r := feedbacktest.NewResponse()
		_, err = c.SendSubmission(t.Context(), feedbacktest.NewSubmission(r, "rater"), r, feedback.Delivered{})
		if !errors.Is(err, want) {
			t.Errorf("SendSubmission to %s = %v, want %v", path, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "canary") || !errors.Is(err, feedback.ErrAnswered)) {
			t.Errorf("SendSubmission to %s = %v, want an error that tells of an answer without its words", path, err)
		}
		if got := s.Calls()[0].Path; got != path {
			t.Errorf("posted to %s, want %s", got, path)
		}
	}
}

// Another secret is not accepted, and a wrong configuration is told without it.
func TestSecrets(t *testing.T) {
	r := newReceiver(t)
	c, err := webhook.New(r.URL, "whsec_b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXI=")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(t.Context()); !errors.Is(err, feedback.ErrUnauthorized) {
		t.Errorf("Check() with another secret = %v, want ErrUnauthorized", err)
	}
	for _, wrong := range [][2]string{{r.URL, ""}, {r.URL, "whsec_"}, {r.URL, "whsec_canary!"}, {"example.com", secret}} {
		if _, err := webhook.New(wrong[0], wrong[1]); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("New(%q) = %v, want an error without the secret", wrong, err)
		}
	}
}
