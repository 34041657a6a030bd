package discordtest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The types of interactions.
const (
	TypeCommand   = 2
	TypeComponent = 3
	TypeModal     = 5
)

// Interaction is something a user did and the app has to answer. What cannot be done, such as a click on a button
// that is not there, gives an Interaction that was never sent and whose Wait returns the reason at once.
type Interaction struct {
	ID        string
	Token     string
	Type      int
	UserID    string
	ChannelID string
	GuildID   string // empty in direct messages
	MessageID string // of the component's message; empty for commands
	CustomID  string // of the component or the modal
	Command   string // the command's name

	s       *Server
	at      time.Time
	data    object
	message *Message // the component's message, as it was then
	user    User
	timer   *time.Timer
	done    chan struct{}

	// Guarded by s.mu; answer and err may also be read once done is closed.
	acked    bool
	failed   bool
	loading  bool            // answered with type 5, and not edited yet
	original string          // the message that @original means
	mine     map[string]bool // the messages this token made
	meta     *InteractionMetadata
	answer   Answer
	err      error
}

// Answer is the app's acknowledgement.
type Answer struct {
	Type    int      // the callback type: 4 message, 5 and 6 deferred, 7 update, 9 modal
	Message *Message // the message it made (4, 5) or updates (6, 7), as it was then
	Modal   *Modal   // the modal it opened (9)
	At      time.Time
	Latency time.Duration // since the user's action
}

// ErrInteractionFailed is what a user sees as "This interaction failed": no acknowledgement within AckTimeout.
var ErrInteractionFailed = errors.New("discordtest: this interaction failed: the app did not answer in time")

// Wait returns the app's acknowledgement, or ErrInteractionFailed after Options.AckTimeout. What the app does later
// is seen with Message, WaitMessage and WaitEphemeral.
func (i *Interaction) Wait(ctx context.Context) (Answer, error) {
	select {
	case <-i.done:
		return i.answer, i.err
	default:
	}
	select {
	case <-i.done:
		return i.answer, i.err
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	case <-i.s.done:
		return Answer{}, ErrClosed
	}
}

// Event is the INTERACTION_CREATE that was sent; with Emit it can be sent again.
func (i *Interaction) Event() json.RawMessage {
	if i.s == nil || i.data == nil {
		return json.RawMessage("null")
	}
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	raw, err := json.Marshal(i.event())
	if err != nil {
		i.s.problem("fake: an interaction cannot be encoded: %v", err)
		return json.RawMessage("null")
	}
	return raw
}

// impossible is an interaction that was never sent.
func (s *Server) impossible(format string, args ...any) *Interaction {
	i := &Interaction{s: s, done: make(chan struct{}), err: fmt.Errorf("discordtest: "+format, args...)}
	close(i.done)
	return i
}

// interact numbers an interaction, sends it to the app and starts its clock. The caller holds s.mu.
func (s *Server) interact(i *Interaction, ch *channel) *Interaction {
	now := time.Now()
	s.sweep(now)
	u := s.users[i.UserID]
	if u == nil || s.closed {
		return s.impossible("there is no user %q, or the server is closed", i.UserID)
	}
	i.s, i.at, i.user, i.done, i.mine = s, now, *u, make(chan struct{}), map[string]bool{}
	i.ID, i.ChannelID, i.GuildID = s.snowflake(now), ch.ID, ch.GuildID
	i.Token = base64.RawURLEncoding.EncodeToString([]byte("interaction:" + i.ID + ":" + rand.Text()))
	i.original = i.MessageID
	i.describe()
	s.interactions[i.ID], s.tokens[i.Token] = i, i
	i.timer = time.AfterFunc(s.opt.AckTimeout, func() { s.expire(i) })
	s.emit(KindInteraction, i)
	s.dispatch(event{name: "INTERACTION_CREATE", guild: i.GuildID, data: i.event()})
	return i
}

// describe fills in what the messages that answer this interaction say about it.
func (i *Interaction) describe() {
	triggering := i.meta // of the interaction that opened the modal
	i.meta = &InteractionMetadata{
		ID: i.ID, Type: i.Type, User: i.user, Name: i.Command, Owners: i.owners(), Triggering: triggering,
	}
	if i.Type == TypeComponent {
		i.meta.InteractedMessageID = i.MessageID
	}
}

func (i *Interaction) owners() map[string]string {
	if i.GuildID == "" {
		return map[string]string{"0": "0"}
	}
	return map[string]string{"0": i.GuildID}
}

// expire fails an interaction that nobody has acknowledged.
func (s *Server) expire(i *Interaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !i.acked && !s.closed {
		i.failed, i.err = true, ErrInteractionFailed
		close(i.done)
		s.emit(KindFail, i)
	}
}

// sweep drops interactions whose token has expired, once a minute. The caller holds s.mu.
func (s *Server) sweep(now time.Time) {
	if now.Sub(s.swept) < time.Minute {
		return
	}
	s.swept = now
	for id, i := range s.interactions {
		if now.Sub(i.at) > s.opt.TokenLife+s.opt.AckTimeout {
			delete(s.interactions, id)
			delete(s.tokens, i.Token)
		}
	}
}

// event is the interaction as the gateway sends it. The caller holds s.mu.
func (i *Interaction) event() object {
	s := i.s
	o := object{
		"id": i.ID, "application_id": s.bot.ID, "type": i.Type, "token": i.Token, "version": 1, "data": i.data,
		"channel_id": i.ChannelID, "locale": "en-US", "entitlements": []object{}, "attachment_size_limit": 10 << 20,
		"authorizing_integration_owners": i.meta.Owners, "app_permissions": itoa(DefaultPermissions), "context": 1,
	}
	if ch := s.channels[i.ChannelID]; ch != nil {
		o["channel"] = ch.Channel
		o["app_permissions"] = itoa(ch.Permissions)
	}
	if i.message != nil {
		o["message"] = plain(i.message)
	}
	if i.GuildID == "" {
		o["user"] = i.user
		return o
	}
	m := s.member(i.user.ID)
	m.User, m.Permissions = &i.user, itoa(s.permissionsOf(i.user.ID))
	o["member"], o["context"], o["guild_id"], o["guild_locale"] = m, 0, i.GuildID, "en-US"
	o["guild"] = object{"id": i.GuildID, "locale": "en-US", "features": []string{}}
	return o
}
