package confident_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"feedbackbot/feedback"
	"feedbackbot/feedback/confident"
	"feedbackbot/feedback/confident/confidenttest"
)

func wantJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	var g, w any
	if err := errors.Join(json.Unmarshal(got, &g), json.Unmarshal([]byte(want), &w)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

// The bodies of the old protocol are those of the real client.
func TestEventBodies(t *testing.T) {
	s := serve(t, confidenttest.Options{})
	c := client(t, s, confident.Options{API: confident.Events})
	id, err := c.Monitor(t.Context(), confident.Monitored{
		EventName: "discord-reply", Model: "gpt-4o-mini", Input: "Which ferry goes\x00 to Hven?", Response: "The one from Landskrona.",
		RetrievalContext: []string{"Ferries leave from Landskrona."}, CompletionTime: 2400 * time.Millisecond, TokenUsage: 187, TokenCost: 0.00031,
		DistinctID: "5d1e0c7a9b3f4426", ConversationID: "thread-1180",
		AdditionalData: map[string]any{"prompt version": "travel-3", "message": confident.Link("https://discord.com/channels/1/2/3"),
			"sources": []confident.Link{"https://example.org/a", "https://example.org/b"},
			"timing":  map[string]any{"first_token_ms": 410, "streamed": true, "cut": nil}},
		Hyperparameters: map[string]any{"temperature": 0.2, "top_p": 1, "one": 1.0, "small": 1e-7, "large": 1e16, "stream": true, "none": nil, "model": "mine"},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, s.Requests()[0].Body, `{"name":"discord-reply","input":"Which ferry goes to Hven?","response":"The one from Landskrona.",
		"retrievalContext":["Ferries leave from Landskrona."],"completionTime":2.4,"tokenUsage":187.0,"tokenCost":0.00031,
		"distinctId":"5d1e0c7a9b3f4426","conversationId":"thread-1180",
		"customProperties":{"prompt version":{"value":"travel-3","type":"TEXT"},"message":{"value":"https://discord.com/channels/1/2/3","type":"LINK"},
			"sources":[{"value":"https://example.org/a","type":"LINK"},{"value":"https://example.org/b","type":"LINK"}],
			"timing":{"value":{"first_token_ms":410,"streamed":true,"cut":null},"type":"JSON"}},
		"hyperparameters":{"temperature":"0.2","top_p":"1","one":"1.0","small":"1e-07","large":"1e+16","stream":"True","model":"gpt-4o-mini"}}`)
	if err := c.SendFeedback(t.Context(), id, 2, confident.WithExplanation("Left out the night gap ☹"), confident.WithExpectedResponse("Name it.")); err != nil {
		t.Fatal(err)
	}
	wantJSON(t, s.Requests()[1].Body, `{"eventId":"`+id+`","rating":2,"expectedResponse":"Name it.","explanation":"Left out the night gap ☹"}`)
	if err := c.SendFeedback(t.Context(), id, 4); err != nil {
		t.Fatal(err)
	}
	wantJSON(t, s.Requests()[2].Body, `{"eventId":"`+id+`","rating":4}`)
	if p := s.Problems(); len(p) > 0 {
		t.Errorf("problems: %q", p)
	}
}

// In today's protocol the id is made here, and feedback is an annotation.
func TestAnnotationBodies(t *testing.T) {
	s := serve(t, confidenttest.Options{})
	c := client(t, s, confident.Options{Environment: "staging"})
	id, err := c.Monitor(t.Context(), confident.Monitored{EventName: "reply", Model: "m", Input: "in", Response: "out", InputTokens: 3, OutputTokens: 4})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SendFeedback(t.Context(), id, 3, confident.WithExplanation("half right")); err != nil {
		t.Fatal(err)
	}
	if traces := s.Traces(); len(traces) != 1 || traces[0].UUID != id || traces[0].Environment != "staging" || traces[0].Output != "out" {
		t.Errorf("traces = %+v, want one with id %s", traces, id)
	}
	wantJSON(t, s.Requests()[1].Body, `{"traceUuid":"`+id+`","rating":3,"type":"FIVE_STAR_RATING","explanation":"half right"}`)
	if p := s.Problems(); len(p) > 0 || s.Requests()[0].KeyHeader != "CONFIDENT-API-KEY" {
		t.Errorf("problems %q, key in %s", p, s.Requests()[0].KeyHeader)
	}
}

// What cannot be right is refused before anything is sent.
func TestCheckedBeforeSending(t *testing.T) {
	s := serve(t, confidenttest.Options{})
	c := client(t, s, confident.Options{API: confident.Events})
	_, err := c.Monitor(t.Context(), confident.Monitored{EventName: "e", Model: "m", AdditionalData: map[string]any{"n": 1}})
	for what, err := range map[string]error{
		"rating 0": c.SendFeedback(t.Context(), "id", 0), "rating 6": c.SendFeedback(t.Context(), "id", 6),
		"no id": c.SendFeedback(t.Context(), "", 3), "a number as data": err,
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests, want none", n)
	}
	for _, key := range []string{"", "confident_us_org_x", "confident_eu_org_x"} {
		if _, err := confident.New(confident.Options{Key: key}); err == nil {
			t.Errorf("New() with key %q = nil, want an error", key)
		}
	}
}

// The switches mean what they mean in deepeval: silent, one log line, or the
// error; what is hidden is counted.
func TestSwitches(t *testing.T) {
	s := serve(t, confidenttest.Options{})
	var log bytes.Buffer
	c := client(t, s, confident.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.SetDown(true)
	for _, test := range []struct {
		options []confident.Option
		err     bool
		lines   int
	}{
		{nil, true, 0},
		{[]confident.Option{confident.RaiseException(true)}, true, 0},
		{[]confident.Option{confident.RaiseException(false)}, false, 1},
		{[]confident.Option{confident.FailSilently()}, false, 0},
		{[]confident.Option{confident.FailSilently(), confident.RaiseException(true)}, false, 0},
	} {
		log.Reset()
		err := c.SendFeedback(t.Context(), "id", 3, test.options...)
		if lines := strings.Count(log.String(), "\n"); (err != nil) != test.err || lines != test.lines {
			t.Errorf("SendFeedback() = %v with %d log lines, want error %v and %d", err, lines, test.err, test.lines)
		}
	}
	if n := c.Suppressed(); n != 3 {
		t.Errorf("Suppressed() = %d, want 3", n)
	}
	if err := <-c.SendFeedbackAsync(t.Context(), "id", 3); err == nil {
		t.Error("SendFeedbackAsync() = nil, want the error")
	}
}

// Every status is told as what it is, and no error repeats the key.
func TestErrorClasses(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		want   error // nil: try again
	}{
		{401, `{"error":"bad key KEY"}`, feedback.ErrUnauthorized}, {403, "", feedback.ErrUnauthorized},
		{400, `{"message":"no"}`, feedback.ErrRefused}, {409, "[]", feedback.ErrRefused}, {422, "<html>", feedback.ErrRefused},
		{408, "", nil}, {500, `{"success":true}`, nil}, {502, "<html>", nil}, {302, "", nil}, {200, "OK", nil}, {200, "<html>", nil},
		{200, `{"success":false,"error":"no such trace KEY"}`, feedback.ErrRefused},
	} {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(test.status)
				fmt.Fprint(w, strings.ReplaceAll(test.body, "KEY", r.Header["Confident-Api-Key"][0]))
			}))
			defer server.Close()
			c, err := confident.New(confident.Options{Key: "canary", BaseURL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			err = c.SendFeedback(t.Context(), "id", 3)
			if err == nil || strings.Contains(err.Error(), "canary") {
				t.Fatalf("SendFeedback() = %v, want an error without the key", err)
			}
			refused, unauthorized := errors.Is(err, feedback.ErrRefused), errors.Is(err, feedback.ErrUnauthorized)
			if refused != (test.want == feedback.ErrRefused) || unauthorized != (test.want == feedback.ErrUnauthorized) {
				t.Errorf("SendFeedback() = %v, want %v", err, test.want)
			}
		})
	}
}

func ExampleClient_Monitor() {
	server, err := confidenttest.New(confidenttest.Options{}) // stands in for Confident AI
	if err != nil {
		panic(err)
	}
	defer server.Close()
	client, err := confident.New(confident.Options{Key: confidenttest.DefaultKey, BaseURL: server.URL()})
	if err != nil {
		panic(err)
	}
	_, err = client.Monitor(context.Background(), confident.Monitored{
		EventName: "chatbot", Model: "gpt-5-mini", Input: "Which ferry goes to Hven?", Response: "The one from Landskrona.",
	})
	fmt.Println(server.Traces()[0].Output, err)
	// Output: The one from Landskrona. <nil>
}

func ExampleClient_SendFeedback() {
	server, err := confidenttest.New(confidenttest.Options{})
	if err != nil {
		panic(err)
	}
	defer server.Close()
	client, err := confident.New(confident.Options{Key: confidenttest.DefaultKey, BaseURL: server.URL()})
	if err != nil {
		panic(err)
	}
	responseID, err := client.Monitor(context.Background(), confident.Monitored{EventName: "chatbot", Model: "gpt-5-mini", Input: "2+2?", Response: "4"})
	if err != nil {
		panic(err)
	}
	err = client.SendFeedback(context.Background(), responseID, 5, confident.WithExplanation("short and right"))
	fmt.Println(server.Annotations()[0].Rating, server.Annotations()[0].Explanation, err)
	// Output: 5 short and right <nil>
}
