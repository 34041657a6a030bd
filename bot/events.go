package bot

import (
	"encoding/json"
	"strconv"
	"time"
)

// These are the parts of Discord's events that the bot uses. discordgo's own
// types are not used for what comes in: a component type that it does not know
// makes it lose the whole event.

type user struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	GlobalName string `json:"global_name"`
	Bot        bool   `json:"bot"`
}

// name returns what a person is called.
func (u *user) name() string {
	if u.GlobalName != "" {
		return u.GlobalName
	}
	return u.Username
}

type member struct {
	User        *user    `json:"user"`
	Nick        string   `json:"nick"`
	Permissions string   `json:"permissions"` // in the channel, in interactions only
	Roles       []string `json:"roles"`
}

type message struct {
	ID          string            `json:"id"`
	Type        int               `json:"type"`
	ChannelID   string            `json:"channel_id"`
	GuildID     string            `json:"guild_id"`
	Author      *user             `json:"author"`
	Member      *member           `json:"member"`
	WebhookID   string            `json:"webhook_id"`
	Content     string            `json:"content"`
	Mentions    []user            `json:"mentions"`
	Attachments []attachment      `json:"attachments"`
	Flags       int               `json:"flags"`
	Reference   *messageReference `json:"message_reference"`
	Referenced  *message          `json:"referenced_message"`
	// The interaction that this message answers, when it answers one.
	Interaction *struct {
		ID string `json:"id"`
	} `json:"interaction_metadata"`
}

type attachment struct {
	Filename string `json:"filename"`
	Size     int64  `json:"size"`
	URL      string `json:"url"`
}

type messageReference struct {
	MessageID       string `json:"message_id"`
	ChannelID       string `json:"channel_id,omitempty"`
	FailIfNotExists *bool  `json:"fail_if_not_exists,omitempty"`
}

const (
	typeDefault = 0 // an ordinary message
	typeReply   = 19

	flagSuppressEmbeds = 1 << 2
	flagEphemeral      = 1 << 6
)

func (m *message) mentions(id string) bool {
	for _, u := range m.Mentions {
		if u.ID == id {
			return true
		}
	}
	return false
}

type interaction struct {
	ID        string   `json:"id"`
	Type      int      `json:"type"`
	Token     string   `json:"token"`
	AppID     string   `json:"application_id"`
	GuildID   string   `json:"guild_id"`
	ChannelID string   `json:"channel_id"`
	Member    *member  `json:"member"`
	User      *user    `json:"user"`
	Message   *message `json:"message"`
	Data      struct {
		Name     string `json:"name"`
		CustomID string `json:"custom_id"`
		Options  []struct {
			Name  string          `json:"name"`
			Value json.RawMessage `json:"value"`
		} `json:"options"`
		Components json.RawMessage `json:"components"`
		TargetID   string          `json:"target_id"` // of a command in a menu
		Resolved   struct {
			Messages map[string]*message `json:"messages"`
		} `json:"resolved"`
	} `json:"data"`

	received     time.Time
	acknowledged bool // it has had its first answer
}

const (
	interactionCommand   = 2
	interactionComponent = 3
	interactionModal     = 5
)

// userID returns who interacted; Discord puts it in different places in servers
// and in direct messages.
func (i *interaction) userID() string {
	switch {
	case i.Member != nil && i.Member.User != nil:
		return i.Member.User.ID
	case i.User != nil:
		return i.User.ID
	}
	return ""
}

// option returns a command option's text.
func (i *interaction) option(name string) string {
	for _, o := range i.Data.Options {
		var text string
		if o.Name == name && json.Unmarshal(o.Value, &text) == nil {
			return text
		}
	}
	return ""
}

// flag returns a command option that is true or false.
func (i *interaction) flag(name string) bool {
	for _, o := range i.Data.Options {
		if o.Name == name {
			return string(o.Value) == "true"
		}
	}
	return false
}

// target returns the message whose menu was used, or nil.
func (i *interaction) target() *message { return i.Data.Resolved.Messages[i.Data.TargetID] }

// name returns what whoever interacted is called.
func (i *interaction) name() string {
	switch {
	case i.Member != nil && i.Member.Nick != "":
		return i.Member.Nick
	case i.Member != nil && i.Member.User != nil:
		return i.Member.User.name()
	case i.User != nil:
		return i.User.name()
	}
	return ""
}

// Permissions, as Discord numbers them.
const (
	administrator  = 1 << 3
	manageChannels = 1 << 4
	manageServer   = 1 << 5
	manageMessages = 1 << 13 // a moderator
)

// may reports whether whoever interacted has one of Discord's permissions here.
func (i *interaction) may(permission int64) bool {
	if i.Member == nil {
		return false
	}
	rights, err := strconv.ParseInt(i.Member.Permissions, 10, 64)
	return err == nil && rights&(permission|administrator) != 0
}

// onReceipt reports whether the interaction comes from one of our ephemeral
// messages.
func (i *interaction) onReceipt() bool {
	return i.Message != nil && i.Message.Flags&flagEphemeral != 0
}

// inputs returns what was typed into a form, by custom id. Discord nests inputs
// in rows or in labels; both are found, at any depth.
func (i *interaction) inputs() map[string]string {
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

type guild struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Channels []channel `json:"channels"`
	Threads  []channel `json:"threads"`
}

type channel struct {
	ID            string `json:"id"`
	Type          int    `json:"type"`
	GuildID       string `json:"guild_id"`
	ParentID      string `json:"parent_id"`
	LastMessageID string `json:"last_message_id"`
}

// isThread reports whether a channel is a thread: in announcements, public or
// private.
func (c channel) isThread() bool { return c.Type >= 10 && c.Type <= 12 }

// discordEpoch is the first millisecond of Discord's ids.
const discordEpoch = 1_420_070_400_000

// snowflake returns the id that something made at t would have.
func snowflake(t time.Time) int64 { return (t.UnixMilli() - discordEpoch) << 22 }

// number returns a Discord id as a number; 0 when it is none.
func number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// madeAt returns when a Discord id was made.
func madeAt(id string) time.Time { return time.UnixMilli(number(id)>>22 + discordEpoch).UTC() }
