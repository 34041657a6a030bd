package discordtest

import (
	"slices"
	"strconv"
	"time"
)

// addRoutes is the REST API. Patterns are those of the OpenAPI document, except that @me is a value of {user_id}.
func (s *Server) addRoutes(add func(pattern string, h handler)) {
	add("GET /gateway", func(*call) (any, error) { return object{"url": s.GatewayURL()}, nil })
	add("GET /gateway/bot", s.getGatewayBot)
	add("GET /users/@me", s.getMe)
	add("GET /users/@me/guilds", s.getMyGuilds)
	add("POST /users/@me/channels", s.createDM)
	add("GET /applications/@me", s.getApplication)
	add("GET /oauth2/applications/@me", s.getApplication)

	add("GET /applications/{application_id}/commands", s.getCommands)
	add("PUT /applications/{application_id}/commands", s.putCommands)
	add("POST /applications/{application_id}/commands", s.postCommand)
	add("GET /applications/{application_id}/guilds/{guild_id}/commands", s.getCommands)
	add("PUT /applications/{application_id}/guilds/{guild_id}/commands", s.putCommands)
	add("POST /applications/{application_id}/guilds/{guild_id}/commands", s.postCommand)

	add("GET /guilds/{guild_id}", s.inGuild(func(c *call, g *Guild) (any, error) {
		o := guildObject(g)
		o["roles"] = g.roles
		return o, nil
	}))
	add("GET /guilds/{guild_id}/channels", s.inGuild(func(c *call, g *Guild) (any, error) {
		return s.guildChannels(g.ID), nil
	}))
	add("GET /guilds/{guild_id}/roles", s.inGuild(func(c *call, g *Guild) (any, error) {
		return g.roles, nil
	}))
	add("GET /guilds/{guild_id}/threads/active", s.inGuild(func(c *call, g *Guild) (any, error) {
		return object{"threads": s.threads(g.ID), "members": []object{}, "has_more": false}, nil
	}))
	add("GET /guilds/{guild_id}/members/{user_id}", s.inGuild(s.getMember))

	add("GET /channels/{channel_id}", s.getChannel)
	add("POST /channels/{channel_id}/typing", s.startTyping)
	add("POST /channels/{channel_id}/threads", s.createThread)
	add("POST /channels/{channel_id}/messages/{message_id}/threads", s.createThread)
	add("GET /channels/{channel_id}/messages", s.listMessages)
	add("POST /channels/{channel_id}/messages", s.createMessage)
	add("GET /channels/{channel_id}/messages/{message_id}", s.getMessage)
	add("PATCH /channels/{channel_id}/messages/{message_id}", s.editMessage)
	add("DELETE /channels/{channel_id}/messages/{message_id}", s.deleteMessage)

	add("POST /interactions/{interaction_id}/{interaction_token}/callback", s.callback)
	add("POST /webhooks/{webhook_id}/{webhook_token}", s.followUp)
	for _, message := range []string{"@original", "{message_id}"} {
		route := "/webhooks/{webhook_id}/{webhook_token}/messages/" + message
		add("GET "+route, s.getAnswer)
		add("PATCH "+route, s.editAnswer)
		add("DELETE "+route, s.deleteAnswer)
	}
}

func (s *Server) getGatewayBot(*call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return object{
		"url": s.GatewayURL(), "shards": s.opt.Shards,
		"session_start_limit": object{
			"total": s.opt.SessionStarts, "remaining": max(0, s.opt.SessionStarts-s.identifies),
			"reset_after": (12 * time.Hour).Milliseconds(), "max_concurrency": s.opt.MaxConcurrency,
		},
	}, nil
}

func (s *Server) getMe(*call) (any, error) {
	return struct {
		User
		MFA      bool   `json:"mfa_enabled"`
		Locale   string `json:"locale"`
		Verified bool   `json:"verified"`
	}{s.bot, true, "en-US", true}, nil
}

func (s *Server) getMyGuilds(*call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []object{}
	for _, g := range s.guilds {
		list = append(list, object{
			"id": g.ID, "name": g.Name, "icon": nil, "banner": nil, "owner": false,
			"permissions": itoa(DefaultPermissions), "features": []string{},
		})
	}
	return list, nil
}

// applicationFlags tells the enabled privileged intents, in the bits for apps below Discord's size limit.
func (s *Server) applicationFlags() int {
	flags := 0
	for intent, flag := range map[int]int{intentPresences: 1 << 13, intentMembers: 1 << 15, intentContent: 1 << 19} {
		if s.opt.Intents&intent != 0 {
			flags |= flag
		}
	}
	return flags
}

func (s *Server) getApplication(*call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	flags := s.applicationFlags()
	return object{
		"id": s.bot.ID, "name": s.bot.Username, "icon": nil, "description": "", "type": nil, "bot": s.bot,
		"bot_public": true, "bot_require_code_grant": false, "verify_key": "00", "flags": flags,
		"flags_new": strconv.Itoa(flags), "redirect_uris": []string{}, "interactions_endpoint_url": nil,
		"role_connections_verification_url": nil, "owner": s.users[s.guilds[0].OwnerID],
		"approximate_guild_count": len(s.guilds), "approximate_user_install_count": 0,
		"approximate_user_authorization_count": 0, "explicit_content_filter": 0, "team": nil,
		"eligible_oauth2_scopes": []string{},
	}, nil
}

// inGuild finds the guild of a route, and holds the lock for the handler.
func (s *Server) inGuild(h func(*call, *Guild) (any, error)) handler {
	return func(c *call) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		g := s.guild(c.PathValue("guild_id"))
		if g == nil {
			return nil, refuse(404, 10004, "Unknown Guild")
		}
		return h(c, g)
	}
}

func (s *Server) getMember(c *call, g *Guild) (any, error) {
	id := c.PathValue("user_id")
	if id == "@me" {
		id = s.bot.ID
	}
	u := s.users[id]
	if u == nil || s.absent[g.ID+" "+id] {
		return nil, refuse(404, 10007, "Unknown Member")
	}
	m := s.in(g, s.member(u.ID))
	m.User = u
	if u.ID == s.bot.ID {
		m.Roles = append(m.Roles, ownRole(g).ID)
	}
	return m, nil
}

// visible finds the channel of a route. The caller holds s.mu.
func (s *Server) visible(c *call) (*channel, error) {
	ch := s.channels[c.PathValue("channel_id")]
	if ch == nil {
		return nil, refuse(404, 10003, "Unknown Channel")
	}
	if ch.Permissions&ViewChannel == 0 {
		return nil, refuse(403, 50001, "Missing Access")
	}
	return ch, nil
}

// writable finds the channel of a route that the bot may write in. The caller holds s.mu.
func (s *Server) writable(c *call) (*channel, error) {
	ch, err := s.visible(c)
	if err != nil {
		return nil, err
	}
	if ch.Type == typeForum {
		return nil, refuse(400, 50008, "Cannot send messages in a non-text channel")
	}
	needed := SendMessages
	if ch.Thread != nil {
		needed = SendMessagesInThreads
	}
	if ch.Permissions&needed == 0 {
		return nil, refuse(403, 50013, "Missing Permissions")
	}
	return ch, nil
}

func (s *Server) getChannel(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.visible(c)
	if err != nil {
		return nil, err
	}
	return ch.Channel, nil
}

func (s *Server) createDM(c *call) (any, error) {
	var d struct {
		RecipientID string `json:"recipient_id"`
	}
	if err := decode(c.data, &d); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.dm(d.RecipientID)
	if ch == nil || d.RecipientID == s.bot.ID {
		return nil, refuse(400, 50033, "Invalid Recipient(s)")
	}
	return ch.Channel, nil
}

func (s *Server) startTyping(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.writable(c)
	if err == nil {
		s.emit(KindTyping, ch.ID)
	}
	return nil, err
}

// listMessages returns the newest messages first, or those next to an id.
func (s *Server) listMessages(c *call) (any, error) {
	q := c.URL.Query()
	limit := 50
	if text := q.Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 100 {
			return nil, invalidForm("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.visible(c)
	if err != nil {
		return nil, err
	}
	if ch.Permissions&ReadMessageHistory == 0 {
		return []Message{}, nil
	}
	ids := slices.DeleteFunc(slices.Clone(ch.list), func(id string) bool { return s.messages[id].Ephemeral() })
	if before := q.Get("before"); before != "" {
		n, _ := slices.BinarySearchFunc(ids, before, compareIDs)
		ids = ids[:n]
	}
	if after := q.Get("after"); after != "" {
		n, found := slices.BinarySearchFunc(ids, after, compareIDs)
		if found {
			n++
		}
		ids = ids[n:]
		ids = ids[:min(limit, len(ids))]
	}
	ids = ids[max(0, len(ids)-limit):]
	list := make([]*Message, 0, len(ids))
	for _, id := range slices.Backward(ids) {
		list = append(list, s.forREST(s.messages[id]))
	}
	return list, nil
}
