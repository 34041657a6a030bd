package playground

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
)

// start runs a playground whose model and backend answer "ok".
func start(t *testing.T) *Playground {
	t.Helper()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body)
	}))
	t.Cleanup(service.Close)
	p, err := New(Options{Addr: "127.0.0.1:0", ModelURL: service.URL + "/v1", BackendURL: service.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	t.Cleanup(p.discord.Subscribe(p.observe))
	return p
}

func post(t *testing.T, url, body string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
}

// follow reads the events of a member until one contains text, and returns all
// of them.
func follow(t *testing.T, p *Playground, m member, text string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL()+"events?as="+m.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var seen strings.Builder
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		seen.WriteString(lines.Text())
		if strings.Contains(lines.Text(), text) {
			return seen.String()
		}
	}
	t.Fatalf("the events of %s end before %q: %v", m.Name, text, lines.Err())
	return ""
}

func encode(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Another site must neither act here nor read anything.
func TestOtherSitesAreKeptOut(t *testing.T) {
	p := start(t)
	body := encode(t, request{As: p.members[0].ID, Channel: p.channels[0].ID, Text: "hello"})
	for name, header := range map[string][]string{
		"cross-site": {"Sec-Fetch-Site", "cross-site"},
		"origin":     {"Origin", "https://evil.example"},
		"rebinding":  {"Host", "evil.example"},
	} {
		if status, _ := post(t, p.URL()+"act/say", body, header...); status != http.StatusForbidden {
			t.Errorf("%s: say = %d, want 403", name, status)
		}
	}
	if status, text := post(t, p.URL()+"act/say", body); status != http.StatusOK {
		t.Errorf("say = %d %s, want 200", status, text)
	}
	answer, err := http.Get(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got := answer.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") {
		t.Errorf("Content-Security-Policy = %q", got)
	}
}

// Members see their own conversation with the bot and nobody else's.
func TestEachMemberHasTheirOwnView(t *testing.T) {
	p := start(t)
	ada, grace := p.members[0], p.members[1]
	if status, _ := post(t, p.URL()+"act/say", encode(t, request{As: grace.ID, Channel: ada.DM, Text: "let me in"})); status != http.StatusUnprocessableEntity {
		t.Errorf("writing in another member's conversation = %d, want 422", status)
	}
	for _, c := range []string{ada.DM, p.channels[1].ID} {
		if status, text := post(t, p.URL()+"act/say", encode(t, request{As: ada.ID, Channel: c, Text: "from Ada in " + c})); status != http.StatusOK {
			t.Fatalf("say = %d %s", status, text)
		}
	}
	follow(t, p, ada, "from Ada in "+ada.DM)
	if seen := follow(t, p, grace, "from Ada in "+p.channels[1].ID); strings.Contains(seen, "from Ada in "+ada.DM) {
		t.Errorf("Grace sees what Ada writes to the bot: %s", seen)
	}
}

func TestImpossibleActionsAreExplained(t *testing.T) {
	p := start(t)
	ada, general := p.members[0].ID, p.channels[0].ID
	for _, c := range []struct {
		path string
		in   request
		want string
	}{
		{"say", request{As: ada, Channel: general, Text: " "}, "1 to 2,000"},
		{"say", request{As: "nobody", Channel: general, Text: "x"}, "cannot write here"},
		{"click", request{As: ada, Message: "1", CustomID: "x"}, "sees no message"},
		{"submit", request{As: ada, Form: "1"}, "no modal"},
		{"command", request{As: ada, Channel: general, Name: "none"}, "no slash command"},
		{"switch", request{Name: "none"}, "no switch"},
	} {
		if status, text := post(t, p.URL()+"act/"+c.path, encode(t, c.in)); status != http.StatusUnprocessableEntity || !strings.Contains(text, c.want) {
			t.Errorf("%s = %d %s, want 422 with %q", c.path, status, text, c.want)
		}
	}
	if status, _ := post(t, p.URL()+"act/say", "{"); status != http.StatusBadRequest {
		t.Errorf("say with half a body = %d, want 400", status)
	}
}

// A tap shows each request, and fails it as its switch says.
func TestTap(t *testing.T) {
	p := start(t)
	ask := func() (status int, body string, err error) {
		answer, err := http.Post(p.model.url()+"/chat/completions", "application/json", strings.NewReader(`{"n":"`+strings.Repeat("x", 2*cutAfter)+`"}`))
		if err != nil {
			return 0, "", err
		}
		defer answer.Body.Close()
		raw, err := io.ReadAll(answer.Body)
		return answer.StatusCode, string(raw), err
	}
	if status, _, err := ask(); status != 200 || err != nil {
		t.Errorf("through the tap = %d, %v, want 200", status, err)
	}
	for name, wrong := range map[string]func(int, string, error) bool{
		"model-error": func(status int, _ string, err error) bool { return status == 503 && err == nil },
		"cut-stream": func(status int, body string, err error) bool {
			return status == 200 && len(body) <= cutAfter && err != nil
		},
	} {
		if err := p.set(name, true); err != nil {
			t.Fatal(err)
		}
		if status, body, err := ask(); !wrong(status, body, err) {
			t.Errorf("with %s = %d, %d bytes, %v", name, status, len(body), err)
		}
		if err := p.set(name, false); err != nil {
			t.Fatal(err)
		}
	}
	p.set("backend-down", true)
	if _, err := http.Get(p.backend.url()); err == nil {
		t.Error("the backend answers while it is down")
	}
	p.set("backend-down", false)
	titles := encode(t, p.feed.timeline())
	if n := strings.Count(titles, "The bot asks the model for an answer"); n != 3 {
		t.Errorf("the timeline shows %d requests to the model, want 3: %s", n, titles)
	}
}

// What stands in the timeline can be shown to anybody who looks over one's
// shoulder.
func TestTimelineHidesTokens(t *testing.T) {
	p := start(t)
	p.observe(discordtest.Event{Kind: discordtest.KindDispatch, Data: discordtest.Dispatch{Event: "INTERACTION_CREATE",
		Data: []byte(`{"type":3,"token":"secret-token","member":{"user":{"username":"Ada"}}}`)}})
	shown := encode(t, p.feed.timeline())
	if strings.Contains(shown, "secret-token") || !strings.Contains(shown, "Ada pressed a button") {
		t.Errorf("the timeline is %s", shown)
	}
}

// A page that does not keep up is told to load again; it never holds the bot up.
func TestSlowPageIsDropped(t *testing.T) {
	f := newFeed()
	slow := f.open("m")
	for range maxBehind + 1 {
		f.send(object{}, nil)
	}
	n := 0
	for range slow.events {
		n++
	}
	if n != maxBehind {
		t.Errorf("%d events before the end, want %d", n, maxBehind)
	}
	f.leave(slow) // again, without harm
	for range maxTimeline + 5 {
		f.tell(entry{})
	}
	if n := len(f.timeline()); n != maxTimeline {
		t.Errorf("the timeline holds %d entries, want %d", n, maxTimeline)
	}
}

// The log of the bot becomes lines of the timeline, but for what others show.
func TestLogLines(t *testing.T) {
	p := start(t)
	for _, line := range []string{
		`{"level":"DEBUG","msg":"vote","rating":2,"outcome":"changed"}`,
		`{"level":"DEBUG","msg":"something else"}`,
		`{"level":"WARN","msg":"the model is slow"}`,
		`no JSON`,
	} {
		if n, err := p.Write(append([]byte(line), '\n')); n != len(line)+1 || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
	}
	shown := []byte(encode(t, p.feed.timeline()))
	for _, want := range []string{"A vote is stored: 2 of 5, changed", "The bot logs: the model is slow"} {
		if !bytes.Contains(shown, []byte(want)) {
			t.Errorf("the timeline lacks %q: %s", want, shown)
		}
	}
	if len(p.feed.timeline()) != 2 {
		t.Errorf("the timeline is %s, want 2 entries", shown)
	}
}

// A thread is opened at a message, once, and everybody sees it below its
// channel.
func TestThread(t *testing.T) {
	p := start(t)
	ada, grace, general := p.members[0], p.members[1], p.channels[0].ID
	m := p.discord.Say(ada.ID, general, "<@1> is this a  thread, or is it the beginning of a very long story?")
	if status, text := post(t, p.URL()+"act/thread", encode(t, request{As: grace.ID, Message: m.ID})); status != http.StatusOK {
		t.Fatalf("thread = %d %s", status, text)
	}
	follow(t, p, ada, `"name":"is this a thread, or is it the beginning"`)
	if at := p.places()[1]; at.ID != m.ID || at.Parent != general {
		t.Errorf("behind #general is %+v, want the thread", at)
	}
	inside := p.discord.Say(ada.ID, m.ID, "in the thread")
	direct := p.discord.Say(ada.ID, ada.DM, "to the bot")
	for name, in := range map[string]request{
		"twice": {As: ada.ID, Message: m.ID}, "in a thread": {As: ada.ID, Message: inside.ID}, "in a direct message": {As: ada.ID, Message: direct.ID},
		"unseen": {As: grace.ID, Message: direct.ID}, "nowhere": {As: ada.ID, Message: "1"},
	} {
		if status, _ := post(t, p.URL()+"act/thread", encode(t, in)); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: thread = %d, want 422", name, status)
		}
	}
	if name := threadName(" <@12> "); name != "A thread" {
		t.Errorf("threadName = %q", name)
	}
}

// Files come back from the page's own address.
func TestFiles(t *testing.T) {
	p := start(t)
	ada := p.members[0]
	body := encode(t, request{As: ada.ID, Channel: p.channels[0].ID, Files: []file{{Name: "a.txt", Type: "text/plain", Data: []byte("hello")}}})
	if status, text := post(t, p.URL()+"act/say", body); status != http.StatusOK {
		t.Fatalf("say = %d %s", status, text)
	}
	list := p.discord.Messages(p.channels[0].ID, "")
	_, path, _ := strings.Cut(list[len(list)-1].Attachments[0].URL, "/attachments/")
	answer, err := http.Get(p.URL() + "attachments/" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got, err := io.ReadAll(answer.Body); string(got) != "hello" || err != nil {
		t.Errorf("the file = %q, %v", got, err)
	}
}

// Everything that is no text can be sent, and is refused where it is none.
func TestKindsOfMessages(t *testing.T) {
	p := start(t)
	ada, grace := p.members[0], p.members[1]
	say := func(fields string) (int, string) {
		return post(t, p.URL()+"act/say", `{"as":"`+ada.ID+`","channel":"`+p.channels[0].ID+`",`+fields+`}`)
	}
	theirs := p.discord.Say(grace.ID, grace.DM, "a secret")
	for _, test := range []struct {
		fields, want string // want "" is a refusal
	}{
		{`"poll":{"question":"Which day?","answers":["Saturday"]}`, `"poll":{"question":{"text":"Which day?"}`},
		{`"sticker":"Wave"`, `"name":"Wave"`},
		{`"voice":5`, `"duration_secs":5`},
		{`"alert":true`, `"username":"Status"`},
		{`"poll":{"question":"","answers":["Saturday"]}`, ""},
		{`"poll":{"question":"Which day?","answers":[]}`, ""},
		{`"forward":"` + theirs.ID + `"`, ""},
		{`"forward":"5"`, ""},
		{`"text":""`, ""},
	} {
		status, body := say(test.fields)
		if want := map[bool]int{true: 422, false: 200}[test.want == ""]; status != want {
			t.Errorf("%s = %d %s, want %d", test.fields, status, body, want)
		} else if test.want != "" {
			follow(t, p, ada, test.want)
		}
	}
	list := p.discord.Messages(p.channels[0].ID, ada.ID)
	say(`"forward":"` + list[0].ID + `"`)
	if got := p.discord.Messages(p.channels[0].ID, ada.ID); len(got) != len(list)+1 || len(got[len(list)].Snapshots) != 1 {
		t.Errorf("after a forward there are %d messages", len(got))
	}
}
