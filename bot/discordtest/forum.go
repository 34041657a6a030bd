package discordtest

import "time"

// typeForum is a channel that has threads only, each of which begins with a post.
const typeForum = 15

// AddForum makes a forum in which the bot has the given permissions, or DefaultPermissions without any.
func (s *Server) AddForum(guildID, name string, permissions ...int64) Channel {
	return s.addChannel(typeForum, guildID, name, permissions)
}

// AddPost lets a user open a thread in a forum. Its first message stands in the thread itself and has its id: nothing
// stands in the forum. An unknown user or forum is recorded in Problems.
func (s *Server) AddPost(userID, forumID, title, content string, options ...SayOption) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	forum, author := s.channels[forumID], s.users[userID]
	if forum == nil || author == nil || forum.Type != typeForum {
		s.problem("fake: AddPost: there is no user %q or no forum %q", userID, forumID)
		return Message{}
	}
	now := time.Now()
	thread := s.openThread(forum, s.snowflake(now), userID, title, now)
	forum.LastMessageID = &thread.ID // though it holds no messages
	m := s.newMessage(thread, *author, now)
	m.ID = thread.ID
	return s.say(thread, m, content, options)
}
