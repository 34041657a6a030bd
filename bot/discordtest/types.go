package discordtest

import (
	"encoding/json"
	"time"
)

// User is a Discord account. Everything here has the JSON names Discord uses.
type User struct {
	ID            string  `json:"id"`
	Username      string  `json:"username"`
	Discriminator string  `json:"discriminator"`
	GlobalName    *string `json:"global_name"`
	Avatar        *string `json:"avatar"`
	Bot           bool    `json:"bot,omitempty"`
	Flags         int     `json:"flags"`
	PublicFlags   int     `json:"public_flags"`
	PrimaryGuild  *string `json:"primary_guild"` // always null here
}

// Member is what a guild knows about a user. Messages carry it without User.
type Member struct {
	User          *User    `json:"user,omitempty"`
	Nick          *string  `json:"nick"`
	Avatar        *string  `json:"avatar"`
	Banner        *string  `json:"banner"`
	Roles         []string `json:"roles"`
	JoinedAt      string   `json:"joined_at"`
	PremiumSince  *string  `json:"premium_since"`
	Deaf          bool     `json:"deaf"`
	Mute          bool     `json:"mute"`
	Flags         int      `json:"flags"`
	Pending       bool     `json:"pending"`
	TimedOutUntil *string  `json:"communication_disabled_until"`
	Permissions   string   `json:"permissions,omitempty"` // only inside interactions
}

// Guild is a server. On the wire it carries its channels, members and roles as well.
type Guild struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	OwnerID string `json:"owner_id"`
}

// Channel is a guild text channel (type 0), a direct message channel (type 1), a thread (type 11) or a forum (type 15).
type Channel struct {
	ID            string      `json:"id"`
	Type          int         `json:"type"`
	GuildID       string      `json:"guild_id,omitempty"`
	Name          string      `json:"name,omitempty"`
	Position      int         `json:"position"`
	Flags         int         `json:"flags"`
	LastMessageID *string     `json:"last_message_id"`
	Recipients    []User      `json:"recipients,omitempty"`
	Overwrites    []Overwrite `json:"permission_overwrites,omitempty"`
	*Thread                   // of threads only
	// Permissions are the bot's permissions in this channel.
	Permissions int64 `json:"-"`
}

// Overwrite grants and denies permissions to a member (type 1) of a channel.
type Overwrite struct {
	ID    string `json:"id"`
	Type  int    `json:"type"`
	Allow string `json:"allow"`
	Deny  string `json:"deny"`
}

// Message is one state of a message. An edit makes a new Message and leaves earlier copies alone, so the slices
// and pointers in it may be read at leisure but must not be changed.
type Message struct {
	ID                  string               `json:"id"`
	Type                int                  `json:"type"`
	ChannelID           string               `json:"channel_id"`
	GuildID             string               `json:"guild_id,omitempty"` // in gateway events only
	Author              User                 `json:"author"`
	Member              *Member              `json:"member,omitempty"` // in gateway events only
	Content             string               `json:"content"`
	Timestamp           string               `json:"timestamp"`
	EditedTimestamp     *string              `json:"edited_timestamp"`
	TTS                 bool                 `json:"tts"`
	MentionEveryone     bool                 `json:"mention_everyone"`
	Mentions            []User               `json:"mentions"`
	MentionRoles        []string             `json:"mention_roles"`
	Attachments         []Attachment         `json:"attachments"`
	Embeds              []json.RawMessage    `json:"embeds"`
	Components          []Component          `json:"components"`
	Flags               int                  `json:"flags"`
	Pinned              bool                 `json:"pinned"`
	Nonce               json.RawMessage      `json:"nonce,omitempty"`
	WebhookID           string               `json:"webhook_id,omitempty"`
	ApplicationID       string               `json:"application_id,omitempty"`
	MessageReference    *MessageReference    `json:"message_reference,omitempty"`
	ReferencedMessage   *Message             `json:"referenced_message,omitempty"`
	InteractionMetadata *InteractionMetadata `json:"interaction_metadata,omitempty"`
	// VisibleTo is the id of the only user who sees an ephemeral message, and empty for all others.
	VisibleTo string `json:"-"`
}

// The message flags that matter to the rules enforced here.
const (
	FlagEphemeral    = 1 << 6
	FlagLoading      = 1 << 7
	FlagComponentsV2 = 1 << 15
)

// Ephemeral says whether only one user sees the message.
func (m Message) Ephemeral() bool { return m.VisibleTo != "" }

// Button finds an interactive component (a button or a select) by its custom id, at any depth.
func (m Message) Button(customID string) (Component, bool) {
	return findComponent(m.Components, customID)
}

// MessageReference names the message that is replied to.
type MessageReference struct {
	Type            int    `json:"type"`
	MessageID       string `json:"message_id,omitempty"`
	ChannelID       string `json:"channel_id"`
	GuildID         string `json:"guild_id,omitempty"`
	FailIfNotExists *bool  `json:"fail_if_not_exists,omitempty"`
}

// InteractionMetadata says which interaction a message answers.
type InteractionMetadata struct {
	ID                  string               `json:"id"`
	Type                int                  `json:"type"`
	User                User                 `json:"user"`
	Name                string               `json:"name,omitempty"`
	Owners              map[string]string    `json:"authorizing_integration_owners"`
	OriginalMessageID   string               `json:"original_response_message_id,omitempty"`
	InteractedMessageID string               `json:"interacted_message_id,omitempty"`
	Triggering          *InteractionMetadata `json:"triggering_interaction_metadata,omitempty"`
}

// Attachment is a file of a message; see WithData for its bytes.
type Attachment struct {
	ID          string `json:"id"`
	Filename    string `json:"filename"`
	Size        int    `json:"size"`
	URL         string `json:"url"`
	ProxyURL    string `json:"proxy_url"`
	ContentType string `json:"content_type,omitempty"`

	data []byte
}

// Modal is the form an app answers with (callback type 9).
type Modal struct {
	CustomID   string      `json:"custom_id"`
	Title      string      `json:"title"`
	Components []Component `json:"components"`
}

// epoch is the first millisecond of 2015, from which snowflakes count.
const epoch = 1420070400000

// snowflake returns the next id: the time in its upper bits, and greater than every id before it.
// The caller holds s.mu.
func (s *Server) snowflake(now time.Time) string {
	id := (now.UnixMilli() - epoch) << 22
	if id <= s.lastID {
		id = s.lastID + 1
	}
	s.lastID = id
	return itoa(id)
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }
