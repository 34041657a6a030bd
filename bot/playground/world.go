package playground

import (
	"encoding/json"
	"slices"

	"feedbackbot/bot/discordtest"
)

// member is somebody the visitor can be.
type member struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
	DM   string `json:"dm"` // their channel with the bot
}

// roleReviewer is the role of the member who reviews.
const roleReviewer = "reviewer"

// channel is a text channel of the server, or a thread in one.
type channel struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Topic  string `json:"topic"`
	Parent string `json:"parent,omitempty"` // of a thread
}

func (p *Playground) createWorld() {
	d := p.discord
	guild := d.Guild()
	p.channels = []channel{{ID: d.Channel().ID, Name: d.Channel().Name, Topic: "Say hello, and mention the bot to ask it something"}}
	for _, c := range []channel{
		{Name: "help", Topic: "Questions and answers"},
		{Name: "random", Topic: "Whatever does not fit elsewhere"},
	} {
		c.ID = d.AddChannel(guild.ID, c.Name).ID
		p.channels = append(p.channels, c)
	}
	for _, m := range []member{
		{Name: "Ada", Role: "member"}, {Name: "Grace", Role: "member"}, {Name: "Linus", Role: "member"}, {Name: "Rosalind", Role: roleReviewer},
	} {
		m.ID = d.AddUser(m.Name).ID
		m.DM = d.DM(m.ID).ID
		if m.Role == roleReviewer {
			d.SetMemberPermissions(m.ID, discordtest.DefaultPermissions|discordtest.ManageMessages|discordtest.ManageChannels|discordtest.ManageServer)
		}
		p.members = append(p.members, m)
	}
}

// places returns the channels and threads as they are now.
func (p *Playground) places() []channel {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.channels)
}

// opened adds a thread behind its channel and that channel's older threads.
func (p *Playground) opened(c discordtest.Channel) {
	p.mu.Lock()
	at := slices.IndexFunc(p.channels, func(o channel) bool { return o.ID == c.ParentID }) + 1
	for at < len(p.channels) && p.channels[at].Parent == c.ParentID {
		at++
	}
	p.channels = slices.Insert(p.channels, at, channel{ID: c.ID, Name: c.Name, Topic: "A thread", Parent: c.ParentID})
	p.mu.Unlock()
	p.feed.send(object{"type": "channels", "channels": p.places()}, nil)
}

// sees reports whether a member may see what happens in a channel.
func (p *Playground) sees(memberID, channelID string) bool {
	if slices.ContainsFunc(p.places(), func(c channel) bool { return c.ID == channelID }) {
		return true
	}
	for _, m := range p.members {
		if m.DM == channelID {
			return m.ID == memberID
		}
	}
	return false
}

func (p *Playground) isMember(id string) bool {
	for _, m := range p.members {
		if m.ID == id {
			return true
		}
	}
	return false
}

// snapshot is everything a member sees when the page opens.
type snapshot struct {
	Type     string                           `json:"type"`
	Me       string                           `json:"me"`
	Scripted bool                             `json:"scripted"`
	Server   string                           `json:"server"`
	Bot      discordtest.User                 `json:"bot"`
	Role     discordtest.Role                 `json:"role"` // the bot's own
	Online   bool                             `json:"online"`
	Members  []member                         `json:"members"`
	Channels []channel                        `json:"channels"`
	Messages map[string][]discordtest.Message `json:"messages"` // by channel
	Commands []json.RawMessage                `json:"commands"`
	Switches map[string]bool                  `json:"switches"`
	Timeline []entry                          `json:"timeline"`
}

func (p *Playground) snapshot(me string) snapshot {
	s := snapshot{
		Type: "snapshot", Me: me, Scripted: p.options.Scripted, Server: p.discord.Guild().Name, Bot: p.discord.Bot(),
		Role:   p.discord.OwnRole(p.discord.Guild().ID),
		Online: p.discord.Connections() > 0, Members: p.members, Channels: p.places(),
		Messages: map[string][]discordtest.Message{}, Commands: p.discord.Commands(),
		Switches: p.switches(), Timeline: p.feed.timeline(),
	}
	for _, c := range s.Channels {
		s.Messages[c.ID] = p.discord.Messages(c.ID, me)
	}
	dm := p.discord.DM(me).ID
	s.Messages[dm] = p.discord.Messages(dm, me)
	return s
}
