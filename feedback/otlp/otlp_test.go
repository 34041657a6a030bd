package otlp_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/otlp"
)

// collector keeps spans by their ids, as a store of spans does.
type collector struct {
	*feedbacktest.Server
	t        testing.TB
	mu       sync.Mutex
	spans    map[string]*tracepb.Span // by trace and span id
	resource map[string]string
	reply    []byte // the body of an answer
}

func newCollector(t testing.TB) *collector {
	c := &collector{t: t, spans: map[string]*tracepb.Span{}}
	c.Server = feedbacktest.NewServer(t, c)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			c.t.Error(err)
			return
		}
		body = unpacked
	}
	data, err := io.ReadAll(body)
	var got collectorpb.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(data, &got)
	}
	if err != nil || r.Method != "POST" || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		c.t.Errorf("%s %s, %s: %v", r.Method, r.URL.Path, r.Header.Get("Content-Type"), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range got.ResourceSpans {
		c.resource = attributes(rs.Resource.Attributes)
		for _, ss := range rs.ScopeSpans {
			for _, span := range ss.Spans {
				if len(span.TraceId) != 16 || len(span.SpanId) != 8 || span.Name == "" || span.EndTimeUnixNano < span.StartTimeUnixNano {
					c.t.Errorf("a span is not valid: %v", span)
				}
				c.spans[string(span.TraceId)+string(span.SpanId)] = span
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.Write(c.reply)
}

// attributes returns texts as they are, and other values as JSON.
func attributes(list []*commonpb.KeyValue) map[string]string {
	found := map[string]string{}
	for _, kv := range list {
		switch v := kv.Value.Value.(type) {
		case *commonpb.AnyValue_StringValue:
			found[kv.Key] = v.StringValue
		case *commonpb.AnyValue_IntValue:
			data, _ := json.Marshal(v.IntValue)
			found[kv.Key] = string(data)
		case *commonpb.AnyValue_DoubleValue:
			data, _ := json.Marshal(v.DoubleValue)
			found[kv.Key] = string(data)
		case *commonpb.AnyValue_ArrayValue:
			for _, one := range v.ArrayValue.Values {
				found[kv.Key] += one.GetStringValue() + "\n"
			}
		}
	}
	return found
}

func (c *collector) responses() (ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, span := range c.spans {
		if span.Name != "user_feedback" {
			ids = append(ids, uuid.UUID(span.TraceId).String())
		}
	}
	return ids
}

// votes reads the carrier spans as somebody who follows OpenInference does: the
// newest of a rater counts.
func (c *collector) votes() map[feedbacktest.Key]feedbacktest.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	votes, newest := map[feedbacktest.Key]feedbacktest.State{}, map[feedbacktest.Key]int64{}
	for _, span := range c.spans {
		if span.Name != "user_feedback" {
			continue
		}
		a := attributes(span.Attributes)
		var metadata struct {
			Rev      int64  `json:"rev"`
			Expected string `json:"expected"`
		}
		if err := json.Unmarshal([]byte(a["annotations.0.annotation.metadata"]), &metadata); err != nil || len(span.Links) != 1 || len(span.Events) != 1 {
			c.t.Errorf("a vote is not valid: %v, %v", span, err)
			continue
		}
		key := feedbacktest.Key{ResponseID: uuid.UUID(span.Links[0].TraceId).String(), Rater: feedback.Rater(a["annotations.0.annotation.identifier"]),
			Reviewer: strings.HasPrefix(a["annotations.0.annotation.name"], "reviewer-")}
		if metadata.Rev < newest[key] {
			continue
		}
		newest[key] = metadata.Rev
		delete(votes, key)
		if a["annotations.0.annotation.label"] == "withdrawn" {
			continue
		}
		var score float64
		if err := json.Unmarshal([]byte(a["annotations.0.annotation.score"]), &score); err != nil {
			c.t.Errorf("a vote has no score: %v", a)
		}
		state := feedbacktest.State{Copies: 1, Rating: int(score), Kind: feedback.Stars, Explanation: a["annotations.0.annotation.explanation"], Expected: metadata.Expected}
		if strings.HasSuffix(a["annotations.0.annotation.name"], "thumbs") {
			state.Kind, state.Rating = feedback.Thumbs, int(1+4*score)
		}
		votes[key] = state
	}
	return votes
}

func client(t testing.TB, o otlp.Options) *otlp.Client {
	t.Helper()
	c, err := otlp.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func harness(t *testing.T) feedbacktest.Harness {
	c := newCollector(t)
	return feedbacktest.Harness{Backend: client(t, otlp.Options{Endpoint: c.URL + "/"}), Responses: c.responses, Votes: c.votes,
		Fail: c.Fail, Idempotent: true, CanWithdraw: true}
}

// A collector meets the contract of every backend.
func TestContract(t *testing.T) { feedbacktest.RunBackend(t, harness) }

// So does the way that a worker takes, on both databases.
func TestDelivery(t *testing.T) { feedbacktest.RunDelivery(t, harness) }

// An answer carries the attributes of the GenAI conventions and of
// OpenInference; a vote links to it and repeats it as an event.
func TestSpans(t *testing.T) {
	c := newCollector(t)
	b := client(t, otlp.Options{TracesEndpoint: c.URL + "/v1/traces", Headers: "X-Key=a%20b,other=c", Compression: "none",
		ServiceName: "our-bot", Resource: "deployment.environment=test,service.name=ignored"})
	r := feedbacktest.NewResponse()
	r.Provider = "eu.api.openai.com"
	s := feedbacktest.NewSubmission(r, "rater")
	s.Rating, s.Kind = 1, feedback.Thumbs
	for _, err := range []error{second(b.SendResponse(t.Context(), r, feedback.Delivered{})), second(b.SendSubmission(t.Context(), s, r, feedback.Delivered{}))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if c.resource["service.name"] != "our-bot" || c.resource["deployment.environment"] != "test" {
		t.Errorf("resource %v", c.resource)
	}
	if call := c.Calls()[0]; call.Header.Get("X-Key") != "a b" || call.Header.Get("Other") != "c" || call.Header.Get("Content-Encoding") != "" {
		t.Errorf("headers %v", call.Header)
	}
	id := uuid.MustParse(r.ID)
	answer := c.spans[string(id[:])+string(id[8:])]
	if answer == nil || answer.Kind != tracepb.Span_SPAN_KIND_CLIENT || answer.Name != "chat model-1" ||
		answer.StartTimeUnixNano != uint64(r.AskedAt.UnixNano()) || answer.EndTimeUnixNano != uint64(r.FinishedAt.UnixNano()) {
		t.Fatalf("answer %v", answer)
	}
	got := attributes(answer.Attributes)
	for name, want := range map[string]string{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "model-1",
		"gen_ai.usage.input_tokens": "120", "gen_ai.usage.output_tokens": "34", "gen_ai.conversation.id": r.ConversationID,
		"gen_ai.response.finish_reasons": "stop\n", "gen_ai.response.time_to_first_chunk": "1", "openinference.span.kind": "LLM",
		"input.value": r.Question, "output.value": r.Answer, "user.id": string(r.Asker), "feedbackbot.context": strings.Join(r.Context, "\n") + "\n",
		"gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"Why is the sky blue?"}]}]`} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
	for key, span := range c.spans {
		if span == answer {
			continue
		}
		if strings.HasPrefix(key, string(id[:])) || !bytes.Equal(span.Links[0].SpanId, id[8:]) {
			t.Errorf("the vote is in the answer's trace, or not linked to it: %v", span)
		}
		event := attributes(span.Events[0].Attributes)
		if span.Events[0].Name != "gen_ai.evaluation.result" || event["gen_ai.evaluation.name"] != "user-thumbs" ||
			event["gen_ai.evaluation.score.value"] != "0" || event["gen_ai.evaluation.score.label"] != "thumbs-down" || event["gen_ai.evaluation.explanation"] != "too short" {
			t.Errorf("event %v", event)
		}
	}
}

func second(_ string, err error) error { return err }

// A span that a collector rejects is refused for good, without its message, which
// may repeat a text; of the server errors only those that may pass are tried again.
func TestWhatCollectorsAnswer(t *testing.T) {
	c := newCollector(t)
	b := client(t, otlp.Options{Endpoint: c.URL})
	rejected := &collectorpb.ExportTraceServiceResponse{PartialSuccess: &collectorpb.ExportTracePartialSuccess{RejectedSpans: 1, ErrorMessage: "too old"}}
	for _, marshal := range []func(proto.Message) ([]byte, error){proto.Marshal, protojson.Marshal} {
		var err error
		if c.reply, err = marshal(rejected); err != nil {
			t.Fatal(err)
		}
		_, err = b.SendResponse(t.Context(), feedbacktest.NewResponse(), feedback.Delivered{})
		if !errors.Is(err, feedback.ErrRefused) || strings.Contains(err.Error(), "too old") {
			t.Errorf("a span rejected with %q = %v, want it refused without the message", c.reply, err)
		}
	}
	for _, harmless := range [][]byte{nil, []byte("{}"), []byte(`{"partialSuccess":{}}`), {0x0a, 0x02, 0x12, 0x00}, {0x0a, 0xff}, {0xff}} {
		c.mu.Lock()
		c.reply = harmless
		c.mu.Unlock()
		if _, err := b.SendResponse(t.Context(), feedbacktest.NewResponse(), feedback.Delivered{}); err != nil {
			t.Errorf("an answer of %q = %v, want nil", harmless, err)
		}
	}
	for status, want := range map[int]error{400: feedback.ErrRefused, 401: feedback.ErrUnauthorized, 408: feedback.ErrRefused, 429: nil, 404: feedback.ErrUnauthorized, 415: feedback.ErrUnauthorized,
		500: feedback.ErrRefused, 501: feedback.ErrRefused, 502: nil, 503: nil, 504: nil} {
		s := feedbacktest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		err := client(t, otlp.Options{Endpoint: s.URL}).Check(t.Context())
		final := errors.Is(err, feedback.ErrRefused) || errors.Is(err, feedback.ErrUnauthorized)
		if !errors.Is(err, feedback.ErrAnswered) || want == nil && final || want != nil && !errors.Is(err, want) {
			t.Errorf("status %d = %v, want %v", status, err, want)
		}
	}
}

// A collector with a certificate of one's own is reached with the file that
// vouches for it, and not without.
func TestCertificate(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := client(t, otlp.Options{Endpoint: s.URL, Certificate: path}).Check(t.Context()); err != nil {
		t.Errorf("Check() with the certificate = %v, want nil", err)
	}
	if err := client(t, otlp.Options{Endpoint: s.URL}).Check(t.Context()); err == nil {
		t.Error("Check() without the certificate = nil, want an error")
	}
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]otlp.Options{
		"no endpoint": {}, "no address": {Endpoint: "collector:4318"}, "headers": {Endpoint: "http://c", Headers: "secret"},
		"line break": {Endpoint: "http://c", Headers: "a=b%0ac"}, "compression": {Endpoint: "http://c", Compression: "zstd"},
		"control": {Endpoint: "http://c", Headers: "a=b%01secret"}, "timeout": {Endpoint: "http://c", Timeout: "10s"},
		"no certificate": {Endpoint: "http://c", Certificate: "/nowhere"}, "half a key pair": {Endpoint: "http://c", ClientKey: "/nowhere"},
	} {
		if _, err := otlp.New(o); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("New(%s) = %v, want an error without the value", name, err)
		}
	}
}
