package bot_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
)

// A close code that no repetition can mend ends Run with an error that names
// the setting to change, whether it comes at IDENTIFY or later, and Discord is
// not called again.
func TestFatalCloseCodes(t *testing.T) {
	t.Parallel()
	for code, names := range map[int]string{4004: "DISCORD_TOKEN", 4010: "DISCORD_SHARDS", 4011: "DISCORD_SHARDS",
		4012: "newer feedbackbot", 4013: "intents", 4014: "MESSAGE CONTENT intent"} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprint(code, " late ", late), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, discordtest.Options{})
				if late {
					w.start()
					w.discord.Disconnect(code)
				} else {
					w.discord.OnIdentify(func(int) discordtest.GatewayAction { return discordtest.GatewayAction{Close: code} })
					w.boot()
				}
				err := w.fails()
				if !errors.Is(err, bot.ErrConfiguration) || !strings.Contains(fmt.Sprint(err), names) {
					t.Errorf("Run() = %v, want ErrConfiguration that names %s", err, names)
				}
				if n := w.discord.Identifies() + w.discord.Resumes(); n != 1 {
					t.Errorf("%d sessions asked for, want 1", n)
				}
			})
		}
	}
}

// A token that Discord refuses ends Run after a single request.
func TestWrongToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.Token = "wrong"
	w.boot()
	if err := w.fails(); !errors.Is(err, bot.ErrConfiguration) || !strings.Contains(fmt.Sprint(err), "DISCORD_TOKEN") {
		t.Errorf("Run() = %v, want ErrConfiguration that names DISCORD_TOKEN", err)
	}
	if n := len(w.discord.Requests()); n > 2 {
		t.Errorf("%d requests with a refused token, want 1 or 2", n)
	}
}

// An address at which there is no Discord ends Run, and is named by Check.
func TestNoDiscordThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.discord.Inject(discordtest.Fault{Path: "/users/@me", Status: 404, Body: "404 page not found"})
	if f := bot.Check(w.ctx(), w.options); len(f) != 1 || !strings.Contains(f[0].Mend, "DISCORD_API_URL") {
		t.Errorf("Check() = %+v, want a mend that names DISCORD_API_URL", f)
	}
	w.boot()
	if err := w.fails(); !errors.Is(err, bot.ErrConfiguration) || !strings.Contains(fmt.Sprint(err), "DISCORD_API_URL") {
		t.Errorf("Run() = %v, want ErrConfiguration that names DISCORD_API_URL", err)
	}
}

// An intent that is asked for and not granted ends Run with its name.
func TestIntentNotGranted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{Intents: discordtest.NoPrivilegedIntents})
	w.options.MessageContent = bot.ContentOn
	w.boot()
	if err := w.fails(); !errors.Is(err, bot.ErrConfiguration) || !strings.Contains(fmt.Sprint(err), "MESSAGE CONTENT intent") {
		t.Errorf("Run() = %v, want ErrConfiguration that names the intent", err)
	}
}

// A token that is revoked while the bot runs stops it: after the first 401 and
// one check nothing more is sent.
func TestRevokedToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	w.alive()
	before := len(w.discord.Requests())
	w.discord.Inject(discordtest.Fault{Path: "/channels/**", Status: 401})
	w.discord.Inject(discordtest.Fault{Path: "/users/**", Status: 401})
	w.ask(w.discord.AddUser("ada").ID, "what is 3+3?")
	if err := w.fails(); !errors.Is(err, bot.ErrConfiguration) {
		t.Errorf("Run() = %v, want ErrConfiguration", err)
	}
	if n := len(w.discord.Requests()) - before; n > 4 {
		t.Errorf("%d requests with a revoked token, want a handful", n)
	}
}

// One 401 that the check does not confirm stops nothing.
func TestLone401(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.allowed = []string{"requests go on after a 401"} // as they should
	w.start()
	w.discord.Inject(discordtest.Fault{Method: "POST", Path: "/channels/*/typing", Status: 401, Times: 1})
	w.alive()
	w.alive()
}

// An address that is none is refused before anything runs.
func TestBadAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "discord.com", "://", "/api/v10"} {
		if _, err := bot.New(bot.Options{APIURL: address}, nil, nil); err == nil || !strings.Contains(err.Error(), "DISCORD_API_URL") {
			t.Errorf("New(%q) = %v, want an error that names DISCORD_API_URL", address, err)
		}
	}
}
