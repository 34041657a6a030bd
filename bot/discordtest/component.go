package discordtest

import "encoding/json"

// Component is a part of a message or of a modal; which fields matter depends on Type.
type Component struct {
	Type         int             `json:"type"`
	ID           int             `json:"id"`
	CustomID     string          `json:"custom_id,omitempty"`
	Style        int             `json:"style,omitempty"`
	Label        string          `json:"label,omitempty"`
	Description  string          `json:"description,omitempty"`
	Emoji        *Emoji          `json:"emoji,omitempty"`
	URL          string          `json:"url,omitempty"`
	Disabled     bool            `json:"disabled,omitempty"`
	Content      string          `json:"content,omitempty"`
	Value        string          `json:"value,omitempty"`
	Placeholder  string          `json:"placeholder,omitempty"`
	Required     *bool           `json:"required,omitempty"`
	MinLength    *int            `json:"min_length,omitempty"`
	MaxLength    *int            `json:"max_length,omitempty"`
	MinValues    *int            `json:"min_values,omitempty"`
	MaxValues    *int            `json:"max_values,omitempty"`
	Options      []SelectOption  `json:"options,omitempty"`
	Components   []Component     `json:"components,omitempty"`
	Component    *Component      `json:"component,omitempty"` // the child of a Label
	Accessory    *Component      `json:"accessory,omitempty"` // the right side of a Section
	AccentColor  *int            `json:"accent_color,omitempty"`
	Spoiler      *bool           `json:"spoiler,omitempty"`
	Divider      *bool           `json:"divider,omitempty"`
	Spacing      *int            `json:"spacing,omitempty"`
	Items        json.RawMessage `json:"items,omitempty"`
	Media        json.RawMessage `json:"media,omitempty"`
	File         json.RawMessage `json:"file,omitempty"`
	ChannelTypes []int           `json:"channel_types,omitempty"`
	Default      json.RawMessage `json:"default,omitempty"`
	Defaults     json.RawMessage `json:"default_values,omitempty"`
}

// Emoji is a Unicode emoji (no id) or a custom one.
type Emoji struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name"`
	Animated bool   `json:"animated,omitempty"`
}

// SelectOption is a choice of a select, a radio group or a checkbox group.
type SelectOption struct {
	Label       string `json:"label"`
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
	Emoji       *Emoji `json:"emoji,omitempty"`
	Default     bool   `json:"default,omitempty"`
}

// The component types that the rules speak of.
const (
	typeActionRow     = 1
	typeButton        = 2
	typeStringSelect  = 3
	typeTextInput     = 4
	typeChannelSelect = 8
	typeTextDisplay   = 10
	typeLabel         = 18
	typeRadioGroup    = 21
	typeCheckboxGroup = 22
	typeCheckbox      = 23
)

// isSelect says whether t is one of the five select menus of messages.
func isSelect(t int) bool {
	return t == typeStringSelect || t > typeTextInput && t <= typeChannelSelect
}

// walk calls f for every component, parents first, until f returns false.
func walk(list []Component, f func(*Component) bool) bool {
	for i := range list {
		c := &list[i]
		if !f(c) || !walk(c.Components, f) {
			return false
		}
		for _, child := range []*Component{c.Component, c.Accessory} {
			if child != nil && (!f(child) || !walk(child.Components, f)) {
				return false
			}
		}
	}
	return true
}

func findComponent(list []Component, customID string) (found Component, ok bool) {
	walk(list, func(c *Component) bool {
		if customID != "" && c.CustomID == customID {
			found, ok = *c, true
		}
		return !ok
	})
	return found, ok
}

// complete fills in what Discord fills in: how many values a select asks for and, in modals and V2 messages, the ids.
func complete(list []Component, ids bool) {
	n, one := 0, 1
	walk(list, func(c *Component) bool {
		if n++; ids && c.ID == 0 {
			c.ID = n
		}
		if isSelect(c.Type) && c.MinValues == nil {
			c.MinValues = &one
		}
		if isSelect(c.Type) && c.MaxValues == nil {
			c.MaxValues = &one
		}
		return true
	})
}
