package discordtest

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
)

// body is a message as the bot sends it, to create one or to edit one.
type body struct {
	Content      opt[string]            `json:"content"`
	Embeds       opt[[]json.RawMessage] `json:"embeds"`
	Components   opt[[]Component]       `json:"components"`
	Attachments  opt[[]namedFile]       `json:"attachments"`
	Flags        opt[int]               `json:"flags"`
	Nonce        json.RawMessage        `json:"nonce"`
	EnforceNonce bool                   `json:"enforce_nonce"`
	Reference    *MessageReference      `json:"message_reference"`
	Mentions     *allowedMentions       `json:"allowed_mentions"`
	Stickers     []string               `json:"sticker_ids"`
	Poll         json.RawMessage        `json:"poll"`
	TTS          bool                   `json:"tts"`
	files        []sentFile
}

// opt tells a field that was left out from one that is null: an edit leaves the former alone and empties the latter.
type opt[T any] struct {
	Set   bool
	Value T
}

func (o *opt[T]) UnmarshalJSON(data []byte) error {
	o.Set = true
	return json.Unmarshal(data, &o.Value)
}

type allowedMentions struct {
	Parse       *[]string `json:"parse"`
	Users       []string  `json:"users"`
	Roles       []string  `json:"roles"`
	RepliedUser bool      `json:"replied_user"`
}

func (c *call) message() (*body, error) {
	data, files, err := c.payload()
	if err != nil {
		return nil, err
	}
	b := &body{files: files}
	return b, decode(data, b)
}

// decode reads JSON and tells, as Discord does, a value of the wrong type from what is no JSON at all.
func decode(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return invalidForm(wrong.Field, "MODEL_TYPE_CONVERT", "A "+wrong.Value+" cannot stand here.")
	}
	if err != nil {
		return refuse(400, 50109, "The request body contains invalid JSON.")
	}
	return nil
}

const flagSuppressEmbeds, flagSilent = 1 << 2, 1 << 12

// apply writes the body over a message, which is a copy or new. The caller holds s.mu.
func (s *Server) apply(m *Message, b *body, now time.Time) {
	if b.Content.Set {
		m.Content = b.Content.Value
	}
	if b.Embeds.Set {
		m.Embeds = make([]json.RawMessage, 0, len(b.Embeds.Value))
		for _, e := range b.Embeds.Value {
			m.Embeds = append(m.Embeds, richEmbed(e))
		}
	}
	if b.Flags.Set {
		m.Flags |= b.Flags.Value & (flagSuppressEmbeds | FlagComponentsV2)
	}
	if b.Components.Set {
		m.Components = b.Components.Value
		complete(m.Components, m.Flags&FlagComponentsV2 != 0)
	}
	s.applyFiles(m, b, now)
	m.Components = orEmpty(m.Components)
	m.Attachments = orEmpty(m.Attachments)
	m.Embeds = orEmpty(m.Embeds)
}

// richEmbed sets the type that Discord gives every embed of a bot.
func richEmbed(raw json.RawMessage) json.RawMessage {
	var o object
	if json.Unmarshal(raw, &o) != nil || o == nil {
		return raw
	}
	o["type"] = "rich"
	raw, _ = json.Marshal(o)
	return raw
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

var mentionPattern, rolePattern = regexp.MustCompile(`<@!?(\d+)>`), regexp.MustCompile(`<@&(\d+)>`)

// mention fills in whom the message pings. Without allowed_mentions everything does, except that messages of
// interactions and webhooks ping users only. The caller holds s.mu.
func (s *Server) mention(m *Message, allowed *allowedMentions, webhook bool) {
	may := func(kind string) bool {
		if allowed == nil {
			return kind == "users" || !webhook
		}
		return allowed.Parse != nil && slices.Contains(*allowed.Parse, kind)
	}
	m.Mentions, m.MentionRoles = []User{}, []string{}
	m.MentionEveryone = may("everyone") && (strings.Contains(m.Content, "@everyone") || strings.Contains(m.Content, "@here"))
	add := func(id string) {
		u := s.users[id]
		if u != nil && !slices.ContainsFunc(m.Mentions, func(o User) bool { return o.ID == id }) {
			m.Mentions = append(m.Mentions, *u)
		}
	}
	if r := m.ReferencedMessage; r != nil && (allowed == nil || allowed.RepliedUser) {
		add(r.Author.ID)
	}
	if !strings.Contains(m.Content, "<@") {
		return
	}
	for _, found := range mentionPattern.FindAllStringSubmatch(m.Content, -1) {
		if may("users") || allowed != nil && slices.Contains(allowed.Users, found[1]) {
			add(found[1])
		}
	}
	for _, found := range rolePattern.FindAllStringSubmatch(m.Content, -1) {
		if id := found[1]; may("roles") && s.hasRole(m.GuildID, id) && !slices.Contains(m.MentionRoles, id) {
			m.MentionRoles = append(m.MentionRoles, id)
		}
	}
}
