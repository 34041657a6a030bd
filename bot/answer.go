package bot

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// journal is what the answer journey needs of the store.
type journal interface {
	Take(context.Context, feedback.Ask) (bool, error)
	Move(ctx context.Context, askID, channelID string) error
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
	// maxMessages is how many messages one answer may take.
	maxMessages = 10
	// An answer appears once it is worth a notification: with so many code
	// points, or so long after its first text.
	worthShowing   = 30
	longEnough     = 300 * time.Millisecond
	editEvery      = time.Second
	typingEvery    = 8 * time.Second // Discord shows it for 10 s
	storeTimeout   = 10 * time.Second
	takeTimeout    = 5 * time.Second // nobody sees anything yet
	finalTries     = 10
	finalTryAgain  = 30 * time.Second
	maxQuestion    = 8000 // code points; a Discord message with Nitro has 4000
	promptVersions = 12   // hex digits of a prompt's hash
)

// question is one question on its way to an answer.
type question struct {
	feedback.Ask
	turns     []llm.Message
	speaker   string // who asks, where several people talk
	files     files  // what the question brought along
	chosen    chosen // how it is answered
	userID    string // who asks, on Discord; "" for a command
	replyTo   string // message to reply to; "" for a command
	unstored  bool   // the store could not take it: it is answered, but cannot be rated
	startedAt time.Time
}

// onMessage decides whether a message asks the bot, and answers it. Whether the
// bot takes part in a thread is in the database, for which the read loop does
// not wait.
func (b *Bot) onMessage(m *message) {
	switch {
	case m.ID == "" || !b.isPerson(m):
	case b.isForUs(m):
		b.onQuestion(m)
	case b.mayBeForUs(m):
		b.begin("thread message", func() {
			if b.takesPart(b.life, m.ChannelID, m.ID) {
				b.onQuestion(m)
			}
		})
	}
}

func (b *Bot) onQuestion(m *message) {
	if !b.seen.add(m.ID) {
		return
	}
	var roles []string
	if m.Member != nil {
		roles = m.Member.Roles
	}
	if v := b.judge(m.GuildID, m.ChannelID, m.Author.ID, roles); !v.allowed {
		b.metrics.dropped.WithLabelValues("not_allowed").Inc()
		if v.text != "" && b.addresses(m) {
			q := question{Ask: feedback.Ask{ID: m.ID, ChannelID: m.ChannelID}, replyTo: m.ID, unstored: true}
			b.begin("refusal", func() { b.notice(b.life, newReply(b, q), v.text) })
		}
		return
	}
	b.places.takePart(m.ChannelID, madeAt(m.ID))
	sorry := func() {
		q := question{Ask: feedback.Ask{ID: m.ID, ChannelID: m.ChannelID}, replyTo: m.ID}
		b.notice(b.life, newReply(b, q), textWentWrong)
	}
	b.begin("question", func() { b.protect("question", sorry, func() { b.ask(b.life, m) }) })
}

// isForUs reports whether a message asks the bot, wherever it stands.
func (b *Bot) isForUs(m *message) bool {
	return b.addresses(m) || m.Content != "" && len(m.Mentions) == 0 && b.answersAll(m.GuildID, m.ChannelID)
}

// addresses reports whether a message is written to the bot.
func (b *Bot) addresses(m *message) bool {
	if m.GuildID == "" || m.mentions(b.me.ID) {
		return true
	}
	repliesToUs := m.Referenced != nil && b.isMe(m.Referenced.Author)
	return repliesToUs && m.Content != "" // without the intent Discord hides it
}

// mayBeForUs reports whether a message asks the bot if it takes part in the
// thread: it is not said to somebody else.
func (b *Bot) mayBeForUs(m *message) bool {
	one := b.places.get(m.ChannelID)
	return one.thread && (!one.since.IsZero() || !one.checked) && m.Content != "" && len(m.Mentions) == 0 && m.Reference == nil
}

// ask takes a message as a question and answers it.
func (b *Bot) ask(ctx context.Context, m *message) {
	text := b.questionText(m)
	flown, land := b.flights.begin(ctx, feedback.Ask{ID: m.ID}) // it may be deleted meanwhile
	defer land()
	c, err := b.recall(ctx, m)
	if err != nil {
		b.log.Error("cannot read a conversation; answering without it", "error", err)
	}
	q := b.newQuestion(feedback.Ask{ID: m.ID, GuildID: m.GuildID, ChannelID: m.ChannelID,
		Asker: b.store.Rater(m.Author.ID), Question: named(text, filesOf(m)), AskedAt: madeAt(m.ID)}, c)
	q.replyTo, q.userID = m.ID, m.Author.ID
	if !b.take(ctx, &q) {
		b.takeOver(m.ID)
		return
	}
	q.files = b.load(ctx, filesOf(m))
	if b.threadsFor(m.GuildID, m.ChannelID) {
		b.openThreadAt(ctx, &q, m.ID)
	}
	if errors.Is(context.Cause(flown), errDeleted) {
		b.finish(ctx, q)
		return
	}
	if text == "" && len(c.turns) == 0 && len(q.files.images) == 0 && len(q.files.texts) == 0 {
		sorry := textEmptyQuestion
		if len(q.files.notes) > 0 {
			sorry = strings.Join(q.files.notes, " ")
		}
		b.notice(ctx, newReply(b, q), sorry)
		return
	}
	b.answer(ctx, q)
}

func (b *Bot) newQuestion(a feedback.Ask, c conversation) question {
	a.ResponseID = feedback.NewID()
	a.Question = clip(a.Question, maxQuestion)
	a.ParentID, a.ConversationID = c.parent, c.id
	if a.ConversationID == "" {
		a.ConversationID = a.ResponseID
	}
	return question{Ask: a, turns: c.turns, speaker: c.speaker, startedAt: time.Now()}
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

// live is an answer while it arrives.
type live struct {
	mu      sync.Mutex
	text    strings.Builder
	runes   int
	changed chan struct{}
}

func (l *live) add(text string) (runes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.WriteString(text)
	l.runes += utf8.RuneCountInString(text)
	signal(l.changed)
	return l.runes
}

func (l *live) now() (string, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String(), l.runes
}

// streamed is how the model's part ended.
type streamed struct {
	answer llm.Answer
	err    error
	took   feedback.Use
}

var (
	errFull   = errors.New("the answer fills all the messages it may take")
	errUnseen = errors.New("the answer cannot be shown")
)

// answer asks the model and shows what it says while it says it. Reading the
// model never waits for Discord: text gathers in live, and each edit shows what
// is there when it leaves.
func (b *Bot) answer(ctx context.Context, q question) {
	b.answerOn(ctx, newReply(b, q))
}

// answerOn is answer on messages that may be there already.
func (b *Bot) answerOn(ctx context.Context, r *reply) {
	r.q.chosen = b.chosenFor(ctx, r.q.GuildID, r.q.ChannelID)
	q := r.q
	flown, land := b.flights.begin(b.work, q.Ask)
	defer land()
	if b.isTooLong(q) {
		b.notice(ctx, r, textTooLong)
		return
	}
	leave, err := b.admit(flown, r)
	if err != nil {
		b.notAdmitted(ctx, r, err)
		return
	}
	defer leave()
	prompt := b.prompt(r.q, time.Now())
	modelCtx, stopModel := context.WithCancelCause(flown)
	defer stopModel(nil)
	streaming, endStreaming := context.WithCancel(ctx) // ends the wait for edits in between
	defer endStreaming()
	l := &live{changed: make(chan struct{}, 1)}
	result := make(chan streamed, 1)
	go func() {
		s := streamed{err: errors.New("panic while streaming")}
		defer func() { result <- s }()
		defer endStreaming()
		b.protect("model", nil, func() {
			s.answer, s.err = b.model.Stream(modelCtx, q.chosen.model, prompt, func(text string) {
				if l.add(text) > maxMessages*maxMessage {
					stopModel(errFull)
				}
			})
		})
	}()
	typing, endTyping := context.WithCancel(streaming)
	defer endTyping()
	if q.Token == "" {
		go b.keepTyping(ctx, typing, q.ChannelID)
	}

	var show <-chan time.Time // when to show what is there
	for {
		select {
		case s := <-result:
			endTyping()
			stopped := context.Cause(modelCtx)
			land() // there is nothing left to stop
			leave()
			s.took = b.settle(ctx, q, prompt, s.answer)
			b.conclude(ctx, r, s, stopped)
			return
		case <-l.changed:
			_, runes := l.now()
			switch {
			case !r.begun() && runes >= worthShowing:
				show = time.After(0)
			case show == nil && !r.begun():
				show = time.After(longEnough)
			case show == nil:
				show = time.After(editEvery - time.Since(r.changedAt))
			}
		case <-show:
			show = nil
			endTyping()
			if err := r.progress(ctx, streaming, l); permanent(err) {
				stopModel(errUnseen)
				b.tellPrivately(ctx, r, err)
			}
		}
	}
}

func (b *Bot) keepTyping(ctx, typing context.Context, channelID string) {
	for typing.Err() == nil {
		if err := b.out.typing(ctx, typing, channelID); err != nil {
			return
		}
		pause(typing, typingEvery)
	}
}
