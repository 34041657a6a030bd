package discordtest

import (
	"encoding/json"
	"time"
)

var (
	errUnknownInteraction = refuse(404, 10062, "Unknown interaction")
	errAcknowledged       = refuse(400, 40060, "Interaction has already been acknowledged.")
)

// reply is a callback as it was decoded, before it is known whether the interaction still wants one.
type reply struct {
	Type  int
	Data  json.RawMessage
	body  body
	modal Modal
}

func (c *call) reply() (*reply, error) {
	data, files, err := c.payload()
	if err != nil {
		return nil, err
	}
	r := &reply{}
	if err := decode(data, r); err != nil || !given(r.Data) {
		return r, err
	}
	r.body.files = files
	if r.Type == 9 {
		return r, decode(r.Data, &r.modal)
	}
	return r, decode(r.Data, &r.body)
}

// callback is the first answer to an interaction.
func (s *Server) callback(c *call) (any, error) {
	r, err := c.reply()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.interactions[c.PathValue("interaction_id")]
	switch {
	case i == nil || i.Token != c.PathValue("interaction_token"):
		return nil, errUnknownInteraction
	case i.acked:
		return nil, errAcknowledged
	case i.failed || c.now.Sub(i.at) > s.opt.AckTimeout:
		return nil, errUnknownInteraction
	}
	if r.Type == 4 || r.Type == 7 {
		s.judgeMentions(c, &r.body)
	}
	answer := Answer{Type: r.Type, At: c.now, Latency: c.now.Sub(i.at)}
	if answer.Message, err = s.respond(i, r, c.now); err != nil {
		return nil, err
	}
	if r.Type == 9 {
		answer.Modal = &r.modal
	}
	i.acked, i.answer = true, answer
	i.timer.Stop()
	close(i.done)
	s.emit(KindAnswer, i)
	if c.URL.Query().Get("with_response") != "true" {
		return nil, nil
	}
	return i.response(), nil
}

// respond does what a callback asks for and returns the message it is about. The caller holds s.mu.
func (s *Server) respond(i *Interaction, r *reply, now time.Time) (*Message, error) {
	wrong := func(message string) *apiError {
		return invalidForm("type", "INTERACTION_RESPONSE_TYPE_INVALID", message)
	}
	switch r.Type {
	case 4:
		return s.answerMessage(i, &r.body, now)
	case 5:
		if r.body.Flags.Value&^FlagEphemeral != 0 {
			return nil, invalidForm("flags", "FLAGS_INVALID", "A deferred message can only be ephemeral.")
		}
		m, err := s.answerMessage(i, &body{Flags: opt[int]{Value: r.body.Flags.Value | FlagLoading}}, now)
		i.loading = err == nil
		return m, err
	case 6, 7:
		m := s.messages[i.MessageID]
		if i.MessageID == "" {
			return nil, wrong("Only an interaction with a component has a message to update.")
		}
		if m == nil {
			return nil, refuse(404, 10008, "Unknown Message")
		}
		if r.Type == 6 {
			return m, nil
		}
		return s.update(m, &r.body, now)
	case 9:
		if i.Type == TypeModal {
			return nil, wrong("A modal cannot be the answer to a modal.")
		}
		complete(r.modal.Components, true)
		return nil, checkModal(&r.modal)
	}
	return nil, wrong("Value is not one of the callback types for this interaction.")
}

// answerMessage publishes a message that answers an interaction: its first response or a follow-up. The caller holds
// s.mu.
func (s *Server) answerMessage(i *Interaction, b *body, now time.Time) (*Message, error) {
	ch := s.channels[i.ChannelID]
	if ch == nil {
		return nil, refuse(404, 10003, "Unknown Channel")
	}
	m := s.newMessage(ch, s.bot, now)
	m.ApplicationID, m.WebhookID, m.InteractionMetadata = s.bot.ID, s.bot.ID, i.meta
	m.Flags = b.Flags.Value & (FlagEphemeral | FlagLoading | flagSilent)
	if m.Flags&FlagEphemeral != 0 {
		m.VisibleTo = i.UserID
	}
	if i.Type == TypeCommand {
		m.Type = 20
	}
	if err := checkFiles(m, b); err != nil {
		return nil, err
	}
	s.apply(m, b, now)
	if m.Flags&FlagLoading == 0 {
		if err := s.check(m, b); err != nil {
			return nil, err
		}
	}
	s.mention(m, b.Mentions, true)
	if !i.acked {
		i.original = m.ID
	}
	i.mine[m.ID] = true
	s.publish(ch, m)
	return m, nil
}

// response is the body of a callback with_response. The caller holds s.mu.
func (i *Interaction) response() object {
	about := object{"id": i.ID, "type": i.Type, "channel_id": i.ChannelID}
	if i.GuildID != "" {
		about["guild_id"] = i.GuildID
	}
	o := object{"interaction": about}
	if m := i.answer.Message; m != nil {
		about["response_message_id"] = m.ID
		about["response_message_loading"] = i.loading
		about["response_message_ephemeral"] = m.Ephemeral()
		o["resource"] = object{"type": i.answer.Type, "message": plain(m)}
	}
	return o
}

// byToken finds the interaction of a webhook route. The caller holds s.mu.
func (s *Server) byToken(c *call) (*Interaction, error) {
	i := s.tokens[c.PathValue("webhook_token")]
	switch {
	case c.PathValue("webhook_id") != s.bot.ID:
		return nil, refuse(404, 10015, "Unknown Webhook")
	case i == nil || c.now.Sub(i.at) > s.opt.TokenLife:
		return nil, refuse(401, 50027, "Invalid Webhook Token")
	case !i.acked:
		return nil, refuse(404, 10015, "Unknown Webhook")
	}
	return i, nil
}

// answered finds the interaction of a webhook route and the message it names: @original, or one of the token's own.
func (s *Server) answered(c *call) (*Interaction, *Message, error) {
	i, err := s.byToken(c)
	if err != nil {
		return nil, nil, err
	}
	id := c.PathValue("message_id")
	if id == "" {
		id = i.original
	}
	m := s.messages[id]
	if m == nil || id != i.original && !i.mine[id] {
		return nil, nil, refuse(404, 10008, "Unknown Message")
	}
	return i, m, nil
}

// followUp adds a message. After a deferred answer the first one takes the place of the loading message, and its
// visibility.
func (s *Server) followUp(c *call) (any, error) {
	b, err := c.message()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judgeMentions(c, b)
	i, err := s.byToken(c)
	if err != nil {
		return nil, err
	}
	var m *Message
	if old := s.messages[i.original]; i.loading && old != nil {
		m, err = s.update(old, b, c.now)
	} else {
		m, err = s.answerMessage(i, b, c.now)
	}
	if err != nil {
		return nil, err
	}
	i.loading = false
	return plain(m), nil
}

func (s *Server) getAnswer(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, m, err := s.answered(c)
	if err != nil {
		return nil, err
	}
	return plain(m), nil
}

func (s *Server) editAnswer(c *call) (any, error) {
	b, err := c.message()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judgeMentions(c, b)
	i, m, err := s.answered(c)
	if err != nil {
		return nil, err
	}
	if m, err = s.update(m, b, c.now); err != nil {
		return nil, err
	}
	if m.ID == i.original {
		i.loading = false
	}
	return plain(m), nil
}

func (s *Server) deleteAnswer(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, m, err := s.answered(c)
	if err != nil {
		return nil, err
	}
	s.remove(m)
	return nil, nil
}
