package confidenttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	traceUUID = "04d3d4f1-967d-47d6-8504-44c741d0d50b"
	spanUUID  = "c2a4e6f8-1b3d-4c5e-8f70-91a2b3c4d5e6"
	times     = `"startTime":"2026-03-04T09:15:01.000Z","endTime":"2026-03-04T09:15:03.400Z"`
	llmSpan   = `{"uuid":"` + spanUUID + `","name":"chat","type":"llm","status":"SUCCESS",` + times + `,"input":"Which ferry?","output":"Landskrona.","model":"gpt-4o-mini",
  "inputTokenCount":141.0,"outputTokenCount":46,"costPerInputToken":1.5e-07}`
	trace = `{"uuid":"` + traceUUID + `",` + times + `,"name":"discord-reply","environment":"production","threadId":"thread-1180","userId":"5d1e",
 "input":"Which ferry goes to Hven?","output":"The one from Landskrona.","status":"SUCCESS","tags":["discord"],"metadata":{"parts":1},
 "llmSpans":[` + llmSpan + `]}`
	event = `{"name":"discord-reply","input":"How long do I boil an egg?","response":"Seven minutes.","hyperparameters":{"model":"gpt-4o-mini","stream":"True"},
 "retrievalContext":[],"completionTime":2.4,"tokenUsage":187.0,"distinctId":"","conversationId":"thread-1180","customProperties":{
  "prompt":{"value":"travel-3","type":"TEXT"},"sources":[{"value":"https://example.org/ferries","type":"LINK"}],"timing":{"value":{"cut":null},"type":"JSON"}}}`
)

func start(t testing.TB, opts Options) *Server {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// call sends one request with today's headers.
func call(t testing.TB, s *Server, method, path, body string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("CONFIDENT-API-KEY", DefaultKey)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, strings.TrimSpace(string(b)), err
}

func mustCall(t testing.TB, s *Server, method, path, body string) string {
	t.Helper()
	status, answer, err := call(t, s, method, path, body)
	if err != nil || status != 200 {
		t.Fatalf("%s %s = %v %v, %v, want 200", method, path, status, answer, err)
	}
	return answer
}

func TestTraceAndAnnotations(t *testing.T) {
	s := start(t, Options{})
	mustCall(t, s, "POST", "/v1/traces", trace)
	mustCall(t, s, "POST", "/v1/annotations", `{"rating":0,"traceUuid":"`+traceUUID+`","type":"THUMBS_RATING","explanation":"why","userId":"5d1e"}`)
	mustCall(t, s, "POST", "/v1/annotations", `{"rating":4.0,"spanUuid":"`+spanUUID+`","type":"FIVE_STAR_RATING"}`)
	mustCall(t, s, "POST", "/v1/annotations", `{"rating":1,"threadId":"thread-1180","expectedOutcome":"booked"}`)
	mustCall(t, s, "PUT", "/v1/annotations/annotation-1", `{"rating":5,"type":"FIVE_STAR_RATING","expectedOutput":"better"}`)

	if got := s.Traces(); len(got) != 1 || got[0].UUID != traceUUID || got[0].ThreadID != "thread-1180" || got[0].Posts != 1 || len(got[0].Spans) != 1 {
		t.Errorf("Traces() = %+v, want the one that was sent", got)
	}
	got := s.Annotations()
	for i := range got {
		got[i].CreatedAt, got[i].UpdatedAt = time.Time{}, time.Time{}
	}
	want := []Annotation{
		{ID: "annotation-1", Rating: 5, Type: Stars, TraceUUID: traceUUID, Explanation: "why", ExpectedOutput: "better", UserID: "5d1e", History: 2},
		{ID: "annotation-2", Rating: 4, Type: Stars, SpanUUID: spanUUID, History: 1},
		{ID: "annotation-3", Rating: 1, Type: Thumbs, ThreadID: "thread-1180", ExpectedOutcome: "booked", History: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Annotations() (-want +got):\n%s", diff)
	}
	if got := s.Problems(); got != nil {
		t.Errorf("Problems() = %q, want none", got)
	}

	one := mustCall(t, s, "GET", "/v1/annotations/annotation-1", "")
	for _, part := range []string{`"rating":5`, `"explanation":"why"`, `"user":{"email":"owner@example.com","id":"account-of-the-key"`} {
		if !strings.Contains(one, part) {
			t.Errorf("GET annotation-1 = %v, want it to contain %v", one, part)
		}
	}
	if strings.Contains(one, "5d1e") {
		t.Errorf("GET annotation-1 = %v, want no word of the userId, as in the document", one)
	}
	mustCall(t, s, "POST", "/v1/traces", trace)
	if got := s.Traces(); len(got) != 1 || got[0].Posts != 2 {
		t.Errorf("Traces() after a second post = %+v, want one, posted twice", got)
	}
}

func TestListAnnotations(t *testing.T) {
	s := start(t, Options{HideUsers: true})
	mustCall(t, s, "POST", "/v1/traces", trace)
	for i := range 30 {
		target := `"threadId":"thread-1180"`
		if i%3 == 0 {
			target = `"traceUuid":"` + traceUUID + `"`
		}
		mustCall(t, s, "POST", "/v1/annotations", fmt.Sprintf(`{"rating":%d,"type":"FIVE_STAR_RATING","userId":"u",%s}`, i%5+1, target))
	}
	for _, test := range []struct {
		query       string
		total, here int
		first       string
	}{
		{"", 30, 25, "annotation-30"},
		{"?page=2", 30, 5, "annotation-5"},
		{"?page=9", 30, 0, ""},
		{"?ascending=true&sortBy=createdAt", 30, 25, "annotation-1"},
		{"?traceUuid=" + traceUUID + "&pageSize=4&page=3", 10, 2, "annotation-4"},
		{"?threadId=thread-1180&minRating=5", 4, 4, "annotation-30"},
		{"?maxRating=1&type=FIVE_STAR_RATING", 6, 6, "annotation-26"},
		{"?spanUuid=" + spanUUID, 0, 0, ""},
		{"?end=2020-01-01T00:00:00Z", 0, 0, ""},
		{"?start=2099-01-01T00:00:00Z", 0, 0, ""},
	} {
		body := mustCall(t, s, "GET", "/v1/annotations"+test.query, "")
		var got struct {
			Data struct {
				Annotations []struct{ ID string }
				Total       int
			}
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		first := ""
		if len(got.Data.Annotations) > 0 {
			first = got.Data.Annotations[0].ID
		}
		if got.Data.Total != test.total || len(got.Data.Annotations) != test.here || first != test.first {
			t.Errorf("list(%v) = %v of %v from %v, want %v of %v from %v", test.query,
				len(got.Data.Annotations), got.Data.Total, first, test.here, test.total, test.first)
		}
		if strings.Contains(body, `"user"`) {
			t.Errorf("list(%v) = %v, want no user with HideUsers", test.query, body)
		}
	}
	for _, query := range []string{"?page=0", "?pageSize=x", "?traceUUID=1", "?start=today", "?sortBy=rating"} {
		if status, body, _ := call(t, s, "GET", "/v1/annotations"+query, ""); status != 400 {
			t.Errorf("list(%v) = %v %v, want 400", query, status, body)
		}
	}
}

func TestLegacy(t *testing.T) {
	s := start(t, Options{})
	if got, want := mustCall(t, s, "POST", "/v1/event", event), `{"eventId":"event-1"}`; got != want {
		t.Errorf("POST event = %v, want %v", got, want)
	}
	mustCall(t, s, "POST", "/v1/feedback", `{"eventId":"event-1","rating":2,"expectedResponse":"Seven.","explanation":"short ☹"}`)
	mustCall(t, s, "POST", "/v1/feedback", `{"eventId":"event-1","rating":4}`)

	if got := s.Events(); len(got) != 1 || got[0].Input != "How long do I boil an egg?" || got[0].Hyperparameters["model"] != "gpt-4o-mini" || got[0].ID != "event-1" {
		t.Errorf("Events() = %+v, want the egg", got)
	}
	if got := s.Feedbacks(); len(got) != 2 || got[0].Rating != 2 || got[0].Explanation != "short ☹" || got[1].Rating != 4 {
		t.Errorf("Feedbacks() = %+v, want ratings 2 and 4", got)
	}
	if got := s.Problems(); got != nil {
		t.Errorf("Problems() = %q, want none", got)
	}
}

func TestOrder(t *testing.T) {
	s := start(t, Options{})
	mustCall(t, s, "POST", "/v1/annotations", `{"rating":1,"traceUuid":"`+traceUUID+`"}`)
	mustCall(t, s, "POST", "/v1/feedback", `{"eventId":"event-7","rating":4}`)
	want := []string{
		`POST /v1/annotations: annotation before its target "` + traceUUID + `"`,
		`POST /v1/feedback: feedback for the unknown event "event-7"`,
	}
	if diff := cmp.Diff(want, s.Problems()); diff != "" {
		t.Errorf("Problems() (-want +got):\n%s", diff)
	}
}

func TestKey(t *testing.T) {
	s := start(t, Options{})
	for _, test := range []struct {
		header, key, recorded string
		status                int
	}{
		{"CONFIDENT_API_KEY", DefaultKey, "CONFIDENT_API_KEY", 200},
		{"CONFIDENT-API-KEY", DefaultKey, "CONFIDENT-API-KEY", 200},
		{"CONFIDENT-API-KEY", "confident_us_org_1", "CONFIDENT-API-KEY", 401},
		{"Authorization", DefaultKey, "", 401},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", s.URL()+"/v1/annotations", nil)
		req.Header[test.header] = []string{test.key} // the exact spelling
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		last := s.Requests()[len(s.Requests())-1]
		if resp.StatusCode != test.status || last.Status != test.status || last.KeyHeader != test.recorded {
			t.Errorf("%v: %v = %v, recorded %v by %q, want %v by %q", test.header, test.key, resp.StatusCode, last.Status, last.KeyHeader, test.status, test.recorded)
		}
		if test.status == 401 && string(body) != "{\"error\":\"Invalid API key.\"}\n" {
			t.Errorf("401 body = %s, want a bare error", body)
		}
	}
	s.SetKey("confident_us_new")
	if status, _, _ := call(t, s, "GET", "/v1/annotations", ""); status != 401 {
		t.Errorf("old key after SetKey = %v, want 401", status)
	}
}

func TestFaults(t *testing.T) {
	s := start(t, Options{})
	s.Fail(Fault{Method: "POST", Path: "/v1/tr", Times: 2, Status: 503, Header: http.Header{"Retry-After": {"1"}}})
	s.Fail(Fault{Path: "/v1/traces", Times: 1, Status: 200, Body: "OK", AfterStoring: true})
	s.Fail(Fault{Path: "/v1/traces", Times: 1, Drop: true})
	s.Fail(Fault{Path: "/v1/traces", Times: 1, Drop: true, AfterStoring: true})
	s.Fail(Fault{Path: "/v1/traces", Times: 1, Delay: time.Millisecond})
	for i, want := range []struct {
		status, posts int
		body          string
	}{
		{503, 0, `{"error":"Service Unavailable","success":false}`},
		{503, 0, `{"error":"Service Unavailable","success":false}`},
		{200, 1, "OK"},
		{0, 1, ""},
		{0, 2, ""},
		{200, 3, ""},
		{200, 4, ""},
	} {
		status, body, err := call(t, s, "POST", "/v1/traces", trace)
		posts := 0
		if stored := s.Traces(); len(stored) > 0 {
			posts = stored[0].Posts
		}
		if status != want.status || posts != want.posts || want.body != "" && body != want.body {
			t.Errorf("call %v = %v %v, stored %v, want %v %v, stored %v", i, status, body, posts, want.status, want.body, want.posts)
		}
		if dropped := errors.Is(err, syscall.ECONNRESET); dropped != (want.status == 0) {
			t.Errorf("call %v = %v, want a reset: %v", i, err, want.status == 0)
		}
		if got := s.Requests()[i].Status; got != want.status {
			t.Errorf("Requests()[%v].Status = %v, want %v", i, got, want.status)
		}
	}

	remove := s.Fail(Fault{Status: 500})
	if status, _, _ := call(t, s, "GET", "/v1/annotations", ""); status != 500 {
		t.Errorf("with a fault = %v, want 500", status)
	}
	remove()
	mustCall(t, s, "GET", "/v1/annotations", "")
	if got := s.Problems(); got != nil {
		t.Errorf("Problems() = %q, want none: faults are not the client's", got)
	}
}

func TestDown(t *testing.T) {
	s := start(t, Options{})
	s.SetDown(true)
	if _, _, err := call(t, s, "POST", "/v1/traces", trace); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("while down = %v, want %v", err, syscall.ECONNRESET)
	}
	if got := len(s.Traces()); got != 0 {
		t.Errorf("stored while down = %v, want 0", got)
	}
	s.SetDown(false)
	mustCall(t, s, "POST", "/v1/traces", trace)
}

func TestWait(t *testing.T) {
	s := start(t, Options{})
	done := make(chan error)
	go func() {
		done <- s.Wait(t.Context(), func(s *Server) bool { return len(s.Traces()) == 1 && len(s.Annotations()) == 1 })
	}()
	mustCall(t, s, "POST", "/v1/traces", trace)
	mustCall(t, s, "POST", "/v1/annotations", `{"rating":1,"traceUuid":"`+traceUUID+`"}`)
	if err := <-done; err != nil {
		t.Errorf("Wait(one of each) = %v, want nil", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ctx, func(*Server) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait(never) = %v, want %v", err, context.Canceled)
	}
}

func TestCloseEndsADelay(t *testing.T) {
	s := start(t, Options{})
	s.Fail(Fault{Delay: time.Hour})
	done := make(chan error)
	go func() {
		_, _, err := call(t, s, "GET", "/v1/annotations", "")
		done <- err
	}()
	if err := s.Wait(t.Context(), func(s *Server) bool { return len(s.Requests()) == 1 }); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s.Close()
	if err := <-done; err == nil {
		t.Error("a delayed request when the server closes = nil error, want one")
	}
	if _, err := New(Options{Addr: "256.0.0.1:0"}); err == nil {
		t.Error("New with an impossible address = nil error, want one")
	}
}
