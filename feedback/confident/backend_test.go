package confident_test

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
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
				why, reviewed := strings.CutPrefix(a.Explanation, "[reviewer]")
				key := feedbacktest.Key{ResponseID: a.TraceUUID, Rater: feedback.Rater(a.UserID), Reviewer: reviewed}
				state := feedbacktest.State{Copies: votes[key].Copies + 1, Rating: a.Rating, Kind: feedback.Stars,
					Explanation: strings.TrimPrefix(why, " "), Expected: a.ExpectedOutput}
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
	}
}

// Today's protocol meets the contract of every backend. It cannot recognise a
// repetition: nothing that it lists says whose an annotation is.
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

// What an attempt whose answer was lost has left there is found out as far as the
// list tells, which does not say whose an annotation is. Nobody's annotation is
// taken for somebody else's, and where nobody knows, the error says so.
func TestLostAnswer(t *testing.T) {
	type vote struct {
		rater  feedback.Rater
		source feedback.Source
		rating int
		text   string
	}
	mine := vote{"rater", feedback.User, 5, ""}
	for _, tt := range []struct {
		name    string
		there   []vote // what else the platform has
		arrived int    // how many attempts did
		undo    bool
		unknown bool // nobody knows
		want    int  // annotations of mine in the end
	}{
		{"nothing arrived", nil, 0, false, false, 1},
		{"it arrived", nil, 1, false, false, 2}, // one too many is better than one lost
		{"it arrived twice", nil, 2, false, true, 2},
		{"others differ", []vote{{"a", feedback.User, 4, ""}, {"b", feedback.User, 5, "good"}, {"c", feedback.User, 1, ""}}, 0, false, false, 1},
		{"the reviewer said the same", []vote{{"rater", feedback.Reviewer, 5, ""}}, 0, false, false, 1},
		{"a reviewer and a member said the same", []vote{{"a", feedback.Reviewer, 5, ""}, {"b", feedback.User, 5, ""}}, 0, false, false, 1}, // a reviewer's is marked
		{"two members said the same", []vote{{"a", feedback.User, 5, ""}, {"b", feedback.User, 5, ""}}, 0, false, true, 0},
		{"undone, nothing arrived", nil, 0, true, false, 0},
		{"undone, it arrived", nil, 1, true, true, 1},
		{"undone, the reviewer's is there", []vote{{"rater", feedback.Reviewer, 5, ""}}, 0, true, true, 0},
		{"undone, another's is there", []vote{{"a", feedback.User, 1, "bad"}}, 0, true, true, 0},
	} {
		for _, hidden := range []bool{false, true} {
			s := serve(t, confidenttest.Options{HideUsers: hidden})
			c := client(t, s, confident.Options{})
			r := feedbacktest.NewResponse()
			if _, err := c.SendResponse(t.Context(), r, feedback.Delivered{}); err != nil {
				t.Fatal(err)
			}
			send := func(v vote) (feedback.Submission, error) {
				sub := feedbacktest.NewSubmission(r, v.rater)
				sub.Source, sub.Rating, sub.Explanation, sub.Expected = v.source, v.rating, v.text, ""
				_, err := c.SendSubmission(t.Context(), sub, r, feedback.Delivered{})
				return sub, err
			}
			for _, v := range tt.there {
				if _, err := send(v); err != nil {
					t.Fatal(err)
				}
			}
			before := s.Annotations()
			fault := confidenttest.Fault{Path: "/v1/annotations", Drop: true, AfterStoring: tt.arrived > 0}
			remove := s.Fail(fault)
			sub, err := send(mine)
			for range tt.arrived - 1 {
				_, err = send(mine)
			}
			if remove(); err == nil {
				t.Fatal("SendSubmission() = nil, want the lost answer")
			}
			lost := feedback.Delivered{Unclear: true, UnclearRev: sub.Rev}
			if tt.undo {
				sub.Withdrawn, sub.Rev = true, sub.Rev+1
			}
			_, err = c.SendSubmission(t.Context(), sub, r, lost)
			if unknown := err != nil && errors.Is(err, feedback.ErrRefused) && strings.Contains(err.Error(), "nobody knows"); unknown != tt.unknown || err != nil && !unknown {
				t.Errorf("%s: SendSubmission() = %v, want that nobody knows: %t", tt.name, err, tt.unknown)
			}
			now := s.Annotations()
			if n := len(now) - len(before); n != tt.want || !slices.Equal(now[:len(before)], before) {
				t.Errorf("%s: %d more annotations, want %d and the others untouched: %+v", tt.name, n, tt.want, now)
			}
		}
	}
}

// An undo whose own answer was lost is known never to have been a vote there.
func TestOnlyTheUndoWasTried(t *testing.T) {
	s := serve(t, confidenttest.Options{})
	c := client(t, s, confident.Options{})
	r := feedbacktest.NewResponse()
	sub := feedbacktest.NewSubmission(r, "rater")
	_, err := c.SendResponse(t.Context(), r, feedback.Delivered{})
	if err == nil {
		_, err = c.SendSubmission(t.Context(), sub, r, feedback.Delivered{})
	}
	if err != nil {
		t.Fatal(err)
	}
	undo := feedbacktest.NewSubmission(r, "another rater")
	undo.Withdrawn, undo.Rev = true, 2
	if _, err := c.SendSubmission(t.Context(), undo, r, feedback.Delivered{Unclear: true, UnclearRev: 2}); err != nil {
		t.Errorf("SendSubmission(withdrawn) = %v, want nil", err)
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
