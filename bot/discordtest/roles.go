package discordtest

import (
	"slices"
	"time"
)

// role is a role of one guild.
type role struct {
	id, guildID, name string
	permissions       int64
}

// AddRole makes a role in a guild and returns its id. Give it to somebody with SetRoles.
func (s *Server) AddRole(guildID, name string, permissions int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := role{id: s.snowflake(time.Now()), guildID: guildID, name: name, permissions: permissions}
	s.guildRoles = append(s.guildRoles, r)
	return r.id
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

// rolesOf are a guild's roles, as REST shows them. The caller holds s.mu.
func (s *Server) rolesOf(g *Guild) []object {
	list := []object{everyone(g)}
	for _, r := range s.guildRoles {
		if r.guildID == g.ID {
			o := everyone(g)
			o["id"], o["name"], o["permissions"], o["position"] = r.id, r.name, itoa(r.permissions), len(list)
			list = append(list, o)
		}
	}
	return list
}

// in takes those roles out of a membership that belong to another guild. The caller holds s.mu.
func (s *Server) in(g *Guild, m *Member) *Member {
	m.Roles = slices.DeleteFunc(m.Roles, func(id string) bool {
		return slices.ContainsFunc(s.guildRoles, func(r role) bool { return r.id == id && r.guildID != g.ID })
	})
	return m
}
