package discordtest

import (
	"slices"
	"time"
)

// Role is a role of a guild.
type Role struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	Permissions  string    `json:"permissions"`
	Position     int       `json:"position"`
	Color        int       `json:"color"`
	Colors       object    `json:"colors"`
	Hoist        bool      `json:"hoist"`
	Managed      bool      `json:"managed"`
	Mentionable  bool      `json:"mentionable"`
	Icon         *string   `json:"icon"`
	UnicodeEmoji *string   `json:"unicode_emoji"`
	Flags        int       `json:"flags"`
	Tags         *RoleTags `json:"tags,omitempty"`
}

// RoleTags say whose role it is: every bot has one of its own in each guild, which people take for the bot.
type RoleTags struct {
	BotID         string `json:"bot_id,omitempty"`
	IntegrationID string `json:"integration_id,omitempty"`
}

func newRole(id, name string) Role {
	return Role{ID: id, Name: name, Permissions: itoa(DefaultPermissions), Mentionable: true,
		Colors: object{"primary_color": 0, "secondary_color": nil, "tertiary_color": nil}}
}

// managedRole makes the bot's own role. The caller holds s.mu.
func (s *Server) managedRole() Role {
	r := newRole(s.snowflake(time.Now()), s.bot.Username)
	r.Managed, r.Mentionable, r.Tags = true, false, &RoleTags{BotID: s.bot.ID, IntegrationID: s.bot.ID}
	return r
}

func ownRole(g *Guild) Role {
	return g.roles[slices.IndexFunc(g.roles, func(r Role) bool { return r.Managed })]
}

// OwnRole is the bot's own role in a guild.
func (s *Server) OwnRole(guildID string) Role {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.guild(guildID); g != nil {
		return ownRole(g)
	}
	return Role{}
}

// AddRole makes a role that people may mention, with the given permissions, or DefaultPermissions without any, and tells
// the bot. Give it to somebody with SetRoles.
func (s *Server) AddRole(guildID, name string, permissions ...int64) Role {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guild(guildID)
	if g == nil {
		s.problem("fake: AddRole: there is no guild %q", guildID)
		return Role{}
	}
	r := newRole(s.snowflake(time.Now()), name)
	if len(permissions) > 0 {
		r.Permissions = itoa(permissions[0])
	}
	g.roles = append(g.roles[:len(g.roles):len(g.roles)], r)
	s.dispatch(event{name: "GUILD_ROLE_CREATE", guild: g.ID, intent: intentGuilds, data: object{"guild_id": g.ID, "role": r}})
	return r
}

// DeleteRole removes a role, and tells the bot.
func (s *Server) DeleteRole(guildID, roleID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.guild(guildID); g != nil && s.hasRole(guildID, roleID) {
		g.roles = slices.DeleteFunc(slices.Clone(g.roles), func(r Role) bool { return r.ID == roleID })
		s.dispatch(event{name: "GUILD_ROLE_DELETE", guild: g.ID, intent: intentGuilds, data: object{"guild_id": g.ID, "role_id": roleID}})
	}
}

func (s *Server) hasRole(guildID, roleID string) bool {
	g := s.guild(guildID)
	return g != nil && slices.ContainsFunc(g.roles, func(r Role) bool { return r.ID == roleID })
}

// Overwrite adds an overwrite to a channel: of a role, or of a member (type 1).
func (s *Server) Overwrite(channelID string, o Overwrite) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channelID]
	if c == nil {
		s.problem("fake: Overwrite: there is no channel %q", channelID)
		return
	}
	c.Overwrites = append(slices.Clip(c.Overwrites), o)
	s.dispatchChannel("CHANNEL_UPDATE", c)
}

// Kick takes a user out of a guild.
func (s *Server) Kick(guildID, userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.absent == nil {
		s.absent = map[string]bool{}
	}
	s.absent[guildID+" "+userID] = true
}

// in takes those roles out of a membership that belong to another guild. The caller holds s.mu.
func (s *Server) in(g *Guild, m *Member) *Member {
	m.Roles = slices.DeleteFunc(m.Roles, func(id string) bool {
		return slices.ContainsFunc(s.guilds, func(other *Guild) bool { return other != g && s.hasRole(other.ID, id) })
	})
	return m
}
