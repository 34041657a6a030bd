package discord

import "encoding/json"

// These are the controls under a message and in a form.

// Row is one line of controls: up to five buttons, or one input.
type Row []component

// component is a [button] or an [input].
type component interface{ component() }

// Styles of buttons.
const (
	StylePrimary   = 1
	StyleSecondary = 2
	StyleDanger    = 4
	StyleLink      = 5
)

// Button is a button. One of the style link has a URL and no custom id.
type Button struct {
	Style    int
	Label    string
	Emoji    string // a Unicode emoji
	CustomID string
	URL      string
}

// Input is a field of several lines in a form. It may stay empty.
type Input struct {
	CustomID  string
	Label     string
	Hint      string // shown while the field is empty
	Value     string // what stands in it at first
	MaxLength int
}

func (Button) component() {}
func (Input) component()  {}

// The numbers with which Discord tells components apart.
const (
	componentRow    = 1
	componentButton = 2
	componentInput  = 4
	inputParagraph  = 2
)

func (r Row) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type       int         `json:"type"`
		Components []component `json:"components"`
	}{componentRow, r})
}

func (b Button) MarshalJSON() ([]byte, error) {
	type emoji struct {
		Name string `json:"name"`
	}
	out := struct {
		Type     int    `json:"type"`
		Style    int    `json:"style"`
		Label    string `json:"label,omitempty"`
		Emoji    *emoji `json:"emoji,omitempty"`
		CustomID string `json:"custom_id,omitempty"`
		URL      string `json:"url,omitempty"`
	}{Type: componentButton, Style: b.Style, Label: b.Label, CustomID: b.CustomID, URL: b.URL}
	if b.Emoji != "" {
		out.Emoji = &emoji{b.Emoji}
	}
	return json.Marshal(out)
}

func (i Input) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type        int    `json:"type"`
		CustomID    string `json:"custom_id"`
		Label       string `json:"label"`
		Style       int    `json:"style"`
		Placeholder string `json:"placeholder,omitempty"`
		Value       string `json:"value,omitempty"`
		Required    bool   `json:"required"`
		MaxLength   int    `json:"max_length,omitempty"`
	}{componentInput, i.CustomID, i.Label, inputParagraph, i.Hint, i.Value, false, i.MaxLength})
}

// Modal is a form that Discord shows in answer to a click or a command.
type Modal struct {
	CustomID   string `json:"custom_id"`
	Title      string `json:"title"`
	Components []Row  `json:"components"`
}
