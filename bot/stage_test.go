package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
	"feedbackbot/llm"
)

// stage is a bot with a Discord and a model that have no sockets, so that it can
// live on synctest's clock: what happens when is exact there, on any machine.
type stage struct {
	*Bot
	kept  *store.Store
	began time.Time
	serve func(*http.Request) (status int, body string) // Discord's answer, if it is not the usual one; 0 for that

	header http.Header // of Discord's answers

	mu   sync.Mutex
	sent []sent
}

// sent is one request to Discord.
type sent struct {
	at      time.Duration // since the beginning
	what    string        // method and last part of the path
	content string
	raw     string
}

// onStage runs a test with a bot whose database is at path. change, if not nil,
// may put something between the bot and its store.
func onStage(t *testing.T, path string, m scriptedModel, change func(*store.Store) database, do func(*testing.T, *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		kept, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer kept.Close()
		s := &stage{kept: kept, began: time.Now(), header: http.Header{}}
		var between database = kept
		if change != nil {
			between = change(kept)
		}
		s.Bot, err = New(Options{Token: "t", APIURL: "http://discord.invalid/api/v10", GlobalRPS: 50, ContextTokens: 4000,
			MessageContent: ContentAuto, Buttons: ThumbsAndStars, Raters: Everyone, Explain: ExplainNegative}, between, m)
		if err != nil {
			t.Fatal(err)
		}
		if s.out, err = discord.New(discord.Options{BaseURL: s.options.APIURL, Token: "t", GlobalRPS: 50, Transport: s}); err != nil {
			t.Fatal(err)
		}
		s.requests, s.models, s.intake, s.appID = t.Context(), t.Context(), t.Context(), "7"
		do(t, s)
	})
}

// RoundTrip is Discord.
func (s *stage) RoundTrip(r *http.Request) (*http.Response, error) {
	var raw []byte
	if r.Body != nil {
		var err error
		if raw, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	var b struct{ Content string }
	json.Unmarshal(raw, &b)
	s.mu.Lock()
	s.sent = append(s.sent, sent{time.Since(s.began), r.Method + r.URL.Path[strings.LastIndex(r.URL.Path, "/"):], b.Content, string(raw)})
	s.mu.Unlock()
	status, text := 0, ""
	if s.serve != nil {
		status, text = s.serve(r)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: cmp.Or(status, 200), Header: s.header.Clone(), Request: r,
		Body: io.NopCloser(strings.NewReader(cmp.Or(text, `{"id":"42","shards":1}`)))}, nil
}

// left returns what was sent so far: what ends so, or all of it.
func (s *stage) left(what string) []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.sent), func(r sent) bool { return !strings.HasSuffix(r.what, what) })
}

// question is one that the store has taken.
func (s *stage) question(t *testing.T) question {
	t.Helper()
	return s.questionOf(t, "a", "9")
}

func (s *stage) questionOf(t *testing.T, asker feedback.Rater, id string) question {
	t.Helper()
	q := newQuestion(feedback.Ask{ID: id, GuildID: "6", ChannelID: "8", Asker: asker, Question: "why?"}, conversation{})
	if !s.take(t.Context(), &q) {
		t.Fatal("the question was taken before")
	}
	return q
}

// tell answers a question.
func (s *stage) tell(ctx context.Context, q question) {
	flown := s.flights.begin(s.models, q.Ask)
	defer flown.land()
	s.answer(ctx, flown, newReply(s.Bot, q))
}

// since returns how long ago the stage was set.
func (s *stage) since() time.Duration { return time.Since(s.began) }

// scriptedModel says what a function says.
type scriptedModel func(ctx context.Context, say func(string))

func (m scriptedModel) Stream(ctx context.Context, _ string, _ []llm.Message, onText func(string, bool)) (llm.Answer, error) {
	a := llm.Answer{Model: "scripted"}
	m(ctx, func(text string) {
		a.Text += text
		onText(text, false)
	})
	return a, context.Cause(ctx)
}

func (scriptedModel) Host() string    { return "host" }
func (scriptedModel) Model() string   { return "scripted" }
func (scriptedModel) Names() []string { return []string{"scripted"} }
