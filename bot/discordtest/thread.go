package discordtest

import (
	"time"
	"unicode/utf8"
)

// Thread is what makes a channel a thread (type 11). A thread belongs to the text channel ParentID, and the bot may
// do in it what it may do there, but for writing, which needs SendMessagesInThreads.
type Thread struct {
	ParentID     string         `json:"parent_id"`
	OwnerID      string         `json:"owner_id"`
	Metadata     ThreadMetadata `json:"thread_metadata"`
	MessageCount int            `json:"message_count"`
	MemberCount  int            `json:"member_count"`
	Sent         int            `json:"total_message_sent"`
	SlowMode     int            `json:"rate_limit_per_user"`
}

// ThreadMetadata is the state of a thread. Nobody writes in a locked one.
type ThreadMetadata struct {
	Archived            bool   `json:"archived"`
	ArchiveTimestamp    string `json:"archive_timestamp"`
	AutoArchiveDuration int    `json:"auto_archive_duration"` // minutes
	Locked              bool   `json:"locked"`
	CreateTimestamp     string `json:"create_timestamp"`
}

// AddThread lets a user open a thread in a text channel. An unknown user or channel is recorded in Problems.
func (s *Server) AddThread(userID, channelID, name string) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	parent := s.channels[channelID]
	if parent == nil || parent.GuildID == "" || s.users[userID] == nil {
		s.problem("fake: AddThread: there is no user %q or no text channel %q", userID, channelID)
		return Channel{}
	}
	now := time.Now()
	return s.openThread(parent, s.snowflake(now), userID, name, now).Channel
}

// AddThreadAt lets a user open a thread at a message, whose id it gets. An unknown user or message is recorded in
// Problems.
func (s *Server) AddThreadAt(userID, messageID, name string) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[messageID]
	if m == nil || m.GuildID == "" || s.users[userID] == nil || s.channels[messageID] != nil || s.channels[m.ChannelID].Thread != nil {
		s.problem("fake: AddThreadAt: user %q cannot open a thread at message %q", userID, messageID)
		return Channel{}
	}
	return s.openThread(s.channels[m.ChannelID], messageID, userID, name, time.Now()).Channel
}

// SetThread archives or locks a thread, or undoes it, and tells the bot. A message un-archives a thread that is not
// locked.
func (s *Server) SetThread(threadID string, archived, locked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channels[threadID]; c != nil && c.Thread != nil {
		s.setThread(c, archived, locked)
	}
}

func (s *Server) setThread(c *channel, archived, locked bool) {
	next := *c.Thread // earlier copies of the channel stay as they were
	next.Metadata.Archived, next.Metadata.Locked = archived, locked
	next.Metadata.ArchiveTimestamp = timestamp(time.Now())
	c.Thread = &next
	s.dispatchChannel("THREAD_UPDATE", c)
}

// openThread makes a thread and tells everybody. The caller holds s.mu.
func (s *Server) openThread(parent *channel, id, owner, name string, now time.Time) *channel {
	c := &channel{Channel: Channel{ID: id, Type: 11, GuildID: parent.GuildID, Name: name, Permissions: parent.Permissions, Thread: &Thread{
		ParentID: parent.ID, OwnerID: owner, MemberCount: 1,
		Metadata: ThreadMetadata{AutoArchiveDuration: 1440, ArchiveTimestamp: timestamp(now), CreateTimestamp: timestamp(now)},
	}}}
	s.channels[id] = c
	s.order = append(s.order, c)
	s.dispatchChannel("THREAD_CREATE", c)
	s.emit(KindChannel, c.Channel)
	return c
}

// createThread is both routes: a thread of its own, and one that starts at a message and has its id.
func (s *Server) createThread(c *call) (any, error) {
	var d struct {
		Name string
		Type int
	}
	if err := decode(c.data, &d); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	parent, err := s.visible(c)
	if err != nil {
		return nil, err
	}
	messageID := c.PathValue("message_id")
	m := s.messages[messageID]
	switch n := utf8.RuneCountInString(d.Name); {
	case parent.GuildID == "" || parent.Thread != nil || parent.Type == typeForum: // a post needs a message
		return nil, refuse(400, 50024, "Cannot execute action on this channel type")
	case parent.Permissions&CreatePublicThreads == 0:
		return nil, refuse(403, 50013, "Missing Permissions")
	case n < 1 || n > 100:
		return nil, invalidForm("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
	case messageID == "" && d.Type != 11:
		return nil, invalidForm("type", "BASE_TYPE_CHOICES", "This fake knows public threads (11) only.")
	case messageID != "" && (m == nil || m.ChannelID != parent.ID || m.Ephemeral()):
		return nil, refuse(404, 10008, "Unknown Message")
	case messageID != "" && s.channels[messageID] != nil:
		return nil, refuse(400, 160004, "A thread has already been created for this message")
	}
	if messageID == "" {
		messageID = s.snowflake(c.now)
	}
	c.status = 201
	return s.openThread(parent, messageID, s.bot.ID, d.Name, c.now).Channel, nil
}

// threads lists the active threads of a guild that the bot may see. The caller holds s.mu.
func (s *Server) threads(guildID string) []Channel {
	list := []Channel{}
	for _, c := range s.order {
		if c.GuildID == guildID && c.Thread != nil && !c.Thread.Metadata.Archived && c.Permissions&ViewChannel != 0 {
			list = append(list, c.Channel)
		}
	}
	return list
}

// awaken is what a new message does to an archived thread. It is an error in a locked one, archived or not.
func (s *Server) awaken(c *channel) error {
	switch {
	case c.Thread == nil, !c.Thread.Metadata.Archived && !c.Thread.Metadata.Locked:
		return nil
	case c.Thread.Metadata.Archived && c.Thread.Metadata.Locked:
		return refuse(400, 50083, "Thread is archived")
	case c.Thread.Metadata.Locked:
		return refuse(400, 160005, "This thread is locked")
	}
	s.setThread(c, false, false)
	return nil
}
