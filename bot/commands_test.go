package bot_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"feedbackbot/bot/discordtest"
)

const commandsRoute = "/applications/{application_id}/commands"

// putCommands sets the application's commands as somebody else would.
func (w *world) putCommands(list ...map[string]any) {
	w.t.Helper()
	w.send("PUT", "/applications/"+w.discord.Bot().ID+"/commands", append([]map[string]any{}, list...))
}

// send asks Discord for something as another process of the bot would.
func (w *world) send(method, path string, body any) {
	w.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(w.ctx(), method, w.discord.URL()+path, bytes.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bot " + discordToken}, "User-Agent": {"DiscordBot (test, 1)"}, "Content-Type": {"application/json"}}
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode >= 300 {
		w.t.Fatalf("%s %s = %v, %v", method, path, resp, err)
	}
	resp.Body.Close()
}

// The commands are set when Discord has others, and left alone when it has
// them: Discord limits how often they may be set.
func TestCommandsAreSetWhenTheyDiffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	w.alive()
	w.stop()
	reads := w.watch(discordtest.KindRequest)
	isRead := func(e discordtest.Event) bool {
		r := e.Data.(discordtest.Request)
		return r.Method == "GET" && r.Route == commandsRoute
	}
	w.start()
	w.next(reads, "a look at the commands", isRead)
	w.alive()
	w.stop()
	if n := w.requests("PUT", commandsRoute); n != 1 {
		t.Errorf("the commands were set %d times in two starts, want once", n)
	}
	w.putCommands(map[string]any{"name": "ask", "type": 1, "description": "Ask somebody else."})
	writes := w.watch(discordtest.KindRequest)
	w.start()
	w.next(writes, "the commands set again", func(e discordtest.Event) bool {
		r := e.Data.(discordtest.Request)
		return r.Method == "PUT" && r.Route == commandsRoute && r.Status == 200
	})
	i := w.discord.Command(w.discord.AddUser("ada").ID, w.discord.Channel().ID, "ask", map[string]any{"prompt": "what is 2+2?"})
	if a := answer(t, w, i); a.Type != 5 {
		t.Errorf("/ask was acknowledged with type %d, want 5", a.Type)
	}
}

// A command of an earlier version gets a sentence.
func TestUnknownCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	w.alive()
	w.putCommands(map[string]any{"name": "old", "type": 1, "description": "Old."})
	i := w.discord.Command(w.discord.AddUser("ada").ID, w.discord.Channel().ID, "old", nil)
	if a := answer(t, w, i); a.Type != 4 || !a.Message.Ephemeral() || !strings.Contains(a.Message.Content, "/ask") {
		t.Errorf("an unknown command = type %d, %q, want a hint at /ask", a.Type, a.Message.Content)
	}
}

// An operator can count answers, votes, requests and what was dropped; no
// label names a person, a message or an error's text.
func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	registry := prometheus.NewRegistry()
	w.options.Metrics = registry
	w.start()
	m := w.alive()
	mallory := w.discord.AddUser("mallory")
	answer(t, w, w.discord.Click(mallory.ID, m.ID, thumb(m, 0)))
	answer(t, w, w.discord.ClickRaw(mallory.ID, m.ID, "damaged"))
	w.stop()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			labels := f.GetName()
			for _, l := range metric.GetLabel() {
				labels += " " + l.GetValue()
				for _, secret := range []string{mallory.ID, m.ID, clickToken} {
					if strings.Contains(l.GetValue(), secret) {
						t.Errorf("%s has a label %q", f.GetName(), l.GetValue())
					}
				}
			}
			found[labels] = true
		}
	}
	for _, want := range []string{"feedbackbot_answers_total stop", "feedbackbot_votes_total thumbs saved", "feedbackbot_dropped_total damaged_custom_id",
		"feedbackbot_discord_requests_total POST /interactions/callback 204", "feedbackbot_gateway_events_total ready",
		"feedbackbot_first_text_seconds", "feedbackbot_click_ack_seconds"} {
		if !found[want] {
			t.Errorf("there is no metric %s among %v", want, found)
		}
	}
}

// Without Discord's OpenAPI document the requests' bodies are judged by the
// fake's own rules alone.
func TestBodiesAreValidated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	if !w.validated {
		t.Skip("set DISCORD_OPENAPI to the path of specs/openapi.json of github.com/discord/discord-api-spec to validate every body that these tests send")
	}
	w.start()
	w.alive()
	w.putCommands(map[string]any{"name": "x", "type": 1, "description": "x", "contexts": "nowhere"})
	if len(w.discord.Problems()) == 0 {
		t.Error("a wrong body was not noticed")
	}
	w.allowed = []string{"commands"}
}

// answerTo waits for the complete answer to an interaction.
func (w *world) answerTo(i *discordtest.Interaction) discordtest.Message {
	w.t.Helper()
	return w.message("an answer to an interaction", func(m discordtest.Message) bool {
		return m.InteractionMetadata != nil && m.InteractionMetadata.ID == i.ID && rateable(m)
	})
}
