package bot

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
)

// Finding is one thing that [Check] has looked at.
type Finding struct {
	What  string
	Cause string // what is wrong; "" when all is well
	Mend  string // how to put it right
}

// permissions the bot needs in a server, by their bit.
var permissions = []struct {
	bit  uint
	name string
}{
	{10, "View Channels"},
	{11, "Send Messages"},
	{16, "Read Message History"},
	{38, "Send Messages in Threads"},
}

// Permissions is what the invite link asks for, as Discord writes it.
func Permissions() string {
	var sum uint64
	for _, p := range permissions {
		sum |= 1 << p.bit
	}
	return strconv.FormatUint(sum, 10)
}

// Check asks Discord about everything that running will need: the token, the
// intent, the gateway and the sessions left for today, and the permissions in each server.
func Check(ctx context.Context, options Options) []Finding {
	out, err := discord.New(discord.Options{BaseURL: options.APIURL, Token: options.Token, GlobalRPS: options.GlobalRPS, Log: options.Log})
	if err != nil {
		return []Finding{{"Discord", err.Error(), "set DISCORD_API_URL, or remove it"}}
	}
	me, err := out.Account(ctx)
	if err != nil {
		f := Finding{"Discord token", err.Error(), "see that this machine reaches DISCORD_API_URL, through HTTPS_PROXY where that is set"}
		switch discord.Status(err) {
		case http.StatusNotFound:
			f.Mend = "set DISCORD_API_URL to where Discord's API is, mostly ending in /api/v10"
		case http.StatusUnauthorized:
			f = Finding{"Discord token", "Discord does not accept it", "copy it anew from the Bot page of the developer portal to DISCORD_TOKEN"}
		}
		return []Finding{f}
	}
	findings := []Finding{{What: "Discord token (" + me.Username + ")"}}
	f := Finding{What: "message content intent"}
	app, err := out.Application(ctx)
	switch {
	case err != nil:
		f.Cause, f.Mend = err.Error(), "try again; if it stays, set DISCORD_MESSAGE_CONTENT to on or off"
	case !app.MayReadContent() && options.MessageContent == ContentOn:
		f.Cause, f.Mend = "the application does not have it", "switch it on under Bot, Privileged Gateway Intents, or set DISCORD_MESSAGE_CONTENT=auto"
	case !app.MayReadContent():
		f.What += " (off: replies without a ping are not seen)"
	}
	findings = append(findings, f)
	return append(append(findings, checkGateway(ctx, out)), checkServers(ctx, out, app.ID)...)
}

// checkGateway opens the gateway as far as its greeting: what lets requests through
// may still keep it away.
func checkGateway(ctx context.Context, out *discord.Client) Finding {
	f := Finding{What: "gateway"}
	info, err := out.GatewayInfo(ctx)
	if err != nil {
		f.Cause, f.Mend = err.Error(), "try again in a minute"
		return f
	}
	f.What = fmt.Sprintf("gateway (%d shards, %d sessions left today)", info.Shards, info.Limit.Remaining)
	if info.Limit.Total > 0 && info.Limit.Remaining < fewSessions {
		f.Cause, f.Mend = "few sessions are left", "find out why the bot was started so often; wait until tomorrow"
	} else if err := out.Greeting(ctx, info.URL); err != nil {
		f.Cause = err.Error()
		f.Mend = "let websockets to " + info.URL + " through the proxy or firewall, or name the host in NO_PROXY"
	}
	return f
}

// checkServers looks at the bot's permissions in every server it is in.
func checkServers(ctx context.Context, out *discord.Client, appID string) []Finding {
	var findings []Finding
	for after := "0"; ; {
		page, more, err := out.Servers(ctx, after)
		if err != nil {
			return append(findings, Finding{"servers", err.Error(), "try again in a minute"})
		}
		for _, g := range page {
			f := Finding{What: "permissions in " + text.Plain(g.Name)}
			if missing := missingPermissions(g.Permissions); len(missing) > 0 {
				f.Cause = strings.Join(missing, ", ") + " missing"
				f.Mend = "give them to the bot's role in the server settings"
			}
			findings = append(findings, f)
			after = g.ID
		}
		if !more {
			break
		}
	}
	if len(findings) == 0 {
		return []Finding{{"servers", "the bot is in none", InviteLink(appID)}}
	}
	return findings
}

// InviteLink returns the address that adds the bot to a server.
func InviteLink(appID string) string {
	return "https://discord.com/oauth2/authorize?client_id=" + appID + "&scope=bot+applications.commands&permissions=" + Permissions()
}

func missingPermissions(have string) []string {
	bits, err := strconv.ParseUint(have, 10, 64)
	if err != nil {
		return []string{"permissions unreadable"}
	}
	var missing []string
	for _, p := range permissions {
		if bits&(1<<p.bit) == 0 && bits&discord.Administrator == 0 {
			missing = append(missing, p.name)
		}
	}
	return missing
}

// roomForQuestion is how many tokens a system prompt has to leave at least.
const roomForQuestion = 100

// PromptFits reports whether a system prompt leaves room for a question among as
// many tokens as the model is shown; 0 is any number. It also returns how many
// the prompt takes.
func PromptFits(prompt string, contextTokens int) (taken int, fits bool) {
	taken = tokens(prompt)
	return taken, contextTokens <= 0 || taken+roomForQuestion <= contextTokens
}
