package discordtest

import (
	"fmt"
	"unicode/utf8"
)

func wrongPart(message string, args ...any) error {
	return invalidForm("components", "COMPONENT_INVALID", fmt.Sprintf(message, args...))
}

// checkRows holds the rules for the components of a legacy message: up to five rows of buttons or of one select.
func checkRows(rows []Component) error {
	if len(rows) > 5 {
		return tooLong("components", 5)
	}
	for _, row := range rows {
		if row.Type != typeActionRow {
			return wrongPart("only action rows stand at the top of a message, not type %d", row.Type)
		}
	}
	return checkParts(rows, func(c *Component) bool { return c.Type == typeButton || isSelect(c.Type) })
}

// checkV2 holds the rules for a message with IS_COMPONENTS_V2.
func checkV2(list []Component) error {
	count, text := 0, 0
	walk(list, func(c *Component) bool {
		count++
		if c.Type == typeTextDisplay {
			text += utf8.RuneCountInString(c.Content)
		}
		return true
	})
	if count > 40 {
		return tooLong("components", 40)
	}
	if text > 4000 {
		return wrongPart("the text displays of a message hold at most 4000 characters together, not %d", text)
	}
	return checkParts(list, func(c *Component) bool { return c.Type != typeTextInput && c.Type < typeLabel })
}

// checkParts holds what is true of components anywhere. allowed says which may stand below an action row or section.
func checkParts(list []Component, allowed func(*Component) bool) (err error) {
	seen, ids := map[string]bool{}, map[int]bool{}
	walk(list, func(c *Component) bool {
		switch {
		case c.CustomID != "" && seen[c.CustomID]:
			err = invalidForm("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
		case c.ID != 0 && ids[c.ID]:
			err = wrongPart("component id %d is used twice", c.ID)
		case utf8.RuneCountInString(c.CustomID) > 100:
			err = tooLong("components", 100)
		case c.Type == typeActionRow:
			err = checkRow(c, allowed)
		case c.Type == typeButton:
			err = checkButton(c)
		case isSelect(c.Type), c.Type == typeTextInput, c.Type >= typeRadioGroup && c.Type <= typeCheckbox:
			err = checkInput(c)
		}
		seen[c.CustomID], ids[c.ID] = true, true
		return err == nil
	})
	return err
}

func checkRow(row *Component, allowed func(*Component) bool) error {
	buttons, others := 0, 0
	for i := range row.Components {
		c := &row.Components[i]
		if !allowed(c) {
			return wrongPart("type %d cannot stand in this row", c.Type)
		}
		if c.Type == typeButton {
			buttons++
		} else {
			others++
		}
	}
	switch {
	case buttons+others == 0:
		return wrongPart("a row must not be empty")
	case buttons > 5:
		return wrongPart("a row holds at most 5 buttons, not %d", buttons)
	case others > 1 || others == 1 && buttons > 0:
		return wrongPart("a row holds buttons or one other component")
	}
	return nil
}

func checkButton(b *Component) error {
	switch {
	case b.Style < 1 || b.Style > 6:
		return wrongPart("button style %d does not exist", b.Style)
	case utf8.RuneCountInString(b.Label) > 80:
		return tooLong("components", 80)
	case b.Style == 5 && (b.URL == "" || b.CustomID != "" || len(b.URL) > 512):
		return wrongPart("a link button has a url of up to 512 characters and no custom id")
	case b.Style < 5 && (b.CustomID == "" || b.URL != ""):
		return wrongPart("a button has a custom id and no url")
	case b.Style < 6 && b.Label == "" && b.Emoji == nil:
		return wrongPart("a button has a label or an emoji")
	}
	return nil
}

// checkInput holds the rules for selects and for the inputs of modals.
func checkInput(c *Component) error {
	outside := func(p *int, low, high int) bool { return p != nil && (*p < low || *p > high) }
	placeholder, choices := 150, 25
	switch {
	case c.CustomID == "":
		return wrongPart("type %d needs a custom id", c.Type)
	case c.Type == typeTextInput:
		if placeholder = 100; c.Style != 1 && c.Style != 2 {
			return wrongPart("text input style %d does not exist", c.Style)
		}
		if outside(c.MinLength, 0, 4000) || outside(c.MaxLength, 1, 4000) || utf8.RuneCountInString(c.Value) > 4000 {
			return tooLong("components", 4000)
		}
	case c.Type == typeRadioGroup && len(c.Options) < 2:
		return wrongPart("a radio group has 2 to 10 options")
	case c.Type == typeRadioGroup, c.Type == typeCheckboxGroup:
		choices = 10
	case outside(c.MinValues, 0, 25), outside(c.MaxValues, 1, 25):
		return wrongPart("a select asks for 0 to 25 values")
	}
	if utf8.RuneCountInString(c.Placeholder) > placeholder {
		return tooLong("components", placeholder)
	}
	if len(c.Options) > choices {
		return tooLong("components", choices)
	}
	needs := c.Type == typeStringSelect || c.Type == typeCheckboxGroup
	if needs && len(c.Options) == 0 {
		return wrongPart("type %d needs options", c.Type)
	}
	for _, o := range c.Options {
		if max(utf8.RuneCountInString(o.Label), utf8.RuneCountInString(o.Value), utf8.RuneCountInString(o.Description)) > 100 {
			return tooLong("components", 100)
		}
	}
	return nil
}

// checkModal holds the rules for a modal; most of them the OpenAPI document does not know.
func checkModal(m *Modal) error {
	switch {
	case m.CustomID == "" || utf8.RuneCountInString(m.CustomID) > 100:
		return tooLong("custom_id", 100)
	case m.Title == "" || utf8.RuneCountInString(m.Title) > 45:
		return tooLong("title", 45)
	case len(m.Components) < 1 || len(m.Components) > 5:
		return tooLong("components", 5)
	}
	for i := range m.Components {
		top := &m.Components[i]
		switch top.Type {
		case typeTextDisplay:
		case typeActionRow:
			for _, c := range top.Components {
				if c.Label == "" || utf8.RuneCountInString(c.Label) > 45 {
					return tooLong("components", 45)
				}
			}
		case typeLabel:
			if top.Component == nil || top.Label == "" {
				return wrongPart("a label has a text and exactly one child")
			}
			if utf8.RuneCountInString(top.Label) > 45 || utf8.RuneCountInString(top.Description) > 100 {
				return tooLong("components", 45)
			}
			if top.Component.Label != "" || top.Component.Disabled {
				return wrongPart("what stands in a label has no label of its own and is not disabled")
			}
			if top.Component.Type == typeButton {
				return wrongPart("a modal has no buttons")
			}
		default:
			return wrongPart("type %d cannot stand at the top of a modal", top.Type)
		}
	}
	return checkParts(m.Components, func(c *Component) bool { return c.Type == typeTextInput })
}
