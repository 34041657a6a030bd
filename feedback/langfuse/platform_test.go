package langfuse_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
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
	"feedbackbot/feedback/langfuse"
)

// platform is a Langfuse: it knows a score by id, name and the UTC day.
type platform struct {
	*feedbacktest.Server
	t      testing.TB
	doc    feedbacktest.Document
	client *langfuse.Client

	mu       sync.Mutex
	now      time.Time
	traces   map[string]*tracepb.Span
	scores   map[string]map[string]any // by id, name and day
	doomed   map[string]bool           // ids that were deleted; they go when somebody looks
	old      bool                      // it has no /v3/scores
	version  string                    // that it tells; "" for nothing
	noTraces bool                      // it does not take them by OpenTelemetry
	lose     bool                      // the answers to deletions

	limited *int // scores before it answers 429; nil for no limit

	correction int  // what it answers to a correction; 0 to take it
	rejects    bool // scores, with 207 as it answers to lists
}

// document takes a while to load.
var document = sync.OnceValues(func() (feedbacktest.Document, error) { return feedbacktest.OpenAPI(os.Getenv("LANGFUSE_OPENAPI")) })

func newPlatform(t testing.TB, o langfuse.Options) *platform {
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	p := &platform{t: t, doc: doc, now: time.Now(), traces: map[string]*tracepb.Span{}, scores: map[string]map[string]any{}, doomed: map[string]bool{}}
	p.Server = feedbacktest.NewServer(t, p)
	o.BaseURL, o.PublicKey, o.SecretKey = p.URL, "pk-lf-1", "sk-lf-canary"
	o.Now = func() time.Time {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.now
	}
	if p.client, err = langfuse.New(o); err != nil {
		t.Fatal(err)
	}
	return p
}

// limit makes the platform answer 429 after so many scores.
func (p *platform) limit(after int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limited = &after
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if user, password, _ := r.BasicAuth(); user != "pk-lf-1" || password != "sk-lf-canary" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Error(err)
	}
	switch path := r.URL.Path; {
	case r.Method == "GET" && path == "/api/public/projects":
		io.WriteString(w, `{"data":[{"id":"1","name":"project"}]}`)
	case r.Method == "GET" && path == "/api/public/health" && p.version != "":
		json.NewEncoder(w).Encode(map[string]string{"status": "OK", "version": p.version})
	case r.Method == "POST" && path == "/api/public/otel/v1/traces" && !p.noTraces:
		p.takeSpans(r, body)
		io.WriteString(w, "{}")
	case r.Method == "POST" && path == "/api/public/scores" && p.limited != nil && *p.limited == 0:
		http.Error(w, "slower", http.StatusTooManyRequests)
	case r.Method == "POST" && path == "/api/public/scores":
		if p.limited != nil {
			*p.limited--
		}
		p.takeScore(w, body)
	case r.Method == "GET" && path == "/api/public/v3/scores" && !p.old:
		var data []map[string]any
		for _, s := range p.scores {
			if strings.Contains(","+r.URL.Query().Get("id")+",", ","+s["id"].(string)+",") {
				data = append(data, map[string]any{"id": s["id"]})
			}
		}
		json.NewEncoder(w).Encode(map[string]any{"data": data, "meta": map[string]any{}})
	case r.Method == "DELETE" && strings.HasPrefix(path, "/api/public/scores/"):
		p.doomed[strings.TrimPrefix(path, "/api/public/scores/")] = true
		if p.lose {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusAccepted)
	case r.Method == "DELETE" && strings.HasPrefix(path, "/api/public/traces/"):
		id, err := uuid.Parse(strings.TrimPrefix(path, "/api/public/traces/"))
		if err != nil || p.traces[id.String()] == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		delete(p.traces, id.String())
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (p *platform) takeSpans(r *http.Request, body []byte) {
	unpacked, err := gzip.NewReader(bytes.NewReader(body))
	if err == nil {
		body, err = io.ReadAll(unpacked)
	}
	var got tracepb.TracesData
	if err == nil {
		err = proto.Unmarshal(body, &got)
	}
	if err != nil || r.Header.Get("X-Langfuse-Ingestion-Version") != "4" {
		p.t.Errorf("trace: %v, version %q", err, r.Header.Get("X-Langfuse-Ingestion-Version"))
	}
	for _, rs := range got.ResourceSpans {
		for _, span := range rs.ScopeSpans[0].Spans {
			p.traces[uuid.UUID(span.TraceId).String()] = span
		}
	}
}

func (p *platform) takeScore(w http.ResponseWriter, body []byte) {
	var s map[string]any
	err := json.Unmarshal(body, &s)
	if err == nil {
		err = p.doc.Check("CreateScoreRequest", body)
	}
	if err != nil {
		p.t.Errorf("score: %v", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if s["dataType"] == "CORRECTION" && p.correction != 0 {
		w.WriteHeader(p.correction)
		json.NewEncoder(w).Encode(map[string]any{"message": "Invalid request data", "error": []any{
			map[string]any{"code": "invalid_enum_value", "path": []string{"dataType"}, "received": "CORRECTION", "value": s["value"]}}})
		return
	}
	if p.rejects {
		w.WriteHeader(http.StatusMultiStatus)
		json.NewEncoder(w).Encode(map[string]any{"accepted": 0, "rejected": 1, "errors": []any{map[string]any{"message": "unknown: " + s["name"].(string)}}})
		return
	}
	p.scores[s["id"].(string)+"|"+s["name"].(string)+"|"+p.now.UTC().Format(time.DateOnly)] = s
	json.NewEncoder(w).Encode(map[string]any{"id": s["id"]})
}

func (p *platform) responses() (ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.traces {
		ids = append(ids, id)
	}
	return ids
}

func (p *platform) votes() map[feedbacktest.Key]feedbacktest.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.scores, func(_ string, s map[string]any) bool { return p.doomed[s["id"].(string)] })
	votes := map[feedbacktest.Key]feedbacktest.State{}
	for _, s := range p.scores {
		trace := uuid.MustParse(s["traceId"].(string))
		key := feedbacktest.Key{ResponseID: trace.String(), Rater: feedback.Rater(s["metadata"].(map[string]any)["rater"].(string)),
			Reviewer: s["metadata"].(map[string]any)["source"] == "reviewer"}
		vote := votes[key]
		switch value := s["value"]; s["dataType"] {
		case "CORRECTION":
			vote.Expected = value.(string)
		case "BOOLEAN":
			vote.Copies, vote.Kind, vote.Rating = vote.Copies+1, feedback.Thumbs, int(1+4*value.(float64))
		default:
			vote.Copies, vote.Kind, vote.Rating = vote.Copies+1, feedback.Stars, int(value.(float64))
		}
		if comment, ok := s["comment"].(string); ok {
			vote.Explanation = comment
		}
		if expected, ok := s["metadata"].(map[string]any)["expected"].(string); ok && p.correction != 0 {
			vote.Expected = expected
		}
		votes[key] = vote
	}
	return votes
}

// tomorrow moves the platform's clock, and the client's, to another UTC day.
func (p *platform) tomorrow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.AddDate(0, 0, 1)
}
