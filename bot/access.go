package bot

import (
	"context"
	"slices"

	"feedbackbot/bot/discord"
)

// Access says who may ask the bot, and where. Lists hold Discord ids; an empty
// list of who is allowed allows everybody.
type Access struct {
	AllowPlaces []string // servers, categories and channels; a thread counts as its channel
	DenyPlaces  []string
	AllowPeople []string // roles and users
	DenyPeople  []string
	NoDirect    bool     // no direct messages
	AnswerAll   []string // channels and categories where every message is a question
}

// needsRoles reports whether it matters which roles somebody has.
func (a Access) needsRoles() bool { return len(a.AllowPeople)+len(a.DenyPeople) > 0 }

// fetchMember reads which roles the author of a message has, when the message does
// not say. It returns false when they cannot be known: then nobody is answered who
// perhaps may not ask.
func (b *Bot) fetchMember(ctx context.Context, m *discord.Message) bool {
	member, err := b.out.Member(ctx, m.GuildID, m.Author.ID)
	if err != nil {
		b.metrics.dropped.WithLabelValues("not_allowed").Inc()
		b.log.Warn("cannot read who asks; not answering", "question_id", m.ID, "error", err)
		return false
	}
	m.Member = &member
	return true
}

// verdict is what comes of asking somewhere.
type verdict struct {
	allowed bool
	sorry   string // what to tell the person; "" where the operator wants silence
}

// judge decides whether somebody may ask in a channel.
func (b *Bot) judge(guildID, channelID, userID string, roles []string) verdict {
	a := b.options.Access
	people := append([]string{userID}, roles...)
	switch {
	case listed(a.DenyPeople, people) || len(a.AllowPeople) > 0 && !listed(a.AllowPeople, people):
		return verdict{sorry: textNotAllowed}
	case guildID == "" && a.NoDirect:
		return verdict{sorry: textNoDirect}
	case guildID == "":
		return verdict{allowed: true}
	}
	where := b.whereabouts(guildID, channelID)
	if listed(a.DenyPlaces, where) || len(a.AllowPlaces) > 0 && !listed(a.AllowPlaces, where) {
		return verdict{}
	}
	return verdict{allowed: true}
}

// whereabouts are a channel and what it belongs to: the channel of a thread, the
// category, the server.
func (b *Bot) whereabouts(guildID, channelID string) []string {
	where := []string{guildID}
	for id := channelID; id != "" && len(where) < 5; id = b.places.get(id).parentID {
		where = append(where, id)
	}
	return where
}

// answersAll reports whether every message in a channel is a question.
func (b *Bot) answersAll(guildID, channelID string) bool {
	all := b.options.Access.AnswerAll
	return len(all) > 0 && listed(all, b.whereabouts(guildID, channelID))
}

func listed(list, ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(list, id) })
}

// mayAsk reports whether somebody may ask by an interaction, or what to tell them.
func (b *Bot) mayAsk(i *discord.Interaction) (sorry string, ok bool) {
	var roles []string
	if i.Member != nil {
		roles = i.Member.Roles
	}
	v := b.judge(i.GuildID, i.ChannelID, i.UserID(), roles)
	if !v.allowed && v.sorry == "" {
		v.sorry = textNotAllowed // only they see it
	}
	return v.sorry, v.allowed
}
