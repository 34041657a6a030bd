package discordtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// blamed are the error codes that a correct bot never earns, whatever happens around it.
var blamed = map[int]bool{
	40060: true, // acknowledged twice
	50005: true, // edited somebody else's message
	50006: true, // empty message
	50035: true, // invalid form body
	50109: true, // not JSON
}

// blame records errors that are the bot's own fault.
func (s *Server) blame(c *call, err error) {
	var api *apiError
	if !errors.As(err, &api) || !blamed[api.code] || api.pardon {
		return
	}
	text := api.message
	if api.errors != nil {
		detail, _ := json.Marshal(api.errors)
		text += " " + string(detail)
	}
	s.mu.Lock()
	s.problem("%s %s: %s", c.Method, c.path, text)
	s.mu.Unlock()
}

// judgeMentions wants allowed_mentions with an empty parse on every message, so that no text can ping anybody.
func (s *Server) judgeMentions(c *call, b *body) {
	if b.Mentions == nil || b.Mentions.Parse == nil || len(*b.Mentions.Parse) > 0 {
		s.problem("%s %s: a message without allowed_mentions whose parse is an empty list", c.Method, c.path)
	}
}

func tooLong(field string, limit int) error {
	return invalidForm(field, "BASE_TYPE_MAX_LENGTH", fmt.Sprintf("Must be %d or fewer in length.", limit))
}

// checkMessage holds the rules for a whole message after a create or an edit, b being what was sent.
func checkMessage(m *Message, b *body) error {
	if utf8.RuneCountInString(m.Content) > 2000 {
		return tooLong("content", 2000)
	}
	if len(b.Nonce) > 0 && b.Nonce[0] == '"' {
		var text string
		if json.Unmarshal(b.Nonce, &text) != nil || utf8.RuneCountInString(text) > 25 {
			return tooLong("nonce", 25)
		}
	}
	if a := b.Mentions; a != nil && a.Parse != nil {
		if len(a.Users) > 100 || len(a.Roles) > 100 {
			return tooLong("allowed_mentions", 100)
		}
		for _, kind := range *a.Parse {
			if kind == "users" && len(a.Users) > 0 || kind == "roles" && len(a.Roles) > 0 {
				return invalidForm("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
					"parse and an id list of the same kind are mutually exclusive.")
			}
		}
	}
	if err := checkEmbeds(m.Embeds); err != nil {
		return err
	}
	if m.Flags&FlagComponentsV2 != 0 {
		if m.Content != "" || len(m.Embeds) > 0 || len(b.Stickers) > 0 || given(b.Poll) {
			return invalidForm("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
				"The field cannot be used when using MessageFlags.IS_COMPONENTS_V2")
		}
		if len(m.Components) == 0 {
			return refuse(400, 50006, "Cannot send an empty message")
		}
		return checkV2(m.Components)
	}
	if strings.TrimSpace(m.Content) == "" && len(m.Embeds) == 0 && len(m.Components) == 0 && len(m.Attachments) == 0 &&
		len(b.Stickers) == 0 && !given(b.Poll) {
		return refuse(400, 50006, "Cannot send an empty message")
	}
	return checkRows(m.Components)
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

func checkEmbeds(embeds []json.RawMessage) error {
	if len(embeds) > 10 {
		return tooLong("embeds", 10)
	}
	total := 0
	for _, raw := range embeds {
		var e struct {
			Title, Description string
			Footer             struct{ Text string }
			Author             struct{ Name string }
			Fields             []struct{ Name, Value string }
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return invalidForm("embeds", "MODEL_TYPE_CONVERT", err.Error())
		}
		sum := 0
		for _, part := range []struct {
			text  string
			limit int
		}{{e.Title, 256}, {e.Description, 4096}, {e.Footer.Text, 2048}, {e.Author.Name, 256}} {
			n := utf8.RuneCountInString(part.text)
			if sum += n; n > part.limit {
				return tooLong("embeds", part.limit)
			}
		}
		if len(e.Fields) > 25 {
			return tooLong("embeds", 25)
		}
		for _, f := range e.Fields {
			name, value := utf8.RuneCountInString(f.Name), utf8.RuneCountInString(f.Value)
			if sum += name + value; name > 256 || value > 1024 {
				return tooLong("embeds", 1024)
			}
		}
		if total += sum; total > 6000 {
			return invalidForm("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
		}
	}
	return nil
}
