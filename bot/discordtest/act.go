package discordtest

import (
	"time"
)

// SayOption changes what Say sends.
type SayOption func(*saying)

type saying struct {
	replyTo     string
	silent      bool
	bot         bool
	webhook     string
	attachments []Attachment
}

// ReplyTo makes the message a reply, which pings the author of the message replied to.
func ReplyTo(messageID string) SayOption { return func(o *saying) { o.replyTo = messageID } }

// NoPing takes the ping from a reply.
func NoPing() SayOption { return func(o *saying) { o.silent = true } }

// AsBot marks the author as a bot.
func AsBot() SayOption { return func(o *saying) { o.bot = true } }

// AsWebhook sends the message through a webhook of that name: its author is no user.
func AsWebhook(name string) SayOption { return func(o *saying) { o.webhook = name } }

// Attach adds files. Ids are filled in.
func Attach(files ...Attachment) SayOption {
	return func(o *saying) { o.attachments = append(o.attachments, files...) }
}

// Say lets a user write a message and returns it as all see it. Content mentions users as <@id>. An unknown user or
// channel is recorded in Problems and gives an empty Message.
func (s *Server) Say(userID, channelID, content string, options ...SayOption) Message {
	var o saying
	for _, option := range options {
		option(&o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, author := s.channels[channelID], s.users[userID]
	if ch == nil || author == nil {
		s.problem("fake: Say: there is no user %q or no channel %q", userID, channelID)
		return Message{}
	}
	if err := s.awaken(ch); err != nil {
		s.problem("fake: Say: channel %q is a locked thread", channelID)
		return Message{}
	}
	return *s.say(ch, *author, s.snowflake(time.Now()), content, o)
}

// say publishes what a user writes as the message with this id. The caller holds s.mu.
func (s *Server) say(ch *channel, author User, id, content string, o saying) *Message {
	now := time.Now()
	m := s.newMessage(ch, author, now)
	m.ID = id
	m.Content = content
	m.Author.Bot = m.Author.Bot || o.bot
	if o.webhook != "" {
		m.WebhookID, m.Member = s.snowflake(now), nil
		m.Author = User{ID: m.WebhookID, Username: o.webhook, Discriminator: "0000", Bot: true}
	}
	for _, a := range o.attachments {
		m.Attachments = append(m.Attachments, s.keepFile(ch.ID, s.snowflake(now), a))
	}
	if o.replyTo != "" {
		if err := s.refer(m, &MessageReference{MessageID: o.replyTo}); err != nil {
			s.problem("fake: Say: there is no message %q in channel %q to reply to", o.replyTo, ch.ID)
		}
	}
	// A person may ping everybody except, with a reply, the author replied to.
	everything := []string{"users", "roles"}
	s.mention(m, &allowedMentions{Parse: &everything, RepliedUser: !o.silent}, false)
	s.publish(ch, m)
	return m
}

// Edit lets a user change the content of a message of theirs.
func (s *Server) Edit(messageID, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[messageID]
	if m == nil {
		s.problem("fake: Edit: there is no message %q", messageID)
		return
	}
	b := &body{Content: opt[string]{Set: true, Value: content}}
	if _, err := s.update(m, b, time.Now()); err != nil {
		s.problem("fake: Edit: %v", err)
	}
}

// Delete lets a member with the right to do so delete a message.
func (s *Server) Delete(messageID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.messages[messageID]; m != nil {
		s.remove(m)
	}
}
