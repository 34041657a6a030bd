package confident_test

import (
	"net/http"
	"os"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/confident"
	"feedbackbot/feedback/confident/confidenttest"
	"feedbackbot/feedback/feedbacktest"
)

func serve(t testing.TB, o confidenttest.Options) *confidenttest.Server {
	t.Helper()
	o.OpenAPI = os.Getenv("CONFIDENT_OPENAPI")
	s, err := confidenttest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		for _, problem := range s.Problems() {
			t.Errorf("Confident AI would complain: %s", problem)
		}
	})
	return s
}

func client(t testing.TB, s *confidenttest.Server, o confident.Options) *confident.Client {
	t.Helper()
	o.Key, o.BaseURL = confidenttest.DefaultKey, s.URL()
	c, err := confident.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func harness(t *testing.T) feedbacktest.Harness {
	s := serve(t, confidenttest.Options{})
	remove := func() {}
	return feedbacktest.Harness{
		Backend: client(t, s, confident.Options{}),
		Responses: func() (ids []string) {
			for _, trace := range s.Traces() {
				ids = append(ids, trace.UUID)
			}
			return ids
		},
		Votes: func() map[feedbacktest.Key]feedbacktest.State {
			votes := map[feedbacktest.Key]feedbacktest.State{}
			for _, a := range s.Annotations() {
				key := feedbacktest.Key{ResponseID: a.TraceUUID, Rater: feedback.Rater(a.UserID)}
				state := feedbacktest.State{Copies: votes[key].Copies + 1, Rating: a.Rating, Kind: feedback.Stars,
					Explanation: a.Explanation, Expected: a.ExpectedOutput}
				if a.Type == confidenttest.Thumbs {
					state.Kind, state.Rating = feedback.Thumbs, 1+4*a.Rating
				}
				votes[key] = state
			}
			return votes
		},
		Fail: func(f feedbacktest.Fault) {
			remove()
			remove = s.Fail(faultOf(f))
			if f == feedbacktest.Works {
				remove()
				remove = func() {}
			}
		},
		Idempotent: true,
	}
}

// Today's protocol meets the contract of every backend.
func TestContract(t *testing.T) { feedbacktest.RunBackend(t, harness) }

// So does the way that a worker takes, on both databases.
func TestDelivery(t *testing.T) { feedbacktest.RunDelivery(t, harness) }

func faultOf(f feedbacktest.Fault) confidenttest.Fault {
	switch f {
	case feedbacktest.Refuse:
		return confidenttest.Fault{Status: 422, Body: `{"success":false,"error":"no"}`}
	case feedbacktest.Unauthorized:
		return confidenttest.Fault{Status: 401, Body: `{"error":"Invalid API key."}`}
	case feedbacktest.Busy:
		return confidenttest.Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}}
	case feedbacktest.Down:
		return confidenttest.Fault{Status: 503, Body: "<html>"}
	case feedbacktest.LoseAnswer:
		return confidenttest.Fault{Drop: true, AfterStoring: true}
	case feedbacktest.WebPage:
		return confidenttest.Fault{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<!DOCTYPE html>"}
	case feedbacktest.Hang:
		return confidenttest.Fault{Delay: time.Hour}
	}
	return confidenttest.Fault{}
}

// Where the list does not tell whose an annotation is, a lost answer costs one
// duplicate at most, and never a vote.
func TestLostAnswerWithoutUsers(t *testing.T) {
	s := serve(t, confidenttest.Options{HideUsers: true})
	c := client(t, s, confident.Options{})
	r := feedbacktest.NewResponse()
	if _, err := c.SendResponse(t.Context(), r, feedback.Delivered{}); err != nil {
		t.Fatal(err)
	}
	sub := feedbacktest.NewSubmission(r, "0123456789abcdef0123456789abcdef")
	remove := s.Fail(confidenttest.Fault{Path: "/v1/annotations", Drop: true, AfterStoring: true})
	if _, err := c.SendSubmission(t.Context(), sub, r, feedback.Delivered{}); err == nil {
		t.Fatal("SendSubmission() = nil, want the lost answer")
	}
	remove()
	if _, err := c.SendSubmission(t.Context(), sub, r, feedback.Delivered{Unclear: true}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Annotations()); n < 1 || n > 2 {
		t.Errorf("%d annotations, want 1 or 2", n)
	}
}

// In the old protocol a vote goes to the event that the server has named.
func TestEventsBackend(t *testing.T) {
	s := serve(t, confidenttest.Options{})
	c := client(t, s, confident.Options{API: confident.Events})
	r := feedbacktest.NewResponse()
	id, err := c.SendResponse(t.Context(), r, feedback.Delivered{})
	if err != nil {
		t.Fatal(err)
	}
	sub := feedbacktest.NewSubmission(r, "rater")
	if _, err := c.SendSubmission(t.Context(), sub, r, feedback.Delivered{ResponseRemoteID: id}); err != nil {
		t.Fatal(err)
	}
	list := s.Feedbacks()
	if len(list) != 1 || list[0].EventID != id || list[0].Rating != sub.Rating || list[0].Explanation != sub.Explanation || list[0].ExpectedResponse != sub.Expected {
		t.Errorf("feedbacks = %+v, want one like %+v on event %s", list, sub, id)
	}
	if header := s.Requests()[0].KeyHeader; header != "CONFIDENT_API_KEY" {
		t.Errorf("the key came as %q, want CONFIDENT_API_KEY", header)
	}
	if p := s.Problems(); len(p) > 0 {
		t.Errorf("problems: %q", p)
	}
}
