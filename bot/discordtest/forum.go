package discordtest

import "time"

// forum is the type of channels that hold posts and no messages.
const forum = 15

// AddForum makes a forum. Nobody writes in it: each post is a thread.
func (s *Server) AddForum(guildID, name string) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addChannel(Channel{Type: forum, GuildID: guildID, Name: name}, nil)
}

// AddPost lets a user open a post in a forum and returns its first message. That one has the thread's id, and stands in
// the thread: the forum knows no message of that id. An unknown user or forum is recorded in Problems.
func (s *Server) AddPost(userID, forumID, title, content string, options ...SayOption) Message {
	var o saying
	for _, option := range options {
		option(&o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	parent, author := s.channels[forumID], s.users[userID]
	if parent == nil || parent.Type != forum || author == nil {
		s.problem("fake: AddPost: there is no user %q or no forum %q", userID, forumID)
		return Message{}
	}
	now := time.Now()
	thread := s.openThread(parent, s.snowflake(now), userID, title, now)
	parent.LastMessageID = &thread.ID // though it holds no messages
	return *s.say(thread, *author, thread.ID, content, o)
}
