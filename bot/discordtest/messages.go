package discordtest

import (
	"encoding/json"
	"slices"
	"time"
)

// publish stores a new message and tells everybody who may know. The caller holds s.mu.
func (s *Server) publish(ch *channel, m *Message) {
	ch.list = append(ch.list, m.ID)
	s.timeline = append(s.timeline, m.ID)
	if !m.Ephemeral() {
		ch.LastMessageID = &m.ID
	}
	if ch.Thread != nil {
		next := *ch.Thread
		next.MessageCount++
		next.Sent++
		ch.Thread = &next
	}
	s.changed(KindMessage, m)
	s.dispatchMessage("MESSAGE_CREATE", ch, m)
}

// update makes and publishes the next state of a message. The caller holds s.mu.
func (s *Server) update(old *Message, b *body, now time.Time) (*Message, error) {
	next := *old
	next.Flags &^= FlagLoading
	if err := checkFiles(old, b); err != nil {
		return nil, err
	}
	s.apply(&next, b, now)
	if err := s.check(&next, b); err != nil {
		return nil, err
	}
	if b.Content.Set {
		s.mention(&next, b.Mentions, old.WebhookID != "")
	}
	at := timestamp(now)
	next.EditedTimestamp = &at
	s.changed(KindEdit, &next)
	s.dispatchMessage("MESSAGE_UPDATE", s.channels[next.ChannelID], &next)
	return &next, nil
}

// remove deletes a message. The caller holds s.mu.
func (s *Server) remove(m *Message) {
	delete(s.messages, m.ID)
	ch := s.channels[m.ChannelID]
	if n, ok := slices.BinarySearchFunc(ch.list, m.ID, compareIDs); ok {
		ch.list = slices.Delete(ch.list, n, n+1)
	}
	s.emit(KindDelete, *m)
	if m.Ephemeral() || ch.Permissions&ViewChannel == 0 {
		return
	}
	data := object{"id": m.ID, "channel_id": m.ChannelID}
	if m.GuildID != "" {
		data["guild_id"] = m.GuildID
	}
	s.dispatch(event{name: "MESSAGE_DELETE", guild: m.GuildID, intent: messageIntent(m), data: data})
}

func messageIntent(m *Message) int {
	if m.GuildID == "" {
		return intentDirectMessages
	}
	return intentGuildMessages
}

// dispatchMessage sends a message event, without content to sessions that may not see it. Ephemeral messages do not
// exist for the gateway.
func (s *Server) dispatchMessage(name string, ch *channel, m *Message) {
	if m.Ephemeral() || ch.Permissions&ViewChannel == 0 || len(s.sessions) == 0 {
		return
	}
	e := event{name: name, guild: m.GuildID, intent: messageIntent(m), data: m}
	if s.hidden(m) {
		e.bare = withoutContent(m)
	}
	s.dispatch(e)
}

// hidden says whether an app needs the message content intent to see this message: it does not in direct messages,
// for its own messages, and where it is mentioned, of which a reply with ping is a case.
func (s *Server) hidden(m *Message) bool {
	return m.GuildID != "" && m.Author.ID != s.bot.ID &&
		!slices.ContainsFunc(m.Mentions, func(u User) bool { return u.ID == s.bot.ID })
}

func withoutContent(m *Message) *Message {
	bare := *m
	bare.Content = ""
	bare.Embeds, bare.Attachments, bare.Components = []json.RawMessage{}, []Attachment{}, []Component{}
	bare.Poll, bare.Snapshots = nil, nil
	return &bare
}

// forREST is a message in the form of REST, which has no guild and no member, and which hides the content of other
// people's messages from apps that have not enabled the intent.
func (s *Server) forREST(m *Message) *Message {
	if s.opt.Intents&intentContent == 0 && s.hidden(m) {
		m = withoutContent(m)
	}
	out := plain(m)
	out.Attachments = s.resigned(m.Attachments)
	if to := m.ReferencedMessage; to != nil {
		again := *to
		again.Attachments = s.resigned(to.Attachments)
		out.ReferencedMessage = &again
	}
	return out
}

func plain(m *Message) *Message {
	out := *m
	out.GuildID, out.Member = "", nil
	return &out
}

func (s *Server) createMessage(c *call) (any, error) {
	b, err := c.message()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judgeMentions(c, b)
	ch, err := s.writable(c)
	if err == nil {
		err = s.awaken(ch)
	}
	if err != nil {
		return nil, err
	}
	key := ""
	if b.EnforceNonce && len(b.Nonce) > 0 && string(b.Nonce) != "null" {
		key = ch.ID + " " + string(b.Nonce)
		if m := s.byNonce(key, c.now); m != nil {
			return s.forREST(m), nil
		}
	} else {
		s.problem("%s %s: without nonce and enforce_nonce a repeated request doubles the message", c.Method, c.path)
	}
	m := s.newMessage(ch, s.bot, c.now)
	m.Nonce = b.Nonce
	if err := s.refer(m, b.Reference); err != nil {
		return nil, err
	}
	if err := ch.mayAttach(b); err != nil {
		return nil, err
	}
	if err := checkFiles(m, b); err != nil {
		return nil, err
	}
	m.Flags |= b.Flags.Value & flagSilent
	s.apply(m, b, c.now)
	if err := s.check(m, b); err != nil {
		return nil, err
	}
	s.mention(m, b.Mentions, false)
	if key != "" {
		s.nonces[key] = nonce{m.ID, c.now}
	}
	s.publish(ch, m)
	return s.forREST(m), nil
}

// newMessage is an empty message that is not published yet. The caller holds s.mu.
func (s *Server) newMessage(ch *channel, author User, now time.Time) *Message {
	m := &Message{
		ID: s.snowflake(now), ChannelID: ch.ID, GuildID: ch.GuildID, Author: author, Timestamp: timestamp(now),
		Mentions: []User{}, MentionRoles: []string{}, Attachments: []Attachment{}, Components: []Component{},
		Embeds: []json.RawMessage{},
	}
	if ch.GuildID != "" {
		m.Member = s.member(author.ID)
	}
	return m
}

// refer makes the message a reply. A reply to nothing is an error unless fail_if_not_exists is false.
func (s *Server) refer(m *Message, r *MessageReference) error {
	if r == nil || r.Type != 0 {
		return nil
	}
	if ch := s.channels[m.ChannelID]; ch != nil && m.Author.ID == s.bot.ID && ch.Permissions&ReadMessageHistory == 0 {
		e := refuse(403, 160002, "Cannot reply without permission to read message history")
		e.pardon = true // a bot learns it so
		return e
	}
	to := s.messages[r.MessageID]
	if to == nil || to.ChannelID != m.ChannelID || to.Ephemeral() {
		if r.FailIfNotExists == nil || *r.FailIfNotExists {
			e := invalidForm("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
			e.pardon = true // it may have been deleted this very moment
			return e
		}
		return nil
	}
	m.Type = 19
	m.MessageReference = &MessageReference{MessageID: to.ID, ChannelID: to.ChannelID, GuildID: to.GuildID}
	m.ReferencedMessage = plain(to)
	m.ReferencedMessage.ReferencedMessage = nil
	m.ReferencedMessage.Attachments = s.resigned(to.Attachments)
	return nil
}

// target finds the message of a route. The caller holds s.mu.
func (s *Server) target(c *call) (*Message, error) {
	ch, err := s.visible(c)
	if err != nil {
		return nil, err
	}
	m := s.messages[c.PathValue("message_id")]
	if m == nil || m.ChannelID != ch.ID || m.Ephemeral() {
		return nil, refuse(404, 10008, "Unknown Message")
	}
	return m, nil
}

func (s *Server) getMessage(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.target(c)
	if err != nil {
		return nil, err
	}
	return s.forREST(m), nil
}

func (s *Server) editMessage(c *call) (any, error) {
	b, err := c.message()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judgeMentions(c, b)
	m, err := s.target(c)
	if err != nil {
		return nil, err
	}
	if m.Author.ID != s.bot.ID {
		return nil, refuse(403, 50005, "Cannot edit a message authored by another user")
	}
	if err := s.channels[m.ChannelID].mayAttach(b); err != nil {
		return nil, err
	}
	next, err := s.update(m, b, c.now)
	if err != nil {
		return nil, err
	}
	return s.forREST(next), nil
}

func (s *Server) deleteMessage(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.target(c)
	if err != nil {
		return nil, err
	}
	if m.Author.ID != s.bot.ID && s.channels[m.ChannelID].Permissions&ManageMessages == 0 {
		return nil, refuse(403, 50013, "Missing Permissions")
	}
	s.remove(m)
	return nil, nil
}
