package discord

import (
	"encoding/json"
	"strconv"
	"time"
)

// These are the parts of Discord's events that the bot uses. discordgo's own
// types are not used for what comes in: a component type that it does not know
// makes it lose the whole event.

// User is a person's or a bot's account.
type User struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	GlobalName string `json:"global_name"`
	Bot        bool   `json:"bot"`
}

// Name returns what a person is called.
func (u *User) Name() string {
	if u.GlobalName != "" {
		return u.GlobalName
	}
	return u.Username
}

// Member is a user in a server.
type Member struct {
	User        *User    `json:"user"`
	Nick        string   `json:"nick"`
	Permissions string   `json:"permissions"` // in the channel, in interactions only
	Roles       []string `json:"roles"`
}

// Message is a message in a channel, a thread or a direct message.
type Message struct {
	ID          string       `json:"id"`
	Type        int          `json:"type"`
	ChannelID   string       `json:"channel_id"`
	GuildID     string       `json:"guild_id"`
	Author      *User        `json:"author"`
	Member      *Member      `json:"member"`
	WebhookID   string       `json:"webhook_id"`
	Content     string       `json:"content"`
	Mentions    []User       `json:"mentions"`
	Attachments []Attachment `json:"attachments"`
	Flags       int          `json:"flags"`
	Reference   *Reference   `json:"message_reference"`
	Referenced  *Message     `json:"referenced_message"`

	MentionEveryone bool      `json:"mention_everyone"` // also @here
	MentionRoles    []string  `json:"mention_roles"`
	MentionChannels []Channel `json:"mention_channels"`
	Parts

	At time.Time `json:"-"` // when it was written, by our own clock; set by who takes it in
	// The interaction that this message answers, when it answers one.
	Interaction *struct {
		ID   string `json:"id"`
		Type int    `json:"type"`
	} `json:"interaction_metadata"`
}

// Reference names the message that another one replies to, forwards, or is about.
type Reference struct {
	Type            int    `json:"type,omitempty"`
	MessageID       string `json:"message_id"`
	ChannelID       string `json:"channel_id,omitempty"`
	FailIfNotExists *bool  `json:"fail_if_not_exists,omitempty"`
}

// Types of messages that people write, and flags of messages.
const (
	TypeDefault = 0 // an ordinary message
	TypeReply   = 19

	FlagSuppressEmbeds = 1 << 2
	FlagEphemeral      = 1 << 6
)

// Names reports whether a message mentions a user.
func (m *Message) Names(id string) bool {
	for _, u := range m.Mentions {
		if u.ID == id {
			return true
		}
	}
	return false
}

// RepliesTo returns the id of the message that this one replies to; "" for none.
func (m *Message) RepliesTo() string {
	if m.Reference == nil || m.Reference.Type != 0 {
		return ""
	}
	return m.Reference.MessageID
}

// Interaction is a command, a click or a form that was sent.
type Interaction struct {
	ID        string   `json:"id"`
	Type      int      `json:"type"`
	Token     string   `json:"token"`
	AppID     string   `json:"application_id"`
	GuildID   string   `json:"guild_id"`
	ChannelID string   `json:"channel_id"`
	Member    *Member  `json:"member"`
	User      *User    `json:"user"`
	Message   *Message `json:"message"`
	Data      struct {
		Name       string          `json:"name"`
		CustomID   string          `json:"custom_id"`
		Options    []OptionValue   `json:"options"`
		Components json.RawMessage `json:"components"`
		TargetID   string          `json:"target_id"` // of a command in a menu
		Resolved   struct {
			Messages    map[string]*Message   `json:"messages"`
			Attachments map[string]Attachment `json:"attachments"`
		} `json:"resolved"`
	} `json:"data"`

	Received     time.Time // by our own clock
	Acknowledged bool      // it has had its first answer
}

// OptionValue is what somebody entered for an option of a command.
type OptionValue struct {
	Name  string          `json:"name"`
	Type  int             `json:"type"`
	Value json.RawMessage `json:"value"`
}

// Types of interactions.
const (
	InteractionCommand   = 2
	InteractionComponent = 3
	InteractionModal     = 5
)

// UserID returns who interacted; Discord puts it in different places in servers
// and in direct messages.
func (i *Interaction) UserID() string {
	switch {
	case i.Member != nil && i.Member.User != nil:
		return i.Member.User.ID
	case i.User != nil:
		return i.User.ID
	}
	return ""
}

// Option returns a command option's text.
func (i *Interaction) Option(name string) string {
	for _, o := range i.Data.Options {
		var text string
		if o.Name == name && json.Unmarshal(o.Value, &text) == nil {
			return text
		}
	}
	return ""
}

// Flag returns a command option that is true or false.
func (i *Interaction) Flag(name string) bool {
	for _, o := range i.Data.Options {
		if o.Name == name {
			return string(o.Value) == "true"
		}
	}
	return false
}

// Files returns the files that were entered for the options of a command.
func (i *Interaction) Files() (list []Attachment) {
	for _, o := range i.Data.Options {
		var id string
		if o.Type == OptionFile && json.Unmarshal(o.Value, &id) == nil {
			if a, found := i.Data.Resolved.Attachments[id]; found {
				list = append(list, a)
			}
		}
	}
	return list
}

// Target returns the message whose menu was used, or nil.
func (i *Interaction) Target() *Message { return i.Data.Resolved.Messages[i.Data.TargetID] }

// Name returns what whoever interacted is called.
func (i *Interaction) Name() string {
	switch {
	case i.Member != nil && i.Member.Nick != "":
		return i.Member.Nick
	case i.Member != nil && i.Member.User != nil:
		return i.Member.User.Name()
	case i.User != nil:
		return i.User.Name()
	}
	return ""
}

// Permissions, as Discord numbers them.
const (
	Administrator  = 1 << 3
	ManageChannels = 1 << 4
	ManageServer   = 1 << 5
	ManageMessages = 1 << 13 // a moderator
)

// May reports whether whoever interacted has one of Discord's permissions here.
func (i *Interaction) May(permission int64) bool {
	if i.Member == nil {
		return false
	}
	rights, err := strconv.ParseInt(i.Member.Permissions, 10, 64)
	return err == nil && rights&(permission|Administrator) != 0
}

// OnReceipt reports whether the interaction comes from one of our ephemeral
// messages.
func (i *Interaction) OnReceipt() bool {
	return i.Message != nil && i.Message.Flags&FlagEphemeral != 0
}

// Inputs returns what was typed into a form, by custom id. Discord nests inputs
// in rows or in labels; both are found, at any depth.
func (i *Interaction) Inputs() map[string]string {
	found := map[string]string{}
	var walk func(raw json.RawMessage)
	walk = func(raw json.RawMessage) {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil {
			for _, item := range list {
				walk(item)
			}
			return
		}
		var part struct {
			CustomID   string          `json:"custom_id"`
			Value      *string         `json:"value"`
			Components json.RawMessage `json:"components"`
			Component  json.RawMessage `json:"component"`
		}
		if json.Unmarshal(raw, &part) != nil {
			return
		}
		if part.CustomID != "" && part.Value != nil {
			found[part.CustomID] = *part.Value
		}
		walk(part.Components)
		walk(part.Component)
	}
	walk(i.Data.Components)
	return found
}

// Guild is a server, as it is announced.
type Guild struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Channels []Channel `json:"channels"`
	Threads  []Channel `json:"threads"`
	Roles    []Role    `json:"roles"`
}

// Role is a role of a server. That of everybody has the server's id; Discord gives
// every bot one of its own.
type Role struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Permissions string `json:"permissions"`
	Tags        struct {
		BotID string `json:"bot_id"`
	} `json:"tags"`
}

// Channel is a channel or a thread.
type Channel struct {
	ID            string      `json:"id"`
	Type          int         `json:"type"`
	GuildID       string      `json:"guild_id"`
	ParentID      string      `json:"parent_id"`
	LastMessageID string      `json:"last_message_id"`
	Name          string      `json:"name"`
	Overwrites    []Overwrite `json:"permission_overwrites"`
}

// IsThread reports whether a channel is a thread: in announcements, public or
// private.
func (c Channel) IsThread() bool { return c.Type >= 10 && c.Type <= 12 }

// IsForum reports whether a channel holds posts, each a thread: a forum, or one for
// media.
func (c Channel) IsForum() bool { return c.Type == 15 || c.Type == 16 }

// discordEpoch is the first millisecond of Discord's ids.
const discordEpoch = 1_420_070_400_000

// Snowflake returns the id that something made at t would have.
func Snowflake(t time.Time) int64 { return (t.UnixMilli() - discordEpoch) << 22 }

// Number returns a Discord id as a number; 0 when it is none.
func Number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// MadeAt returns when a Discord id was made.
func MadeAt(id string) time.Time { return time.UnixMilli(Number(id)>>22 + discordEpoch).UTC() }
