package discordtest

import "strings"

// Refusal is something Discord does not let a bot write, and the error with which it says so.
type Refusal struct {
	Code  int    // such as 200000 for AutoMod, 240000 for a harmful link, 20009 for explicit content
	Words string // what a text must hold to be refused; empty refuses every text
	Where string // the channel; empty is everywhere
}

// refusals are the errors, with their statuses, that Discord gives to a message for what it says or where it is to
// stand.
var refusals = map[int]struct {
	status  int
	message string
}{
	20009:  {400, "Explicit content cannot be sent to the desired recipient(s)"},
	50083:  {400, "Thread is archived"},
	160005: {400, "This thread is locked"},
	200000: {400, "Message was blocked by automatic moderation"},
	240000: {400, "Message blocked by harmful links filter"},
}

// RefuseText makes Discord refuse what the bot writes from now on, as a new message or an edit, until the returned
// function is called. A code that is not known here has the status 400.
func (s *Server) RefuseText(r Refusal) (allow func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := &r
	s.refused[added] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.refused, added)
	}
}

// check holds all rules for a whole message after a create or an edit, b being what was sent. The caller holds s.mu.
func (s *Server) check(m *Message, b *body) error {
	for r := range s.refused {
		if !b.Content.Set || r.Where != "" && r.Where != m.ChannelID || !strings.Contains(b.Content.Value, r.Words) {
			continue
		}
		e := refuse(400, r.Code, "This message was refused")
		if known, ok := refusals[r.Code]; ok {
			e = refuse(known.status, r.Code, known.message)
		}
		e.pardon = true
		return e
	}
	return checkMessage(m, b)
}
