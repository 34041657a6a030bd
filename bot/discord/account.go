package discord

import "context"

// What Discord tells about the bot itself.

// Application is the bot's application.
type Application struct {
	ID    string `json:"id"`
	Flags int    `json:"flags"`
}

// HasContent are the flags of an application that may read message content, in
// any number of servers or in a few.
const HasContent = 1<<18 | 1<<19

// MayReadContent reports whether the application has the privileged intent.
func (a Application) MayReadContent() bool { return a.Flags&HasContent != 0 }

// GatewayInfo is how many shards Discord recommends, and how many sessions may
// still begin.
type GatewayInfo struct {
	URL    string `json:"url"`
	Shards int    `json:"shards"`
	Limit  struct {
		Total          int   `json:"total"`
		Remaining      int   `json:"remaining"`
		ResetAfter     int64 `json:"reset_after"` // milliseconds
		MaxConcurrency int   `json:"max_concurrency"`
	} `json:"session_start_limit"`
}

// joined is a server that the bot is in, with its permissions there.
type joined struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Permissions string `json:"permissions"`
}

// Account returns the bot's own account.
func (o *Client) Account(ctx context.Context) (me User, err error) {
	return me, o.get(ctx, "/users/@me", "/users/@me", &me)
}

// Application returns the bot's application.
func (o *Client) Application(ctx context.Context) (app Application, err error) {
	return app, o.get(ctx, "/applications/@me", "/applications/@me", &app)
}

// GatewayInfo returns how many shards and sessions there may be.
func (o *Client) GatewayInfo(ctx context.Context) (info GatewayInfo, err error) {
	return info, o.get(ctx, "/gateway/bot", "/gateway/bot", &info)
}

// Member returns somebody's membership in a server. Messages that are read, and
// not announced, come without it.
func (o *Client) Member(ctx context.Context, guildID, userID string) (m Member, err error) {
	return m, o.get(ctx, "/guilds/"+guildID+"/members/"+userID, "/guilds/members/id", &m)
}

// maxServers is how many servers Discord lists at once.
const maxServers = 200

// Servers returns the page of the bot's servers that follows an id, and whether
// there may be more.
func (o *Client) Servers(ctx context.Context, after string) (list []joined, more bool, err error) {
	err = o.get(ctx, "/users/@me/guilds?limit=200&after="+after, "/users/@me/guilds", &list)
	return list, len(list) == maxServers, err
}
