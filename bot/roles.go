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
}

type role struct {
	name string
	own  bool
}

func newRoles() *roles { return &roles{all: map[string]role{}, of: map[string][]string{}} }

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
