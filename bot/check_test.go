package bot_test

import (
	"strings"
	"testing"
	"time"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
)

// Check finds what running would stumble over, each with a cause and a mend.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		discord discordtest.Options
		change  func(w *world)
		what    string // of the finding
		cause   string // in its cause; "" when all is well
	}{
		{"token", discordtest.Options{}, nil, "Discord token (testbot)", ""},
		{"wrong token", discordtest.Options{}, func(w *world) { w.options.Token = "x" }, "Discord token", "does not accept"},
		{"unreachable", discordtest.Options{}, func(w *world) { w.options.APIURL = "http://127.0.0.1:1/api/v10" }, "Discord token", "refused"},
		{"intent", discordtest.Options{}, nil, "message content intent", ""},
		{"intent off", discordtest.Options{Intents: discordtest.NoPrivilegedIntents}, nil, "message content intent (off", ""},
		{"intent missing", discordtest.Options{Intents: discordtest.NoPrivilegedIntents},
			func(w *world) { w.options.MessageContent = bot.ContentOn }, "message content intent", "does not have it"},
		{"no application", discordtest.Options{}, func(w *world) {
			w.discord.Inject(discordtest.Fault{Path: "/applications/@me", Status: 403})
		}, "message content intent", "403"},
		{"gateway", discordtest.Options{Shards: 3}, nil, "gateway (3 shards, 1000 sessions left today)", ""},
		{"few sessions", discordtest.Options{SessionStarts: 9}, nil, "gateway (1 shards, 9 sessions left today)", "few sessions"},
		{"no websockets", discordtest.Options{}, func(w *world) {
			w.discord.OnConnect(func(int) discordtest.GatewayAction { return discordtest.GatewayAction{Close: 4000} })
		}, "gateway (1 shards", "close 4000"},
		{"permissions", discordtest.Options{}, nil, "permissions in Test Server", ""},
		{"missing permissions", discordtest.Options{}, func(w *world) {
			w.discord.Inject(discordtest.Fault{Path: "/users/@me/guilds", Status: 200, Body: `[{"id":"1","name":"Mine","permissions":"3072"}]`})
		}, "permissions in Mine", "Read Message History, Send Messages in Threads missing"},
		{"no servers", discordtest.Options{}, func(w *world) {
			w.discord.Inject(discordtest.Fault{Path: "/users/@me/guilds", Status: 200, Body: "[]"})
		}, "servers", "in none"},
		{"administrator", discordtest.Options{}, func(w *world) {
			w.discord.Inject(discordtest.Fault{Path: "/users/@me/guilds", Status: 200, Body: `[{"id":"1","name":"Mine","permissions":"8"}]`})
		}, "permissions in Mine", ""},
		{"unreadable permissions", discordtest.Options{}, func(w *world) {
			w.discord.Inject(discordtest.Fault{Path: "/users/@me/guilds", Status: 200, Body: `[{"id":"1","name":"Mine","permissions":"x"}]`})
		}, "permissions in Mine", "unreadable"},
		{"limited, without a log", discordtest.Options{}, func(w *world) {
			f := discordtest.RateLimited("global", 50*time.Millisecond)
			f.Times = 2
			w.discord.Inject(f)
			w.options.Log = nil
		}, "Discord token (testbot)", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.discord)
			if tt.change != nil {
				tt.change(w)
			}
			for _, f := range bot.Check(w.ctx(), w.options) {
				if !strings.HasPrefix(f.What, tt.what) {
					continue
				}
				if !strings.Contains(f.Cause, tt.cause) || (f.Cause == "") != (tt.cause == "") || (f.Mend == "") != (f.Cause == "") {
					t.Errorf("finding %+v, want the cause %q and a mend for it", f, tt.cause)
				}
				return
			}
			t.Errorf("nothing was found about %q", tt.what)
		})
	}
}

// The invite link asks for exactly the permissions that Check looks for.
func TestInviteLink(t *testing.T) {
	t.Parallel()
	const want = 1<<10 | 1<<11 | 1<<16 | 1<<38
	if got := bot.Permissions(); got != "274877975552" || want != 274877975552 {
		t.Errorf("Permissions() = %s, want %d", got, want)
	}
	if link := bot.InviteLink("42"); !strings.Contains(link, "client_id=42&") || !strings.HasSuffix(link, "permissions="+bot.Permissions()) {
		t.Errorf("InviteLink(42) = %s", link)
	}
}
