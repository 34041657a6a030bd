package bot

import (
	"slices"
	"sync"

	"feedbackbot/bot/discord"
)

// roles are the names of all servers' roles, and which of them are the bot's own:
// Discord gives every bot a role in each server, and people who mention it mean the
// bot.
type roles struct {
	mu  sync.Mutex
	all map[string]role     // by id
	of  map[string][]string // their ids, by server

	looked *fleeting[bool] // the servers of which they were read lately
}

type role struct {
	name string
	own  bool
}

func newRoles() *roles {
	return &roles{all: map[string]role{}, of: map[string][]string{}, looked: newFleeting[bool]()}
}

// put adds what Discord tells about roles of a server to a bot.
func (r *roles) put(guildID, botID string, list ...discord.Role) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range list {
		if _, known := r.all[one.ID]; !known {
			r.of[guildID] = append(r.of[guildID], one.ID)
		}
		r.all[one.ID] = role{one.Name, one.Tags.BotID == botID}
	}
}

// set is put for all roles that a server has.
func (r *roles) set(guildID, botID string, list ...discord.Role) {
	r.leave(guildID)
	r.put(guildID, botID, list...)
}

func (r *roles) remove(guildID, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, id)
	r.of[guildID] = slices.DeleteFunc(r.of[guildID], func(other string) bool { return other == id })
}

// leave forgets a server.
func (r *roles) leave(guildID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range r.of[guildID] {
		delete(r.all, id)
	}
	delete(r.of, guildID)
}

// name returns what a role is called; "" if that is not known.
func (r *roles) name(id string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all[id].name
}

func (r *roles) knows(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.all[id]
	return known
}

// isOurs reports whether a role is the bot's own.
func (r *roles) isOurs(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all[id].own
}

// anyOurs reports whether one of some roles is the bot's own.
func (r *roles) anyOurs(ids []string) bool { return slices.ContainsFunc(ids, r.isOurs) }

// onRole takes in that a role of a server was made or changed, or deleted.
func (b *Bot) onRole(guildID string, changed discord.Role, deletedID string) {
	if deletedID != "" {
		b.roles.remove(guildID, deletedID)
		return
	}
	b.roles.put(guildID, b.me.ID, changed)
}

// onUnknownRole takes a message that mentions a role nobody has told the bot of. It
// may be the bot's own: the server's roles are read, at most once in a while. It
// returns false for any other message.
func (b *Bot) onUnknownRole(m *discord.Message) bool {
	if m.GuildID == "" || !slices.ContainsFunc(m.MentionRoles, func(id string) bool { return !b.roles.knows(id) }) {
		return false
	}
	if _, lately := b.roles.looked.get(m.GuildID); lately {
		return false
	}
	b.roles.looked.put(m.GuildID, true)
	b.begin("roles", func() {
		list, err := b.out.Roles(b.requests, m.GuildID)
		if err != nil {
			b.log.Warn("cannot read the roles of a server", "error", err)
			return
		}
		b.roles.set(m.GuildID, b.me.ID, list...)
		if b.roles.anyOurs(m.MentionRoles) {
			b.onQuestion(m)
		}
	})
	return true
}
