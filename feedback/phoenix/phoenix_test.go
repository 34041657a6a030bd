package phoenix_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/phoenix"
)

// platform is a Phoenix: it knows an annotation by span, name and identifier.
type platform struct {
	*feedbacktest.Server
	t      testing.TB
	doc    feedbacktest.Document
	client *phoenix.Client

	mu    sync.Mutex
	spans map[string]string // response ids by span id
	votes map[[3]string]note
}

// note is an annotation as it arrives.
type note struct {
	SpanID     string `json:"span_id"`
	Name       string `json:"name"`
	Identifier string `json:"identifier"`
	Result     struct {
		Label       string   `json:"label"`
		Score       *float64 `json:"score"`
		Explanation string   `json:"explanation"`
	} `json:"result"`
	Metadata struct {
		Expected string `json:"expected"`
	} `json:"metadata"`
}

var document = sync.OnceValues(func() (feedbacktest.Document, error) { return feedbacktest.OpenAPI(os.Getenv("PHOENIX_OPENAPI")) })

func newPlatform(t testing.TB) *platform {
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	p := &platform{t: t, doc: doc, spans: map[string]string{}, votes: map[[3]string]note{}}
	p.Server = feedbacktest.NewServer(t, p)
	if p.client, err = phoenix.New(phoenix.Options{BaseURL: p.URL, Key: "canary"}); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Error(err)
	}
	switch route := r.Method + " " + r.URL.Path; {
	case r.Header.Get("Authorization") != "Bearer canary":
		w.WriteHeader(http.StatusUnauthorized)
	case route == "GET /v1/projects":
		io.WriteString(w, `{"data":[],"next_cursor":null}`)
	case route == "POST /v1/traces" && r.Header.Get("Content-Type") == "application/x-protobuf":
		unpacked, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(unpacked)
		}
		var got tracepb.TracesData
		if err == nil {
			err = proto.Unmarshal(body, &got)
		}
		if err != nil {
			p.t.Error(err)
		}
		for _, rs := range got.ResourceSpans {
			for _, span := range rs.ScopeSpans[0].Spans {
				p.spans[hex.EncodeToString(span.SpanId)] = uuid.UUID(span.TraceId).String()
			}
		}
	case route == "POST /v1/span_annotations":
		p.annotate(w, r, body)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (p *platform) annotate(w http.ResponseWriter, r *http.Request, body []byte) {
	var got struct{ Data []note }
	err := json.Unmarshal(body, &got)
	if err == nil {
		err = p.doc.Check("AnnotateSpansRequestBody", body)
	}
	if err != nil || r.URL.Query().Get("sync") != "true" {
		p.t.Errorf("annotations: %v, sync %q", err, r.URL.Query().Get("sync"))
	}
	for _, a := range got.Data {
		if p.spans[a.SpanID] == "" {
			http.Error(w, "Spans with IDs "+a.SpanID+" do not exist.", http.StatusNotFound)
			return
		}
	}
	for _, a := range got.Data {
		p.votes[[3]string{a.SpanID, a.Name, a.Identifier}] = a
	}
}

func (p *platform) responses() (ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range p.spans {
		ids = append(ids, id)
	}
	return ids
}

func (p *platform) states() map[feedbacktest.Key]feedbacktest.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	states := map[feedbacktest.Key]feedbacktest.State{}
	for _, a := range p.votes {
		if a.Result.Label == "withdrawn" {
			if a.Result.Score != nil || a.Result.Explanation != "" || a.Metadata.Expected != "" {
				p.t.Errorf("a withdrawn vote says %+v", a)
			}
			continue
		}
		key := feedbacktest.Key{ResponseID: p.spans[a.SpanID], Rater: feedback.Rater(a.Identifier), Reviewer: strings.HasPrefix(a.Name, "reviewer-")}
		state := feedbacktest.State{Copies: states[key].Copies + 1, Rating: int(*a.Result.Score), Kind: feedback.Stars, Explanation: a.Result.Explanation, Expected: a.Metadata.Expected}
		if strings.HasSuffix(a.Name, "thumbs") {
			state.Kind, state.Rating = feedback.Thumbs, int(1+4**a.Result.Score)
		}
		states[key] = state
	}
	return states
}

func harness(t *testing.T) feedbacktest.Harness {
	p := newPlatform(t)
	return feedbacktest.Harness{Backend: p.client, Responses: p.responses, Votes: p.states, Fail: p.Fail, Idempotent: true, CanWithdraw: true}
}

// Phoenix meets the contract of every backend.
func TestContract(t *testing.T) { feedbacktest.RunBackend(t, harness) }

// So does the way that a worker takes, on both databases.
func TestDelivery(t *testing.T) { feedbacktest.RunDelivery(t, harness) }

// A change of rating touches the one annotation; only a vote of both kinds has
// had two.
func TestOneAnnotation(t *testing.T) {
	p := newPlatform(t)
	r := feedbacktest.NewResponse()
	s := feedbacktest.NewSubmission(r, "rater")
	if _, err := p.client.SendResponse(t.Context(), r, feedback.Delivered{}); err != nil {
		t.Fatal(err)
	}
	var before feedback.Delivered
	for n, kind := range []feedback.Kind{feedback.Thumbs, feedback.Thumbs, feedback.Stars, feedback.Stars} {
		s.Kind, s.Rev = kind, int64(n+1)
		id, err := p.client.SendSubmission(t.Context(), s, r, before)
		if err != nil {
			t.Fatal(err)
		}
		before = feedback.Delivered{RemoteID: id, Rev: s.Rev}
		if got, want := len(p.votes), 1+n/2; got != want {
			t.Errorf("after %d votes there are %d annotations, want %d", n+1, got, want)
		}
	}
}

// A span that is not there yet is waited for; one that is still missing long
// after is refused.
func TestSpanNotThereYet(t *testing.T) {
	p := newPlatform(t)
	r := feedbacktest.NewResponse()
	s := feedbacktest.NewSubmission(r, "rater")
	if _, err := p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{}); !errors.Is(err, feedback.ErrAnswered) || errors.Is(err, feedback.ErrRefused) {
		t.Errorf("a vote before its span = %v, want an answer that leads to another attempt", err)
	}
	r.FinishedAt = r.FinishedAt.Add(-time.Hour)
	if _, err := p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{ResponseSentAt: time.Now()}); err == nil || errors.Is(err, feedback.ErrRefused) {
		t.Errorf("a vote after its span was sent late = %v, want an error that leads to another attempt", err)
	}
	if _, err := p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{}); !errors.Is(err, feedback.ErrRefused) {
		t.Errorf("a vote without a span = %v, want ErrRefused", err)
	}
}

func TestOptions(t *testing.T) {
	for _, address := range []string{"", "localhost:6006"} {
		if _, err := phoenix.New(phoenix.Options{BaseURL: address}); err == nil {
			t.Errorf("New(%q) = nil, want an error", address)
		}
	}
}
