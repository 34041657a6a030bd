package bot

import (
	"cmp"
	"context"
	"errors"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
)

// journal is what the answer journey needs of the store.
type journal interface {
	Take(context.Context, feedback.Ask) (bool, error)
	Posted(ctx context.Context, a feedback.Ask, messageID string, part int) error
	Monitor(context.Context, feedback.Response) error
	Fail(ctx context.Context, askID string) error
	Finish(ctx context.Context, askID string) error
	Unfinished(context.Context) ([]feedback.Ask, error)
	RecentPlaces(ctx context.Context, direct bool, n int) ([]feedback.Place, error)
	Response(ctx context.Context, id string) (feedback.Response, error)
	AskOf(ctx context.Context, responseID string) (feedback.Ask, error)
	Messages(ctx context.Context, askID string) ([]string, error)
}

const (
	storeTimeout = 10 * time.Second
	takeTimeout  = 5 * time.Second // nobody sees anything yet
	// recallTimeout is for what comes before a question, a part of which may have
	// to be read from Discord at its pace.
	recallTimeout = 30 * time.Second
	maxQuestion   = 8000 // code points; a Discord message with Nitro has 4000
)

// question is one question on its way to an answer. Each step of the way fills in
// its part.
type question struct {
	feedback.Ask
	conversation
	files     brought // what it brought along, once it is its turn
	chosen    chosen  // how it is answered
	userID    string  // who asks, on Discord; "" when an earlier process took it
	replyTo   string  // message to reply to; "" for a command
	unstored  bool    // the store could not take it: it is answered, but cannot be rated
	startedAt time.Time
}

// sourceID is where the question stands that is answered: its own message or
// interaction, or the one that is answered once more.
func (q question) sourceID() string { return cmp.Or(q.Source, q.ID) }

// onMessage decides whether a message asks the bot, and answers it.
func (b *Bot) onMessage(m *discord.Message) {
	switch {
	case m.ID == "" || !b.isPerson(m):
	case b.isForUs(m):
		b.onQuestion(m)
	case b.onThreadMessage(m):
	case b.onUnknownRole(m):
	}
}

// isForUs reports whether a message asks the bot, wherever it stands.
func (b *Bot) isForUs(m *discord.Message) bool {
	return b.addresses(m) || b.answersAll(m.GuildID, m.ChannelID) && !toOthers(m) && b.shows(m)
}

// addresses reports whether a message is written to the bot.
func (b *Bot) addresses(m *discord.Message) bool {
	if m.GuildID == "" || m.Names(b.me.ID) || b.roles.anyOurs(m.MentionRoles) {
		return true
	}
	repliesToUs := m.Referenced != nil && b.isMe(m.Referenced.Author)
	return repliesToUs && b.shows(m)
}

// toOthers reports whether a message calls somebody else.
func toOthers(m *discord.Message) bool {
	return len(m.Mentions) > 0 || len(m.MentionRoles) > 0 || m.MentionEveryone
}

// shows reports whether a message holds anything that the bot can see. Without the
// intent Discord hides what is not written to it.
func (b *Bot) shows(m *discord.Message) bool { return b.holds(m) != "" }

func (b *Bot) isMe(u *discord.User) bool { return u != nil && u.ID == b.me.ID }

// isPerson reports whether a person wrote the message, and not a bot, a webhook
// or Discord itself.
func (b *Bot) isPerson(m *discord.Message) bool {
	return m.Author != nil && !m.Author.Bot && m.WebhookID == "" && (m.Type == discord.TypeDefault || m.Type == discord.TypeReply)
}

// onQuestion answers a message that asks the bot, if its author may ask here.
func (b *Bot) onQuestion(m *discord.Message) {
	if !b.seen.add(m.ID) {
		return
	}
	if m.Member == nil && m.GuildID != "" && b.options.Access.needsRoles() {
		b.begin("question", func() {
			if b.fetchMember(b.requests, m) {
				b.considerQuestion(m)
			}
		})
		return
	}
	b.considerQuestion(m)
}

func (b *Bot) considerQuestion(m *discord.Message) {
	var roles []string
	if m.Member != nil {
		roles = m.Member.Roles
	}
	if v := b.judge(m.GuildID, m.ChannelID, m.Author.ID, roles); !v.allowed {
		b.metrics.dropped.WithLabelValues("not_allowed").Inc()
		if v.sorry != "" && b.addresses(m) {
			b.begin("refusal", func() { b.apologiseFor(m, v.sorry) })
		}
		return
	}
	b.places.takePart(m.ChannelID, m.At)
	b.begin("question", func() {
		b.protect("question", func() { b.apologiseFor(m, textWentWrong) }, func() { b.ask(b.requests, m) })
	})
}

// apologiseFor says in a sentence why a message gets no answer.
func (b *Bot) apologiseFor(m *discord.Message, sorry string) {
	q := question{Ask: feedback.Ask{ID: m.ID, ChannelID: m.ChannelID}, replyTo: m.ID, unstored: true}
	b.notice(b.requests, newReply(b, q), sorry)
}

// ask takes a message as a question and answers it.
func (b *Bot) ask(ctx context.Context, m *discord.Message) {
	a := feedback.Ask{ID: m.ID, ResponseID: feedback.NewID(), GuildID: m.GuildID, ChannelID: m.ChannelID,
		Asker: b.store.Rater(m.Author.ID), Question: b.asks(m), AskedAt: m.At}
	flown := b.flights.begin(b.models, a) // it may be deleted or stopped from now on
	defer flown.land()
	recallCtx, cancel := context.WithTimeout(ctx, recallTimeout)
	c, err := b.recall(recallCtx, m)
	cancel()
	if err != nil {
		b.log.Error("cannot read a conversation; answering without it", "error", err)
	}
	c.attachments = ownFiles(m)
	c.shown.Asked = feedback.Turn{Name: c.speaker, Channel: m.ChannelID, Files: describe(c.attachments), Message: m.ID, Owner: a.Asker}
	nothing := a.Question == ""
	pointed := c.pointsAt() || c.quote() != nil && len(c.quote().Files) > 0 // which are not loaded yet
	if nothing && pointed && (m.Content != "" || m.RepliesTo() != "") {     // a call that points at what was said
		a.Question, nothing = askedNothing, false
	}
	q := newQuestion(a, c)
	q.replyTo, q.userID = m.ID, m.Author.ID
	if !b.take(ctx, &q) {
		flown.land() // another process writes the answer, or has written it
		b.takeOver(m.ID)
		return
	}
	flown.write()
	b.threadFor(ctx, &q, m.ID)
	switch {
	case errors.Is(context.Cause(flown), errDeleted):
		b.finish(ctx, q)
	case nothing && m.Content == "" && b.roles.anyOurs(m.MentionRoles): // Discord hides the rest
		b.notice(ctx, newReply(b, q), textRoleOnly)
	case nothing:
		b.notice(ctx, newReply(b, q), textEmptyQuestion)
	default:
		b.answer(ctx, flown, newReply(b, q))
	}
}

// askByInteraction takes an interaction as a question and answers it. Discord
// shows "thinking" until the first text is there. recall finds what the question
// follows; it is called when the interaction has been acknowledged.
func (b *Bot) askByInteraction(ctx context.Context, i *discord.Interaction, a feedback.Ask, recall func(context.Context) conversation) {
	a.ID, a.GuildID, a.ChannelID, a.Token, a.AskedAt = i.ID, i.GuildID, i.ChannelID, i.Token, i.Received
	a.ResponseID = feedback.NewID()
	flown := b.flights.beginOnly(b.models, a)
	if flown == nil {
		b.tell(ctx, i, textAtIt)
		return
	}
	handedOver := false
	defer func() {
		if !handedOver {
			flown.land()
		}
	}()
	b.acknowledge(ctx, i, discord.Callback{Type: discord.ReplyDeferred})
	recallCtx, cancel := context.WithTimeout(ctx, recallTimeout)
	c := recall(recallCtx)
	cancel()
	a.Question = named(a.Question, c.attachments)
	b.places.takePart(i.ChannelID, i.Received)
	q := newQuestion(a, c)
	q.userID = i.UserID()
	if !b.take(ctx, &q) {
		return
	}
	if b.options.NoText && q.Question != "" {
		b.commandTexts.put(q.ID, q.Question)
	}
	if len(c.attachments) > 0 {
		b.commandFiles.put(q.ID, c.attachments)
	}
	sorry := func() { b.notice(ctx, newReply(b, q), textWentWrong) }
	do := func() {
		defer flown.land()
		b.threadForCommand(ctx, i, &q)
		r := newReply(b, q)
		r.asked = b.askedBy(ctx, i, q)
		b.answer(ctx, flown, r)
	}
	if handedOver = b.begin("question", func() { b.protect("question", sorry, do) }); !handedOver {
		b.notice(ctx, newReply(b, q), textStopping)
	}
}

// chosen is how the bot answers somewhere.
type chosen struct {
	prompt string // the system prompt, before anything in it is replaced
	model  string // "" for the usual one
}

// chosenFor returns what holds in a channel.
func (b *Bot) chosenFor(ctx context.Context, guildID, channelID string) chosen {
	c := chosen{prompt: b.options.SystemPrompt}
	b.choose(ctx, &c, guildID, channelID)
	return c
}

// newQuestion is an ask as what follows a conversation.
func newQuestion(a feedback.Ask, c conversation) question {
	a.Question = text.Clip(a.Question, maxQuestion)
	a.ParentID, a.ConversationID, a.Shown = c.parent, c.id, c.shown
	if a.ConversationID == "" {
		a.ConversationID = a.ResponseID
	}
	return question{Ask: a, conversation: c, startedAt: time.Now()}
}

// take stores a question, and returns false when somebody has taken it before.
// When the store fails the question is answered all the same: the nonce keeps
// Discord from showing a second answer.
func (b *Bot) take(ctx context.Context, q *question) bool {
	ctx, cancel := context.WithTimeout(ctx, takeTimeout)
	defer cancel()
	taken, err := b.store.Take(ctx, q.Ask)
	if err != nil {
		q.unstored = true
		b.log.Error("a question could not be stored; answering it without buttons", "error", err)
		return true
	}
	if !taken {
		b.metrics.dropped.WithLabelValues("taken_before").Inc()
	}
	return taken
}
