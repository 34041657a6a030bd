package bot_test

import (
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
)

// A persona and a model hold in a channel and its threads, or on a server; the
// nearest choice wins, survives a restart, and can be taken back. Only those who
// manage the place may choose.
func TestPersonaAndModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, boss := w.discord.AddUser("Ada"), w.discord.AddUser("Boss")
	w.discord.SetMemberPermissions(boss.ID, discordtest.DefaultPermissions|discordtest.ManageChannels|discordtest.ManageServer)
	general := w.discord.Channel().ID
	other := w.discord.AddChannel(w.discord.Guild().ID, "other").ID
	thread := w.discord.AddThread(ada.ID, general, "below general").ID
	if err := w.discord.WaitCommand(w.ctx(), "persona"); err != nil {
		t.Fatal(err)
	}
	command := func(who, channel, name string, options map[string]any, want string) {
		t.Helper()
		a, err := w.discord.Command(who, channel, name, options).Wait(w.ctx())
		if err != nil || a.Message == nil || !a.Message.Ephemeral() || !strings.Contains(a.Message.Content, want) {
			t.Errorf("/%s %v = %+v, %v, want %q", name, options, a.Message, err, want)
		}
	}
	asks := func(channel, prompt, model string) {
		t.Helper()
		m := w.answered(w.discord.Say(ada.ID, channel, w.mention("what is 2+2?")).ID)
		requests := w.model.Requests()
		last := requests[len(requests)-1]
		if last.Messages[0].Content != prompt || last.Model != model {
			t.Errorf("in %s the model %s was told %q, want %s and %q", channel, last.Model, last.Messages[0].Content, model, prompt)
		}
		if r := w.response(m.ID); len(r.PromptVersion) != 12 || r.Model != model {
			t.Errorf("stored prompt version %q and model %q", r.PromptVersion, r.Model)
		}
	}
	command(ada.ID, general, "persona", map[string]any{"prompt": "Be rude."}, "Only people who manage this channel")
	command(ada.ID, general, "model", map[string]any{"name": "another", "server": true}, "Only people who manage this server")
	command(ada.ID, general, "persona", nil, "no persona in this channel")
	asks(general, "Be kind.", "scripted")
	command(boss.ID, general, "persona", map[string]any{"prompt": "Be a pirate."}, "I follow this persona in this channel")
	command(boss.ID, other, "persona", map[string]any{"prompt": "Be a robot.", "server": true}, "on this server")
	command(boss.ID, general, "model", map[string]any{"name": "another"}, "**another** answers in this channel")
	w.stop()
	w.start()
	asks(general, "Be a pirate.", "another")
	asks(thread, "Be a pirate.", "another")
	asks(other, "Be a robot.", "scripted")
	command(ada.ID, general, "persona", nil, "Be a pirate.")
	command(ada.ID, general, "model", nil, "There is a choice of: scripted, another")
	command(boss.ID, general, "persona", map[string]any{"reset": true}, "as usual again")
	command(boss.ID, general, "model", map[string]any{"reset": true}, "as usual again")
	asks(general, "Be a robot.", "scripted")
}
