package discordtest

import (
	"strconv"
	"time"
)

// world is who and what exists. Messages are immutable: an edit replaces the pointer.
type world struct {
	bot      User
	guilds   []*Guild
	users    map[string]*User
	channels map[string]*channel
	order    []*channel          // as created
	roles    map[string][]string // by user
	dms      map[string]*channel // by user
	messages map[string]*Message
	timeline []string // ids of all messages, ascending; the deleted ones too
	general  *channel
	joined   string
	resumeAt string
	rights   map[string]int64 // of users who have others than DefaultPermissions
	refused  map[*Refusal]struct{}

	absent map[string]bool // by guild and user, who is not a member

	files     map[string]Attachment // with their bytes, by id
	fileOrder []string              // their ids, oldest first
	fileBytes int
	fileAge   int // grows when the addresses of files expire
}

type channel struct {
	Channel
	list []string // message ids, ascending
}

// The permissions that the REST routes ask for, and what a channel grants by default.
const (
	ManageChannels        int64 = 1 << 4
	ManageServer          int64 = 1 << 5
	ViewChannel           int64 = 1 << 10
	SendMessages          int64 = 1 << 11
	ManageMessages        int64 = 1 << 13
	EmbedLinks            int64 = 1 << 14
	AttachFiles           int64 = 1 << 15
	ReadMessageHistory    int64 = 1 << 16
	CreatePublicThreads   int64 = 1 << 35
	SendMessagesInThreads int64 = 1 << 38
	DefaultPermissions          = ViewChannel | SendMessages | EmbedLinks | AttachFiles | ReadMessageHistory | CreatePublicThreads | SendMessagesInThreads
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func (s *Server) createWorld() {
	now := time.Now()
	s.users, s.channels = map[string]*User{}, map[string]*channel{}
	s.dms, s.messages = map[string]*channel{}, map[string]*Message{}
	s.files, s.rights, s.refused = map[string]Attachment{}, map[string]int64{}, map[*Refusal]struct{}{}
	s.joined = timestamp(now.Add(-24 * time.Hour))
	s.bot = User{ID: s.snowflake(now.Add(-48 * time.Hour)), Username: s.opt.BotName, Discriminator: "0", Bot: true}
	s.users[s.bot.ID] = &s.bot
	g := s.AddGuild("Test Server")
	s.AddChannel(g.ID, "general")
	s.general = s.order[0]
}

// Bot is the bot's own user. Its id is the application's id too.
func (s *Server) Bot() User { return s.bot }

// Guild is the guild that exists from the start.
func (s *Server) Guild() Guild { s.mu.Lock(); defer s.mu.Unlock(); return *s.guilds[0] }

// Channel is the channel that exists from the start.
func (s *Server) Channel() Channel { s.mu.Lock(); defer s.mu.Unlock(); return s.general.Channel }

// AddGuild makes a guild and adds the bot to it. Guilds made in a row belong to different shards.
func (s *Server) AddGuild(name string) Guild {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := s.newUser("owner of " + name)
	// The id's milliseconds decide the shard, so they count up by one from guild to guild.
	start, _ := strconv.ParseInt(s.bot.ID, 10, 64)
	g := &Guild{ID: itoa((start>>22 + int64(len(s.guilds)) + 1) << 22), Name: name, OwnerID: owner.ID}
	everyone := newRole(g.ID, "@everyone") // like Discord, its id is the guild's
	everyone.Mentionable = false
	g.roles = []Role{everyone, s.managedRole()}
	s.guilds = append(s.guilds, g)
	s.dispatch(event{name: "GUILD_CREATE", guild: g.ID, intent: intentGuilds, data: s.guildCreate(g)})
	return *g
}

// AddChannel makes a text channel in which the bot has the given permissions, or DefaultPermissions without any.
func (s *Server) AddChannel(guildID, name string, permissions ...int64) Channel {
	return s.addChannel(0, guildID, name, permissions)
}

func (s *Server) addChannel(kind int, guildID, name string, permissions []int64) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &channel{Channel: Channel{ID: s.snowflake(time.Now()), Type: kind, GuildID: guildID, Name: name, Position: len(s.order)}}
	c.Permissions = DefaultPermissions
	if len(permissions) > 0 {
		c.Permissions = 0
		for _, p := range permissions {
			c.Permissions |= p
		}
	}
	if s.guild(c.GuildID) == nil {
		s.problem("fake: AddChannel: there is no guild %q", c.GuildID)
	}
	s.setOverwrites(c)
	s.channels[c.ID] = c
	s.order = append(s.order, c)
	s.dispatchChannel("CHANNEL_CREATE", c)
	return c.Channel
}

// SetPermissions changes what the bot may do in a channel, and tells it so.
func (s *Server) SetPermissions(channelID string, permissions int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channels[channelID]; c != nil {
		c.Permissions = permissions
		s.setOverwrites(c)
		for _, thread := range s.order {
			if thread.Thread != nil && thread.ParentID == channelID {
				thread.Permissions = permissions
			}
		}
		s.dispatchChannel("CHANNEL_UPDATE", c)
	}
}

// setOverwrites shows the bot's permissions the way a client can compute them.
func (s *Server) setOverwrites(c *channel) {
	deny := DefaultPermissions &^ c.Permissions
	allow := c.Permissions &^ DefaultPermissions
	c.Overwrites = []Overwrite{{ID: s.bot.ID, Type: 1, Allow: itoa(allow), Deny: itoa(deny)}}
}

func (s *Server) dispatchChannel(name string, c *channel) {
	s.dispatch(event{name: name, guild: c.GuildID, intent: intentGuilds, data: c.Channel})
}

// DeleteChannel removes a channel with its messages.
func (s *Server) DeleteChannel(channelID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channelID]
	if c == nil {
		return
	}
	for _, id := range c.list {
		delete(s.messages, id)
	}
	delete(s.channels, channelID)
	for n, other := range s.order {
		if other == c {
			s.order = append(s.order[:n:n], s.order[n+1:]...)
			break
		}
	}
	s.dispatchChannel("CHANNEL_DELETE", c)
}

// AddUser makes a user who is a member of every guild.
func (s *Server) AddUser(name string) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.newUser(name)
	for _, g := range s.guilds {
		m := s.member(u.ID)
		m.User = u
		s.dispatch(event{name: "GUILD_MEMBER_ADD", guild: g.ID, intent: intentMembers, data: struct {
			*Member
			GuildID string `json:"guild_id"`
		}{m, g.ID}})
	}
	return *u
}

func (s *Server) newUser(name string) *User {
	u := &User{ID: s.snowflake(time.Now()), Username: name, GlobalName: &name, Discriminator: "0"}
	s.users[u.ID] = u
	return u
}

// SetMemberPermissions changes what a user may do, as interactions tell it.
func (s *Server) SetMemberPermissions(userID string, permissions int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rights[userID] = permissions
}

func (s *Server) permissionsOf(userID string) int64 {
	if rights, changed := s.rights[userID]; changed {
		return rights
	}
	return DefaultPermissions
}

// member is a user's membership, the same in every guild.
func (s *Server) member(userID string) *Member {
	return &Member{Roles: append([]string{}, s.roles[userID]...), JoinedAt: s.joined}
}

// SetRoles gives a user roles, in every guild.
func (s *Server) SetRoles(userID string, roles ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.roles == nil {
		s.roles = map[string][]string{}
	}
	s.roles[userID] = roles
}

// DM is the direct message channel between a user and the bot, made at its first use.
func (s *Server) DM(userID string) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.dm(userID); c != nil {
		return c.Channel
	}
	s.problem("fake: DM: there is no user %s", userID)
	return Channel{}
}

func (s *Server) dm(userID string) *channel {
	if c := s.dms[userID]; c != nil {
		return c
	}
	u := s.users[userID]
	if u == nil {
		return nil
	}
	c := &channel{Channel: Channel{ID: s.snowflake(time.Now()), Type: 1, Recipients: []User{*u}}}
	c.Permissions = DefaultPermissions
	s.channels[c.ID], s.dms[userID] = c, c
	return c
}

func (s *Server) guild(id string) *Guild {
	for _, g := range s.guilds {
		if g.ID == id {
			return g
		}
	}
	return nil
}

func (s *Server) guildChannels(guildID string) []Channel {
	list := []Channel{}
	for _, c := range s.order {
		if c.GuildID == guildID && c.Thread == nil && c.Permissions&ViewChannel != 0 {
			list = append(list, c.Channel)
		}
	}
	return list
}

type object = map[string]any

// guildObject is a guild as REST shows it.
func guildObject(g *Guild) object {
	return object{
		"id": g.ID, "name": g.Name, "owner_id": g.OwnerID, "icon": nil, "description": nil, "home_header": nil,
		"splash": nil, "discovery_splash": nil, "features": []string{}, "banner": nil, "application_id": nil,
		"region": "us-west", "afk_channel_id": nil, "afk_timeout": 300, "system_channel_id": nil,
		"system_channel_flags": 0, "widget_enabled": false, "widget_channel_id": nil, "verification_level": 0,
		"roles": g.roles, "default_message_notifications": 0, "mfa_level": 0,
		"explicit_content_filter": 0, "max_presences": nil, "max_members": 500000,
		"max_stage_video_channel_users": 50, "max_video_channel_users": 25, "vanity_url_code": nil,
		"premium_tier": 0, "premium_subscription_count": 0, "preferred_locale": "en-US", "rules_channel_id": nil,
		"safety_alerts_channel_id": nil, "public_updates_channel_id": nil, "premium_progress_bar_enabled": false,
		"nsfw": false, "nsfw_level": 0, "emojis": []object{}, "stickers": []object{}, "incidents_data": nil,
	}
}

// guildCreate is a guild as the gateway shows it: with its channels and, of the members, the bot alone, as in any
// guild too large to list.
func (s *Server) guildCreate(g *Guild) object {
	o := guildObject(g)
	me := s.member(s.bot.ID)
	me.User = &s.bot
	me.Roles = append(me.Roles, ownRole(g).ID)
	o["joined_at"], o["large"], o["unavailable"] = s.joined, false, false
	o["member_count"], o["members"] = len(s.users), []*Member{me}
	o["channels"], o["threads"] = s.guildChannels(g.ID), s.threads(g.ID)
	o["presences"], o["voice_states"] = []object{}, []object{}
	o["stage_instances"], o["guild_scheduled_events"], o["soundboard_sounds"] = []object{}, []object{}, []object{}
	return o
}
