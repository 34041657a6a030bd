package discordtest

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Click lets a user press a button, or choose values of a select, in a message of the bot that the user can see.
func (s *Server) Click(userID, messageID, customID string, values ...string) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[messageID]
	if m == nil || m.VisibleTo != "" && m.VisibleTo != userID {
		return s.impossible("user %q sees no message %q", userID, messageID)
	}
	part, ok := m.Button(customID)
	switch {
	case !ok:
		return s.impossible("message %s has no component %q", messageID, customID)
	case part.Disabled:
		return s.impossible("component %q of message %s is disabled", customID, messageID)
	case m.Author.ID != s.bot.ID:
		return s.impossible("message %s is not of the bot", messageID)
	}
	data := object{"custom_id": customID, "component_type": part.Type, "id": part.ID}
	if isSelect(part.Type) {
		for _, v := range values {
			if part.Type == typeStringSelect && !slices.ContainsFunc(part.Options, func(o SelectOption) bool { return o.Value == v }) {
				return s.impossible("select %q of message %s has no value %q", customID, messageID, v)
			}
		}
		data["values"] = orEmpty(values)
	}
	return s.clicked(userID, m, customID, data)
}

// ClickRaw is a click as a modified client can send it: with any custom id, on any message.
func (s *Server) ClickRaw(userID, messageID, customID string) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[messageID]
	if m == nil {
		return s.impossible("there is no message %q", messageID)
	}
	return s.clicked(userID, m, customID, object{"custom_id": customID, "component_type": typeButton, "id": 1})
}

func (s *Server) clicked(userID string, m *Message, customID string, data object) *Interaction {
	return s.interact(&Interaction{
		Type: TypeComponent, UserID: userID, MessageID: m.ID, CustomID: customID, message: m, data: data,
	}, s.channels[m.ChannelID])
}

// Submit lets the user fill in the modal that answered an interaction of theirs. Values are by custom id; what is
// left out stays as the app filled it in. Several choices of one select are separated by commas. A client's own
// checks (required, lengths, unknown ids) make the submission impossible.
func (s *Server) Submit(userID string, modal *Interaction, values map[string]string) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	if modal == nil || modal.answer.Modal == nil || modal.UserID != userID {
		return s.impossible("that interaction opened no modal for user %q", userID)
	}
	form := modal.answer.Modal
	for id := range values {
		if _, ok := findComponent(form.Components, id); !ok {
			return s.impossible("modal %q has no input %q", form.CustomID, id)
		}
	}
	parts := []object{}
	for i := range form.Components {
		top := &form.Components[i]
		part := object{"type": top.Type, "id": top.ID}
		switch {
		case top.Component != nil:
			filled, problem := fill(top.Component, values)
			if problem != "" {
				return s.impossible("modal %q: %s", form.CustomID, problem)
			}
			part["component"] = filled
		case top.Type == typeActionRow:
			row := []object{}
			for j := range top.Components {
				filled, problem := fill(&top.Components[j], values)
				if problem != "" {
					return s.impossible("modal %q: %s", form.CustomID, problem)
				}
				row = append(row, filled)
			}
			part["components"] = row
		}
		parts = append(parts, part)
	}
	return s.submitted(userID, modal, form.CustomID, parts)
}

// fill is one input of a modal as it comes back, or what the client would complain about.
func fill(c *Component, values map[string]string) (filled object, problem string) {
	text, given := values[c.CustomID]
	if !given {
		text = c.Value
	}
	filled = object{"type": c.Type, "id": c.ID, "custom_id": c.CustomID}
	required := c.Type != typeCheckbox && (c.Required == nil || *c.Required)
	length := utf8.RuneCountInString(text)
	choices := []string{}
	if text != "" {
		choices = strings.Split(text, ",")
	}
	switch {
	case required && text == "":
		return nil, c.CustomID + " is required"
	case c.Type == typeCheckbox:
		filled["value"] = text == "true"
	case isSelect(c.Type), c.Type == typeCheckboxGroup:
		filled["values"] = choices
	case c.Type == typeRadioGroup && text == "":
		filled["value"] = nil
	default:
		filled["value"] = text
	}
	if len(c.Options) > 0 {
		for _, choice := range choices {
			if !slices.ContainsFunc(c.Options, func(o SelectOption) bool { return o.Value == choice }) {
				return nil, c.CustomID + " has no option " + choice
			}
		}
	}
	if c.Type == typeTextInput && text != "" {
		if length > 4000 || c.MaxLength != nil && length > *c.MaxLength || c.MinLength != nil && length < *c.MinLength {
			return nil, c.CustomID + " has a wrong length"
		}
	}
	return filled, ""
}

// SubmitRaw is a modal submission as a modified client can send it: from a modal that nobody opened, tied to any
// message, with one text input for each value.
func (s *Server) SubmitRaw(userID, messageID, customID string, values map[string]string) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[messageID]
	if m == nil {
		return s.impossible("there is no message %q", messageID)
	}
	rows := []object{}
	for _, id := range slices.Sorted(maps.Keys(values)) {
		input := object{"type": typeTextInput, "id": 2*len(rows) + 2, "custom_id": id, "value": values[id]}
		rows = append(rows, object{"type": typeActionRow, "id": 2*len(rows) + 1, "components": []object{input}})
	}
	from := &Interaction{MessageID: messageID, ChannelID: m.ChannelID, message: m}
	return s.submitted(userID, from, customID, rows)
}

// submitted sends a MODAL_SUBMIT, which carries the message of the component that opened the modal.
func (s *Server) submitted(userID string, from *Interaction, customID string, parts []object) *Interaction {
	ch := s.channels[from.ChannelID]
	if ch == nil {
		return s.impossible("channel %q is gone", from.ChannelID)
	}
	source := s.messages[from.MessageID]
	if source == nil {
		source = from.message
	}
	return s.interact(&Interaction{
		Type: TypeModal, UserID: userID, MessageID: from.MessageID, CustomID: customID, message: source, meta: from.meta,
		data: object{"custom_id": customID, "components": parts, "resolved": object{}},
	}, ch)
}
