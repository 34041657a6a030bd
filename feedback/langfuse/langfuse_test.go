package langfuse_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
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

	mu     sync.Mutex
	now    time.Time
	traces map[string]*tracepb.Span
	scores map[string]map[string]any // by id, name and day
	doomed map[string]bool           // ids that were deleted; they go when somebody looks
	old    bool                      // it has no /v3/scores
	lose   bool                      // the answers to deletions

	limited *int // scores before it answers 429; nil for no limit
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
	case r.Method == "POST" && path == "/api/public/otel/v1/traces":
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
		key := feedbacktest.Key{ResponseID: trace.String(), Rater: feedback.Rater(s["metadata"].(map[string]any)["rater"].(string))}
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

func harness(t *testing.T) feedbacktest.Harness {
	p := newPlatform(t, langfuse.Options{})
	return feedbacktest.Harness{Backend: p.client, Responses: p.responses, Votes: p.votes, Fail: p.Fail, Idempotent: true, CanWithdraw: true}
}

// Langfuse meets the contract of every backend.
func TestContract(t *testing.T) { feedbacktest.RunBackend(t, harness) }

// So does the way that a worker takes, on both databases.
func TestDelivery(t *testing.T) { feedbacktest.RunDelivery(t, harness) }

// A vote that is changed on a later day, in its kind, its texts or by an undo,
// leaves one score, also when the answers to earlier attempts were lost.
func TestLaterDay(t *testing.T) {
	for name, change := range map[string]func(*feedback.Submission){
		"another rating": func(s *feedback.Submission) { s.Rating = 5 },
		"another kind":   func(s *feedback.Submission) { s.Rating, s.Kind = 1, feedback.Thumbs },
		"no texts":       func(s *feedback.Submission) { s.Explanation, s.Expected = "", "" },
		"undone":         func(s *feedback.Submission) { s.Withdrawn, s.Explanation, s.Expected = true, "", "" },
	} {
		for _, lost := range []bool{false, true} {
			p := newPlatform(t, langfuse.Options{})
			r := feedbacktest.NewResponse()
			s := feedbacktest.NewSubmission(r, "rater")
			s.CreatedAt = p.now
			var before feedback.Delivered
			if lost {
				p.Fail(feedbacktest.LoseAnswer)
			}
			id, err := p.client.SendSubmission(t.Context(), s, r, before)
			if (err != nil) != lost {
				t.Fatal(err)
			}
			p.Fail(feedbacktest.Works)
			before.RemoteID, before.Unclear = id, lost
			if lost {
				before.UnclearRev = s.Rev
			}
			p.tomorrow()
			change(&s)
			s.Rev++
			id, err = p.client.SendSubmission(t.Context(), s, r, before)
			if err != nil {
				t.Fatal(err)
			}
			want := map[feedbacktest.Key]feedbacktest.State{}
			key := feedbacktest.Key{ResponseID: r.ID, Rater: "rater"}
			if !s.Withdrawn {
				want[key] = feedbacktest.State{Copies: 1, Rating: s.Rating, Kind: s.Kind, Explanation: s.Explanation, Expected: s.Expected}
			}
			if got := p.votes(); len(got) != len(want) || got[key] != want[key] {
				t.Errorf("%s, answer lost %t: %v, want %v", name, lost, got, want)
			}
			// And a vote after that, on yet another day.
			p.tomorrow()
			s.Withdrawn, s.Rating, s.Rev = false, 4, s.Rev+1
			if _, err := p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{RemoteID: id}); err != nil {
				t.Fatal(err)
			}
			if got := p.votes(); len(got) != 1 || got[key].Copies != 1 {
				t.Errorf("%s, answer lost %t, voted again: %v, want one vote", name, lost, got)
			}
		}
	}
}

// Langfuse deletes some time later. Whoever goes back and forth between thumbs,
// stars and nothing meanwhile, even when answers are lost, has the last vote.
func TestDeletionsComeLate(t *testing.T) {
	for _, old := range []bool{false, true} {
		p := newPlatform(t, langfuse.Options{})
		p.old = old
		r := feedbacktest.NewResponse()
		s := feedbacktest.NewSubmission(r, "rater")
		var before feedback.Delivered
		send := func(kind feedback.Kind, withdrawn, lose bool) {
			t.Helper()
			s.Kind, s.Withdrawn, s.Rating, s.Rev = kind, withdrawn, 5, s.Rev+1
			p.mu.Lock()
			p.lose = lose
			p.mu.Unlock()
			id, err := p.client.SendSubmission(t.Context(), s, r, before)
			if (err != nil) != lose {
				t.Fatal(err)
			}
			if !lose {
				before = feedback.Delivered{RemoteID: id, Rev: s.Rev}
			} else if !before.Unclear {
				before.Unclear, before.UnclearRev = true, s.Rev
			}
		}
		send(feedback.Thumbs, false, false)
		send(feedback.Stars, false, true)
		send(feedback.Thumbs, false, false)
		send(feedback.Stars, true, false)
		send(feedback.Thumbs, false, false)
		send(feedback.Thumbs, true, true)
		send(feedback.Thumbs, false, false)
		key := feedbacktest.Key{ResponseID: r.ID, Rater: "rater"}
		if got := p.votes()[key]; got.Copies != 1 || got.Kind != feedback.Thumbs || got.Rating != 5 {
			t.Errorf("after all, with an old Langfuse %t, it holds %+v, want one thumb", old, got)
		}
	}
}

// A vote of which Langfuse has taken a part when it asks for patience has been
// tried: an undo must reach it.
func TestHalfOfAVote(t *testing.T) {
	p := newPlatform(t, langfuse.Options{})
	r := feedbacktest.NewResponse()
	s := feedbacktest.NewSubmission(r, "rater")
	for after, want := range map[int]bool{0: false, 1: true} {
		p.limit(after)
		_, err := p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{})
		var retry *feedback.RetryError
		if !errors.As(err, &retry) || errors.Is(err, feedback.ErrPartly) != want {
			t.Errorf("a 429 after %d scores = %v, want a RetryError with ErrPartly: %t", after, err, want)
		}
	}
}

// Names and environments are the operator's; a reviewer's scores have their own.
func TestNames(t *testing.T) {
	p := newPlatform(t, langfuse.Options{ThumbsName: "liked", Environment: "staging"})
	r := feedbacktest.NewResponse()
	for _, source := range []feedback.Source{feedback.User, feedback.Reviewer} {
		s := feedbacktest.NewSubmission(r, "rater")
		s.Kind, s.Rating, s.Source, s.Expected = feedback.Thumbs, 1, source, ""
		if _, err := p.client.SendSubmission(t.Context(), s, r, feedback.Delivered{}); err != nil {
			t.Fatal(err)
		}
	}
	names := map[any]bool{}
	for _, s := range p.scores {
		names[s["name"]] = s["environment"] == "staging" && s["value"] == 0.0 && s["dataType"] == "BOOLEAN"
	}
	if len(names) != 2 || !names["liked"] || !names["reviewer-thumbs"] {
		t.Errorf("scores %v", p.scores)
	}
}

// Langfuse's own storage may be away behind a 500.
func TestServerErrorMayPass(t *testing.T) {
	s := feedbacktest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	c, err := langfuse.New(langfuse.Options{PublicKey: "pk", SecretKey: "sk", BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.SendResponse(t.Context(), feedbacktest.NewResponse(), feedback.Delivered{}); err == nil || errors.Is(err, feedback.ErrRefused) {
		t.Errorf("a trace that met a 500 = %v, want an error that leads to another attempt", err)
	}
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]langfuse.Options{
		"no keys": {}, "one key": {SecretKey: "canary"}, "address": {PublicKey: "p", SecretKey: "canary", BaseURL: "langfuse"},
		"environment": {PublicKey: "p", SecretKey: "canary", Environment: "Production"},
		"names":       {PublicKey: "p", SecretKey: "canary", ThumbsName: "x", StarsName: "x"},
	} {
		if _, err := langfuse.New(o); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("New(%s) = %v, want an error without the key", name, err)
		}
	}
}

// What somebody asked to be forgotten goes at Langfuse as well, and what others
// said stays.
func TestErase(t *testing.T) {
	p := newPlatform(t, langfuse.Options{})
	store, err := feedback.Open(t.Context(), feedbacktest.SQLite(t), feedback.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	mine, other := feedbacktest.NewResponse(), feedbacktest.NewResponse()
	mine.Asker = "me"
	for _, r := range []feedback.Response{mine, other} {
		if err := store.Monitor(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for n, rater := range []feedback.Rater{"me", "somebody"} {
		v := feedback.Vote{ResponseID: other.ID, Rater: rater, Source: feedback.User, Rating: 5, Kind: feedback.Stars, Version: int64(1 + n)}
		if _, _, err := store.Vote(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	until := func(what string, done func() bool) {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		var ended sync.WaitGroup
		ended.Go(func() { feedback.NewWorker(store, []feedback.Backend{p.client}, feedback.WorkerOptions{}).Run(ctx) })
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil && !done() {
			<-tick.C
		}
		if ctx.Err() != nil {
			t.Errorf("%s: not within a minute", what)
		}
		stop()
		ended.Wait()
	}
	until("deliver", func() bool { return len(p.responses()) == 2 && len(p.votes()) == 2 })
	f, err := store.Forget(t.Context(), "me")
	if err != nil || f.Erased["langfuse"] != 2 || len(f.Delivered) != 0 {
		t.Fatalf("Forget() = %+v, %v, want 2 to be erased", f, err)
	}
	until("erase", func() bool { return len(p.responses()) == 1 && len(p.votes()) == 1 })
	if _, kept := p.votes()[feedbacktest.Key{ResponseID: other.ID, Rater: "somebody"}]; !kept {
		t.Errorf("the votes %v are left, want somebody else's", p.votes())
	}
}
