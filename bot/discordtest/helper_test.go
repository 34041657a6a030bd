package discordtest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"feedbackbot/bot/discordtest"
)

// start runs a server for one test and checks at its end that the fake found nothing wrong with itself. With
// DISCORD_OPENAPI set every test validates against Discord's document.
func start(t *testing.T, opt discordtest.Options) *discordtest.Server {
	t.Helper()
	opt.OpenAPI = os.Getenv("DISCORD_OPENAPI")
	return bare(t, opt)
}

// bare is start without the document, whose loading takes longer than most tests of the gateway.
func bare(t *testing.T, opt discordtest.Options) *discordtest.Server {
	t.Helper()
	opt.AckTimeout = cmp.Or(opt.AckTimeout, patience) // a slow machine is not a bot that does not answer
	s, err := discordtest.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, p := range s.Problems() {
			if strings.HasPrefix(p, "fake:") {
				t.Errorf("the fake is wrong: %s", p)
			}
		}
		s.Close()
	})
	return s
}

// patience bounds every wait of a test, so that a hung one ends.
const patience = 2 * time.Minute

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

type object = map[string]any

// answer is what a REST call returned.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) object(t *testing.T) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(a.body, &o); err != nil {
		t.Fatalf("status %d, body %q: %v", a.status, a.body, err)
	}
	return o
}

// code is the error code of an answer, 0 for a success.
func (a answer) code() int {
	var e struct{ Code int }
	json.Unmarshal(a.body, &e)
	return e.Code
}

// call sends one REST request the way a correct bot does.
func call(t *testing.T, s *discordtest.Server, method, path string, body any) answer {
	t.Helper()
	a, err := try(s, method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func try(s *discordtest.Server, method, path string, body any) (answer, error) {
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, s.URL()+path, r)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bot test-token")
	req.Header.Set("User-Agent", "DiscordBot (https://example.com, 1)")
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, raw}, err
}

// text is a message body that breaks no rule; more pairs of key and value change it, a nil value removes the key.
func text(content string, changes ...any) object {
	o := object{"content": content, "allowed_mentions": object{"parse": []string{}}}
	for i := 0; i < len(changes); i += 2 {
		key := changes[i].(string)
		if o[key] = changes[i+1]; changes[i+1] == nil {
			delete(o, key)
		}
	}
	return o
}

// fresh is text with a nonce of its own.
func fresh(content, nonce string, changes ...any) object {
	return text(content, append([]any{"nonce", nonce, "enforce_nonce", true}, changes...)...)
}

func row(parts ...object) object { return object{"type": 1, "components": parts} }

func button(customID string) object {
	return object{"type": 2, "style": 1, "label": "Press", "custom_id": customID}
}

// post sends a message with the given rows and returns its id.
func post(t *testing.T, s *discordtest.Server, nonce string, rows ...object) string {
	t.Helper()
	a := call(t, s, "POST", "/channels/"+s.Channel().ID+"/messages", fresh("hello", nonce, "components", rows))
	if a.status != 200 {
		t.Fatalf("POST message = %d %s", a.status, a.body)
	}
	return a.object(t)["id"].(string)
}

func callback(i *discordtest.Interaction) string {
	return "/interactions/" + i.ID + "/" + i.Token + "/callback"
}

// link is a bare gateway client, for what discordgo cannot be brought to do.
type link struct {
	*websocket.Conn
	t *testing.T
}

type frame struct {
	Op int             `json:"op"`
	T  string          `json:"t"`
	S  int64           `json:"s"`
	D  json.RawMessage `json:"d"`
}

func dial(t *testing.T, s *discordtest.Server) link {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.DialContext(soon(t), s.GatewayURL()+"/?v=10&encoding=json", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	ws.SetReadDeadline(time.Now().Add(patience))
	return link{ws, t}
}

func (l link) send(op int, data any) {
	l.t.Helper()
	if err := l.WriteJSON(object{"op": op, "d": data}); err != nil {
		l.t.Fatal(err)
	}
}

// next returns the next frame, or the close code in place of it.
func (l link) next() (f frame, code int) {
	l.t.Helper()
	_, raw, err := l.ReadMessage()
	if ce, ok := err.(*websocket.CloseError); ok {
		return f, ce.Code
	}
	if err != nil {
		l.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		l.t.Fatalf("frame %q: %v", raw, err)
	}
	return f, 0
}

// until reads up to the first frame with this op and event name.
func (l link) until(op int, name string) frame {
	l.t.Helper()
	for {
		f, code := l.next()
		if code != 0 {
			l.t.Fatalf("closed with %d while waiting for op %d %s", code, op, name)
		}
		if f.Op == op && f.T == name {
			return f
		}
	}
}

const allIntents = 1<<0 | 1<<1 | 1<<9 | 1<<12 | 1<<15

func identity(intents int, shard ...int) object {
	o := object{"token": "test-token", "intents": intents, "properties": object{"os": "linux"}}
	if shard != nil {
		o["shard"] = shard
	}
	return o
}

// identified dials and identifies, and returns the session id of READY.
func identified(t *testing.T, s *discordtest.Server, intents int, shard ...int) (link, string) {
	t.Helper()
	l := dial(t, s)
	l.until(10, "")
	l.send(2, identity(intents, shard...))
	var ready struct {
		SessionID string `json:"session_id"`
	}
	if err := json.Unmarshal(l.until(0, "READY").D, &ready); err != nil {
		t.Fatal(err)
	}
	return l, ready.SessionID
}

func hasProblem(s *discordtest.Server, part string) bool {
	for _, p := range s.Problems() {
		if strings.Contains(p, part) {
			return true
		}
	}
	return false
}

// problemsIn returns the problems that f adds.
func problemsIn(s *discordtest.Server, f func()) []string {
	before := len(s.Problems())
	f()
	return s.Problems()[before:]
}
