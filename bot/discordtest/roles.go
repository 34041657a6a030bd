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

// AddRole makes a role that people may mention, and tells the bot.
func (s *Server) AddRole(guildID, name string) Role {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guild(guildID)
	if g == nil {
		s.problem("fake: AddRole: there is no guild %q", guildID)
		return Role{}
	}
	r := newRole(s.snowflake(time.Now()), name)
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
