package discord

import (
	"context"
	"slices"
	"strconv"
)

// Overwrite grants and denies permissions in one channel, to a role or a member.
type Overwrite struct {
	ID    string `json:"id"`
	Type  int    `json:"type"`
	Allow string `json:"allow"`
	Deny  string `json:"deny"`
}

// overwriteOfMember is the type of an [Overwrite] that is a member's.
const overwriteOfMember = 1

// ServerRights is what permissions in a server follow from.
type ServerRights struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	OwnerID string `json:"owner_id"`
	Roles   []Role `json:"roles"`
}

// Permissions that reading a channel takes.
const (
	ViewChannel = 1 << 10
	ReadHistory = 1 << 16
)

// Rights returns what permissions in a server follow from.
func (o *Client) Rights(ctx context.Context, guildID string) (r ServerRights, err error) {
	return r, o.get(ctx, "/guilds/"+guildID, "/guilds/id", &r)
}

// Channels returns a server's channels, without its threads.
func (o *Client) Channels(ctx context.Context, guildID string) (list []Channel, err error) {
	return list, o.get(ctx, "/guilds/"+guildID+"/channels", "/guilds/channels", &list)
}

// Channel returns a channel or a thread.
func (o *Client) Channel(ctx context.Context, id string) (c Channel, err error) {
	return c, o.get(ctx, "/channels/"+id, "/channels/id", &c)
}

// MayRead reports whether a member may see a channel and what was said there, by
// Discord's rules: roles add up; in a channel everybody's overwrite comes first,
// then those of the roles together, then the member's own.
func (r ServerRights) MayRead(m Member, c Channel) bool {
	if m.User == nil {
		return false
	}
	var rights int64
	for _, role := range r.Roles {
		if role.ID == r.ID || slices.Contains(m.Roles, role.ID) {
			rights |= bits(role.Permissions)
		}
	}
	if m.User.ID == r.OwnerID || rights&Administrator != 0 {
		return true
	}
	var allow, deny int64
	for _, o := range c.Overwrites {
		switch {
		case o.ID == r.ID:
			rights = rights&^bits(o.Deny) | bits(o.Allow)
		case o.Type != overwriteOfMember && slices.Contains(m.Roles, o.ID):
			allow, deny = allow|bits(o.Allow), deny|bits(o.Deny)
		}
	}
	rights = rights&^deny | allow
	for _, o := range c.Overwrites {
		if o.Type == overwriteOfMember && o.ID == m.User.ID {
			rights = rights&^bits(o.Deny) | bits(o.Allow)
		}
	}
	const needed = ViewChannel | ReadHistory
	return rights&needed == needed
}

// bits are permissions as Discord writes them; none when that cannot be read.
func bits(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// IsPrivate reports whether a thread is for those only who were invited to it.
func (c Channel) IsPrivate() bool { return c.Type == 12 }
