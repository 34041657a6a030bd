package bot

import (
	"context"
	"encoding/json"
	"runtime/debug"
	"sync"
	"time"

	"feedbackbot/bot/discord"
)

// onEvent takes an event from a shard's read loop, which must not be kept
// waiting: it only decides who handles it.
func (b *Bot) onEvent(shard int, e discord.Event) {
	switch e.Type {
	case "GUILD_CREATE":
		var g discord.Guild
		if b.decode(e, &g) {
			b.onGuild(shard, g)
		}
	case "READY":
		var r struct {
			Guilds []discord.Guild `json:"guilds"`
		}
		if b.decode(e, &r) {
			b.onServers(shard, r.Guilds)
		}
	case "MESSAGE_CREATE":
		var m discord.Message
		if b.decode(e, &m) {
			m.At = time.Now()
			b.onMessage(&m)
		}
	case "CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE":
		var c discord.Channel
		if b.decode(e, &c) {
			b.places.put(c.GuildID, c)
		}
	case "CHANNEL_DELETE", "THREAD_DELETE":
		var c discord.Channel
		if b.decode(e, &c) {
			b.places.remove(c.ID)
		}
	case "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE":
		var one struct {
			GuildID string       `json:"guild_id"`
			Role    discord.Role `json:"role"`
			ID      string       `json:"role_id"` // of a deleted one
		}
		if b.decode(e, &one) {
			b.onRole(one.GuildID, one.Role, one.ID)
		}
	case "THREAD_LIST_SYNC":
		var sync struct {
			GuildID string            `json:"guild_id"`
			Threads []discord.Channel `json:"threads"`
		}
		if b.decode(e, &sync) {
			b.places.put(sync.GuildID, sync.Threads...)
		}
	case "GUILD_DELETE":
		var g struct {
			ID          string `json:"id"`
			Unavailable bool   `json:"unavailable"` // an outage, not a farewell
		}
		if b.decode(e, &g) && !g.Unavailable {
			b.places.leave(g.ID)
			b.roles.leave(g.ID)
			b.onLeft(g.ID)
		}
	case "MESSAGE_DELETE":
		var m discord.Message
		if b.decode(e, &m) {
			b.onDelete(m.ID)
		}
	case "MESSAGE_DELETE_BULK":
		var bulk struct {
			IDs []string `json:"ids"`
		}
		if b.decode(e, &bulk) {
			b.onDelete(bulk.IDs...)
		}
	case "INTERACTION_CREATE":
		select {
		case b.clicks <- click{event: e, received: time.Now()}:
		default:
			b.metrics.dropped.WithLabelValues("too_many_clicks").Inc()
		}
	}
}

func (b *Bot) decode(e discord.Event, into any) bool {
	if err := json.Unmarshal(e.Data, into); err != nil {
		b.metrics.dropped.WithLabelValues("unreadable_event").Inc()
		b.log.Warn("cannot read an event", "type", e.Type, "error", err)
		return false
	}
	return true
}

// click is an interaction on its way to a worker. It is decoded there: in a
// storm of clicks the one read loop is what everybody waits for.
type click struct {
	event    discord.Event
	received time.Time
}

// handleClicks handles interactions until there are no more.
func (b *Bot) handleClicks() {
	for c := range b.clicks {
		i := &discord.Interaction{Received: c.received}
		b.protect("interaction", func() { b.apologise(b.requests, i) }, func() {
			if b.decode(c.event, i) && b.seen.add(i.ID) {
				b.onInteraction(b.requests, i)
			}
		})
	}
}

func (b *Bot) onInteraction(ctx context.Context, i *discord.Interaction) {
	switch {
	case i.UserID() == "":
		b.metrics.dropped.WithLabelValues("unreadable_event").Inc()
	case i.Type == discord.InteractionCommand:
		b.onCommand(ctx, i)
	case i.Type == discord.InteractionComponent:
		b.onClick(ctx, i)
	case i.Type == discord.InteractionModal:
		b.onForm(ctx, i)
	}
}

// protect runs do, and keeps a panic in it from ending the process. sorry, when
// not nil, then tells the person.
func (b *Bot) protect(what string, sorry, do func()) {
	defer func() {
		if p := recover(); p != nil {
			b.metrics.dropped.WithLabelValues("panic").Inc()
			b.log.Error("panic", "in", what, "panic", p, "stack", string(debug.Stack()))
			if sorry != nil {
				b.protect("apology", nil, sorry)
			}
		}
	}()
	do()
}

// recent remembers the latest ids, between n and twice as many.
type recent struct {
	mu       sync.Mutex
	n        int
	now, old map[string]struct{}
}

func newRecent(n int) *recent { return &recent{n: n, now: map[string]struct{}{}} }

// add returns false when it remembers the id.
func (r *recent) add(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, found := r.now[id]; found {
		return false
	}
	if _, found := r.old[id]; found {
		return false
	}
	if len(r.now) >= r.n {
		r.old, r.now = r.now, map[string]struct{}{}
	}
	r.now[id] = struct{}{}
	return true
}
