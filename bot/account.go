package bot

import "context"

// What Discord tells about the bot itself.

// application is the bot's application.
type application struct {
	ID    string `json:"id"`
	Flags int    `json:"flags"`
}

// hasContent are the flags of an application that may read message content, in
// any number of servers or in a few.
const hasContent = 1<<18 | 1<<19

// mayReadContent reports whether the application has the privileged intent.
func (a application) mayReadContent() bool { return a.Flags&hasContent != 0 }

// gatewayInfo is how many shards Discord recommends, and how many sessions may
// still begin.
type gatewayInfo struct {
	Shards int `json:"shards"`
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

func (o *outgoing) account(ctx context.Context) (me user, err error) {
	return me, o.get(ctx, "/users/@me", "/users/@me", &me)
}

func (o *outgoing) application(ctx context.Context) (app application, err error) {
	return app, o.get(ctx, "/applications/@me", "/applications/@me", &app)
}

func (o *outgoing) gatewayInfo(ctx context.Context) (info gatewayInfo, err error) {
	return info, o.get(ctx, "/gateway/bot", "/gateway/bot", &info)
}

// maxServers is how many servers Discord lists at once.
const maxServers = 200

// servers returns the page of the bot's servers that follows an id, and whether
// there may be more.
func (o *outgoing) servers(ctx context.Context, after string) (list []joined, more bool, err error) {
	err = o.get(ctx, "/users/@me/guilds?limit=200&after="+after, "/users/@me/guilds", &list)
	return list, len(list) == maxServers, err
}
