package discord

import (
	"encoding/json"
	"strings"
	"time"
)

// Parts are what a message holds besides its text and its files.
type Parts struct {
	Embeds     []Embed         `json:"embeds"`
	Components json.RawMessage `json:"components"`
	Poll       *Poll           `json:"poll"`
	Stickers   []Sticker       `json:"sticker_items"`
	Snapshots  []Snapshot      `json:"message_snapshots"`
}

// Snapshot is a message that was forwarded, as it was then, without its author.
type Snapshot struct {
	Message Message `json:"message"`
}

// Attachment is a file of a message.
type Attachment struct {
	ID          string  `json:"id"`
	Filename    string  `json:"filename"`
	Type        string  `json:"content_type"` // such as image/png; "" if Discord does not say
	Size        int64   `json:"size"`
	URL         string  `json:"url"`           // expires; whoever reads the message again gets a new one
	Description string  `json:"description"`   // for those who cannot see it
	Seconds     float64 `json:"duration_secs"` // of something to hear
	Waveform    string  `json:"waveform"`      // of a voice message
}

// IsVoice reports whether a file is what somebody said into their microphone.
func (a Attachment) IsVoice() bool { return a.Waveform != "" }

// Sticker is a picture with a name that a message consists of.
type Sticker struct {
	Name string `json:"name"`
}

// Embed is a box in a message: what a bot laid out, or the preview of a link.
type Embed struct {
	Type        string   `json:"type"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	URL         string   `json:"url"`
	Author      Titled   `json:"author"`
	Footer      Titled   `json:"footer"`
	Fields      []Titled `json:"fields"`
	Image       *Picture `json:"image"`
	Thumbnail   *Picture `json:"thumbnail"`
}

// EmbedPollResult is the type of the embed in which Discord tells how a poll ended.
const EmbedPollResult = "poll_result"

// Titled is a part of an embed. A footer has a text, an author a name, a field a name
// and a value.
type Titled struct {
	Name  string `json:"name"`
	Text  string `json:"text"`
	Value string `json:"value"`
}

// Picture is a picture in an embed.
type Picture struct {
	URL string `json:"url"`
}

// Field returns the value of the field of that name; "" if there is none.
func (e *Embed) Field(name string) string {
	for _, f := range e.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Poll is a question with answers to choose from.
type Poll struct {
	Question PollText `json:"question"`
	Answers  []struct {
		ID   int      `json:"answer_id"`
		Text PollText `json:"poll_media"`
	} `json:"answers"`
	Expiry  *time.Time `json:"expiry"` // nil for never
	Several bool       `json:"allow_multiselect"`
	Results *struct {
		Final  bool `json:"is_finalized"`
		Counts []struct {
			ID    int `json:"id"`
			Count int `json:"count"`
		} `json:"answer_counts"`
	} `json:"results"` // nil for unknown
}

// PollText is the question of a poll, or an answer.
type PollText struct {
	Text  string `json:"text"`
	Emoji *struct {
		Name string `json:"name"`
	} `json:"emoji"`
}

// String returns the text with its emoji.
func (t PollText) String() string {
	if t.Emoji == nil || t.Emoji.Name == "" {
		return t.Text
	}
	return strings.TrimSpace(t.Emoji.Name + " " + t.Text)
}

// Texts returns what is written in a message that is laid out with components, at any
// depth: its texts, and what describes its pictures.
func (p *Parts) Texts() (list []string) {
	var walk func(raw json.RawMessage)
	walk = func(raw json.RawMessage) {
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) == nil {
			for _, item := range items {
				walk(item)
			}
			return
		}
		var part struct {
			Type        int             `json:"type"`
			Content     string          `json:"content"`
			Description string          `json:"description"`
			Components  json.RawMessage `json:"components"`
			Accessory   json.RawMessage `json:"accessory"`
			Items       json.RawMessage `json:"items"`
		}
		if json.Unmarshal(raw, &part) != nil {
			return
		}
		switch {
		case part.Type == typeTextDisplay && part.Content != "":
			list = append(list, part.Content)
		case part.Description != "" && (part.Type == typeThumbnail || part.Type == 0):
			list = append(list, part.Description)
		}
		walk(part.Components)
		walk(part.Accessory)
		walk(part.Items)
	}
	walk(p.Components)
	return list
}

// Types of components that show something to read. A picture in a gallery has none.
const (
	typeTextDisplay = 10
	typeThumbnail   = 11
)
