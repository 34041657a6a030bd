package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback/confident/confidenttest"
	"feedbackbot/llm/llmtest"
)

// outside is everything the program talks to, as fakes on real sockets, and the
// environment that leads there.
type outside struct {
	t         *testing.T
	discord   *discordtest.Server
	model     *llmtest.Server
	confident *confidenttest.Server
	http      string
	database  string
	environ   []string
}

func newOutside(t *testing.T, d discordtest.Options, m llmtest.Options) *outside {
	t.Helper()
	d.OpenAPI = os.Getenv("DISCORD_OPENAPI")
	discord, err1 := discordtest.New(d)
	model, err2 := llmtest.New(m)
	platform, err3 := confidenttest.New(confidenttest.Options{OpenAPI: os.Getenv("CONFIDENT_OPENAPI")})
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(discord.Close)
	t.Cleanup(model.Close)
	t.Cleanup(func() {
		platform.Close()
		for _, problem := range platform.Problems() {
			t.Errorf("Confident AI would complain: %s", problem)
		}
	})
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	o := &outside{t: t, discord: discord, model: model, confident: platform, http: free.Addr().String(),
		database: filepath.Join(t.TempDir(), "feedback.db")}
	o.environ = []string{
		"DISCORD_TOKEN=test-token", "DISCORD_API_URL=" + discord.URL(),
		"OPENAI_API_KEY=" + llmtest.DefaultKey, "OPENAI_BASE_URL=" + model.URL(), "OPENAI_MODEL=scripted-mini",
		"CONFIDENT_API_KEY=" + confidenttest.DefaultKey, "CONFIDENT_BASE_URL=" + platform.URL(),
		"DATABASE_URL=sqlite:" + o.database, "HTTP_ADDR=" + o.http, "FEEDBACK_SETTLE=10ms", "LOG_LEVEL=debug",
	}
	return o
}

// patience is when a test is taken to hang, on however slow a machine.
const patience = 2 * time.Minute

func (o *outside) ctx() context.Context {
	ctx, cancel := context.WithTimeout(o.t.Context(), patience)
	o.t.Cleanup(cancel)
	return ctx
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start runs the program in this process. The function it returns ends it as a
// signal would, and returns the exit code and what it wrote.
func (o *outside) start() (stop func() (int, string)) {
	o.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var log buffer
	code := make(chan int, 1)
	go func() { code <- run(ctx, nil, o.environ, io.Discard, &log) }()
	stop = sync.OnceValues(func() (int, string) {
		cancel()
		return <-code, log.String()
	})
	o.t.Cleanup(func() {
		if code, log := stop(); o.t.Failed() {
			o.t.Logf("exit code %d; log:\n%s", code, log)
		}
	})
	if err := o.discord.WaitCommand(o.ctx(), "ask"); err != nil {
		o.t.Fatal(err)
	}
	return stop
}

// answer waits for the answer with buttons to a message.
func (o *outside) answer(to string) discordtest.Message {
	o.t.Helper()
	m, err := o.discord.WaitMessage(o.ctx(), func(m discordtest.Message) bool { return answers(m, to) && len(m.Components) > 0 })
	if err != nil {
		o.t.Fatalf("no answer to %s: %v", to, err)
	}
	return m
}

// receipt waits for what a member alone sees, with a button whose custom id begins
// so.
func (o *outside) receipt(member, button string) discordtest.Message {
	o.t.Helper()
	m, err := o.discord.WaitEphemeral(o.ctx(), member, func(m discordtest.Message) bool {
		return len(m.Components) > 0 && strings.HasPrefix(m.Components[0].Components[0].CustomID, button)
	})
	if err != nil {
		o.t.Fatalf("no receipt with the button %s: %v", button, err)
	}
	return m
}

func answers(m discordtest.Message, to string) bool {
	return m.Author.Bot && m.MessageReference != nil && m.MessageReference.MessageID == to
}

func (o *outside) get(path string) (int, string) {
	o.t.Helper()
	resp, err := http.Get("http://" + o.http + path)
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// The whole journey, with the program as an operator runs it: asked, answered,
// monitored, rated, explained, delivered; healthy meanwhile; and stopped with
// exit code 0 and no secret in its log.
func TestWholeJourney(t *testing.T) {
	o := newOutside(t, discordtest.Options{AckTimeout: patience}, llmtest.Options{})
	stop := o.start()
	ada := o.discord.AddUser("ada")
	question := o.discord.Say(ada.ID, o.discord.Channel().ID, "<@"+o.discord.Bot().ID+"> what is 2+2?")
	m := o.answer(question.ID)
	if !strings.Contains(m.Content, "4") {
		t.Errorf("answer = %q, want one with 4", m.Content)
	}
	down := m.Components[0].Components[1].CustomID
	click := o.discord.Click(ada.ID, m.ID, down)
	form, err := click.Wait(o.ctx())
	if err == nil && form.Modal == nil { // this machine is slow: the form opens from the receipt
		click = o.discord.Click(ada.ID, o.receipt(ada.ID, "fb1:explain:").ID, "fb1:explain:"+strings.TrimPrefix(down, "fb1:down:"))
		form, err = click.Wait(o.ctx())
	}
	if err != nil || form.Modal == nil {
		t.Fatalf("click on 👎 = %+v, %v, want a form", form, err)
	}
	receipt, err := o.discord.Submit(ada.ID, click, map[string]string{"explanation": "too short", "expected_response": "four"}).Wait(o.ctx())
	if err != nil || receipt.Message == nil || !strings.Contains(receipt.Message.Content, "Saved") {
		t.Fatalf("form = %+v, %v, want a receipt", receipt, err)
	}
	err = o.confident.Wait(o.ctx(), func(s *confidenttest.Server) bool {
		list := s.Annotations()
		return len(list) == 1 && list[0].Explanation == "too short" && list[0].ExpectedOutput == "four"
	})
	if err != nil {
		t.Errorf("annotations = %+v, %v, want one with the explanation", o.confident.Annotations(), err)
	}
	if traces := o.confident.Traces(); len(traces) != 1 || !strings.Contains(down, traces[0].UUID) || traces[0].Output != m.Content {
		t.Errorf("traces = %+v, want one with the response's id %s", traces, down)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, body := o.get(path); code != http.StatusOK {
			t.Errorf("GET %s = %d %s, want 200", path, code, body)
		}
	}
	_, metrics := o.get("/metrics")
	for _, want := range []string{`feedbackbot_answers_total{outcome="stop"} 1`, `feedbackbot_votes_total{kind="thumbs",outcome="saved"} 1`,
		`feedbackbot_deliveries_total{backend="confident",outcome="delivered"}`, "feedbackbot_click_ack_seconds_count ", "feedbackbot_first_text_seconds_count 1"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics has no %s", want)
		}
	}
	code, log := stop()
	if code != 0 {
		t.Errorf("exit code = %d, want 0", code)
	}
	for _, secret := range []string{"test-token", llmtest.DefaultKey, confidenttest.DefaultKey, click.Token, ada.ID} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
	o.noProblems()
}

func (o *outside) noProblems() {
	o.t.Helper()
	for _, p := range o.discord.Problems() {
		o.t.Errorf("Discord: %s", p)
	}
	for _, p := range o.confident.Problems() {
		o.t.Errorf("Confident AI: %s", p)
	}
}

// Feedback given while a backend is down, and before a restart, arrives when
// the backend is back.
func TestNothingIsLostWhileBackendIsDown(t *testing.T) {
	o := newOutside(t, discordtest.Options{IdentifyWindow: -1, AckTimeout: patience}, llmtest.Options{})
	o.confident.SetDown(true)
	stop := o.start()
	ada := o.discord.AddUser("ada")
	m := o.answer(o.discord.Say(ada.ID, o.discord.Channel().ID, "<@"+o.discord.Bot().ID+"> hello").ID)
	if _, err := o.discord.Click(ada.ID, m.ID, m.Components[1].Components[3].CustomID).Wait(o.ctx()); err != nil {
		t.Fatal(err)
	}
	if code, _ := stop(); code != 0 {
		t.Errorf("exit code = %d, want 0", code)
	}
	o.confident.SetDown(false)
	o.start()
	err := o.confident.Wait(o.ctx(), func(s *confidenttest.Server) bool {
		list := s.Annotations()
		return len(list) == 1 && list[0].Rating == 4 && list[0].Type == confidenttest.Stars
	})
	if err != nil {
		t.Errorf("annotations = %+v, %v, want the four stars", o.confident.Annotations(), err)
	}
	o.noProblems()
}

// A configuration that can never work ends with 78 and a line that names it.
func TestRefusedConfiguration(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(*outside)
		want    string
	}{
		{"Token", func(o *outside) { o.environ = append(o.environ, "DISCORD_TOKEN=wrong") }, "DISCORD_TOKEN"},
		{"Intent", func(o *outside) { o.environ = append(o.environ, "DISCORD_MESSAGE_CONTENT=on") }, "MESSAGE CONTENT"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := newOutside(t, discordtest.Options{Intents: discordtest.NoPrivilegedIntents}, llmtest.Options{})
			test.prepare(o)
			var log buffer
			code := run(o.ctx(), nil, o.environ, io.Discard, &log)
			lines := strings.Split(strings.TrimSpace(log.String()), "\n")
			if last := lines[len(lines)-1]; code != 78 || !strings.HasPrefix(last, "feedbackbot: ") || !strings.Contains(last, test.want) {
				t.Errorf("run() = %d, last line %q, want 78 and %s", code, last, test.want)
			}
		})
	}
}

// stopAt is a log that stops the program as soon as it says something.
type stopAt struct {
	buffer
	word string
	stop func()
}

func (s *stopAt) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.word) {
		s.stop()
	}
	return s.buffer.Write(p)
}

// Whoever stops the program before it has begun sees it end as after any stop.
func TestStoppedWhileStarting(t *testing.T) {
	o := newOutside(t, discordtest.Options{}, llmtest.Options{})
	for _, test := range []struct {
		name    string
		args    []string
		environ []string
		moment  string
	}{
		{"Playground", []string{"playground", "-data", t.TempDir()}, nil, "The playground is at"},
		{"Bot", nil, o.environ, ""},
		{"WaitingForPostgres", nil, append(o.environ, "DATABASE_URL=postgres://postgres@127.0.0.1:1/none"), "cannot be opened yet"},
		{"Connecting", nil, append(o.environ, "DATABASE_URL=sqlite:"+filepath.Join(t.TempDir(), "feedback.db")), "feedbackbot is starting"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			log := &stopAt{word: test.moment, stop: stop}
			if test.moment == "" {
				stop()
			}
			if code := run(ctx, test.args, test.environ, log, log); code != 0 || ctx.Err() == nil || strings.Contains(log.String(), "feedbackbot: ") {
				t.Errorf("run() = %d, want 0 after the stop; log:\n%s", code, log.String())
			}
		})
	}
}

// check tells the cause and the mend of each thing that is wrong.
func TestCheck(t *testing.T) {
	o := newOutside(t, discordtest.Options{}, llmtest.Options{})
	var out bytes.Buffer
	if code := run(o.ctx(), []string{"check"}, o.environ, &out, io.Discard); code != 0 {
		t.Errorf("check = %d, want 0:\n%s", code, out.String())
	}
	for _, want := range []string{"ok", "database", "Discord token", "permissions in Test Server", "model scripted-mini", "backend confident"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("check says nothing of %s:\n%s", want, out.String())
		}
	}
	out.Reset()
	o.confident.SetKey("another")
	broken := append(o.environ, "OPENAI_API_KEY=wrong", "DATABASE_URL=sqlite:"+t.TempDir())
	if code := run(o.ctx(), []string{"check"}, broken, &out, io.Discard); code != 1 {
		t.Errorf("check = %d, want 1", code)
	}
	if got := strings.Count(out.String(), "FAIL"); got != 3 || strings.Count(out.String(), "→") != 3 {
		t.Errorf("check found %d failures, want 3 with a mend each:\n%s", got, out.String())
	}
	t.Logf("\n%s", out.String())
}
