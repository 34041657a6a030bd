package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	Posted(ctx context.Context, a feedback.Ask, messageID string, part int) error
	Monitor(context.Context, feedback.Response) error
	Fail(ctx context.Context, askID string) error
	Finish(ctx context.Context, askID string) error
	Unfinished(context.Context) ([]feedback.Ask, error)
	RecentPlaces(ctx context.Context, direct bool, n int) ([]feedback.Place, error)
	Response(ctx context.Context, id string) (feedback.Response, error)
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
	finalTries     = 10
	finalTryAgain  = 30 * time.Second
	maxQuestion    = 8000 // code points; a Discord message with Nitro has 4000
	promptVersions = 12   // hex digits of a prompt's hash
)

// question is one question on its way to an answer.
type question struct {
	feedback.Ask
	turns     []llm.Message
	replyTo   string // message to reply to; "" for a command
	unstored  bool   // the store could not take it: it is answered, but cannot be rated
	startedAt time.Time
}

// onMessage decides whether a message asks the bot, and answers it.
func (b *Bot) onMessage(m *message) {
	if !b.isForUs(m) || !b.seen.add(m.ID) {
		return
	}
	sorry := func() {
		q := question{Ask: feedback.Ask{ID: m.ID, ChannelID: m.ChannelID}, replyTo: m.ID}
		b.notice(b.life, newReply(b, q), textWentWrong)
	}
	b.begin("question", func() { b.protect("question", sorry, func() { b.ask(b.life, m) }) })
}

func (b *Bot) isForUs(m *message) bool {
	switch {
	case m.ID == "" || m.Author == nil || m.Author.Bot || m.WebhookID != "":
		return false
	case m.Type != typeDefault && m.Type != typeReply:
		return false
	case m.GuildID == "" || m.mentions(b.me.ID):
		return true
	}
	repliesToUs := m.Referenced != nil && m.Referenced.Author != nil && m.Referenced.Author.ID == b.me.ID
	return repliesToUs && m.Content != "" // without the intent Discord hides it
}

// ask takes a message as a question and answers it.
func (b *Bot) ask(ctx context.Context, m *message) {
	text := b.questionText(m)
	c, err := b.recall(ctx, m)
	if err != nil {
		b.log.Error("cannot read a conversation; answering without it", "error", err)
	}
	q := b.newQuestion(feedback.Ask{ID: m.ID, GuildID: m.GuildID, ChannelID: m.ChannelID,
		Asker: b.store.Rater(m.Author.ID), Question: text, AskedAt: madeAt(m.ID)}, c)
	q.replyTo = m.ID
	if !b.take(ctx, &q) {
		return
	}
	if text == "" && len(c.turns) == 0 {
		b.notice(ctx, newReply(b, q), textEmptyQuestion)
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
	return question{Ask: a, turns: c.turns, startedAt: time.Now()}
}

// take stores a question, and returns false when somebody has taken it before.
// When the store fails the question is answered all the same: the nonce keeps
// Discord from showing a second answer.
func (b *Bot) take(ctx context.Context, q *question) bool {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
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
}

var (
	errFull   = errors.New("the answer fills all the messages it may take")
	errUnseen = errors.New("the answer cannot be shown")
)

// answer asks the model and shows what it says while it says it. Reading the
// model never waits for Discord: text gathers in live, and each edit shows what
// is there when it leaves.
func (b *Bot) answer(ctx context.Context, q question) {
	r := newReply(b, q)
	modelCtx, stopModel := context.WithCancelCause(b.work)
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
			prompt := b.prompt(q.turns, q.Question, q.GuildID, time.Now())
			s.answer, s.err = b.model.Stream(modelCtx, prompt, func(text string) {
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
			b.conclude(ctx, r, s, context.Cause(modelCtx))
			return
		case <-l.changed:
			_, runes := l.now()
			switch {
			case len(r.ids) == 0 && runes >= worthShowing:
				show = time.After(0)
			case show == nil && len(r.ids) == 0:
				show = time.After(longEnough)
			case show == nil:
				show = time.After(editEvery - time.Since(r.changedAt))
			}
		case <-show:
			show = nil
			endTyping()
			if err := r.progress(ctx, streaming, l); permanent(err) {
				stopModel(errUnseen)
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

// permanent reports whether Discord refused something for good.
func permanent(err error) bool {
	s := status(err)
	return s >= 400 && s < 500 && s != 429
}

// conclude shows the end of an answer: stores the response, then puts the
// buttons under it. When nothing arrived it says why in a sentence.
func (b *Bot) conclude(ctx context.Context, r *reply, s streamed, stopped error) {
	text := plainText(s.answer.Text)
	finish, mark := finishOf(s, stopped)
	if !visible(answerText(text)) { // also when all there was is a link that is not shown
		b.logAnswer(r.q, s, "failed", 0)
		b.notice(ctx, r, explainModel(s.err))
		return
	}
	if errors.Is(stopped, errUnseen) {
		b.logAnswer(r.q, s, "unseen", 0)
		b.finish(ctx, r.q)
		return
	}
	response := feedback.Response{
		ID: r.q.ResponseID, Rev: 1, AskID: r.q.ID, GuildID: r.q.GuildID, ChannelID: r.q.ChannelID, Asker: r.q.Asker,
		ConversationID: r.q.ConversationID, ParentID: r.q.ParentID, Question: r.q.Question, Answer: text,
		Model: s.answer.Model, Provider: b.model.Host(), PromptVersion: promptVersion(b.options.SystemPrompt), Finish: finish,
		InputTokens: s.answer.InputTokens, OutputTokens: s.answer.OutputTokens,
		AskedAt: r.q.AskedAt, FirstTextAt: s.answer.FirstText, FinishedAt: time.Now(),
	}
	parts := finalParts(text, mark)
	b.logAnswer(r.q, s, string(finish), len(parts))
	b.deliver(ctx, r, parts, response)
}

// deliver stores the response, shows its parts, and puts the buttons under the
// last one. It goes on trying while Discord is in trouble. An answer that could
// not be stored is shown all the same, without buttons.
func (b *Bot) deliver(ctx context.Context, r *reply, parts []string, response feedback.Response) {
	if !r.q.unstored {
		storeCtx, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		if err := b.store.Monitor(storeCtx, response); err != nil {
			r.q.unstored = true
			b.log.Error("an answer could not be stored; showing it without buttons", "response_id", response.ID, "error", err)
		}
	}
	for try := 1; ; try++ {
		err := r.complete(ctx, parts)
		switch {
		case err == nil:
			b.finish(ctx, r.q)
			return
		case permanent(err):
			b.log.Warn("discord does not take an answer", "response_id", response.ID, "error", err)
			b.metrics.dropped.WithLabelValues("answer_refused").Inc()
			b.finish(ctx, r.q)
			return
		case ctx.Err() != nil || try == finalTries:
			// The store has it as unfinished: the next start completes it.
			b.log.Error("an answer could not be completed yet", "response_id", response.ID, "error", err)
			return
		}
		b.log.Warn("an answer could not be completed, trying again", "response_id", response.ID, "error", err)
		pause(ctx, finalTryAgain)
	}
}

// notice tells the person in a sentence why there is no answer.
func (b *Bot) notice(ctx context.Context, r *reply, text string) {
	if !r.q.unstored {
		if err := b.store.Fail(ctx, r.q.ID); err != nil {
			b.log.Error("cannot store that a question failed", "error", err)
		}
	}
	if err := r.say(ctx, text); err != nil {
		b.log.Warn("a person could not be told why there is no answer", "error", err)
		b.metrics.dropped.WithLabelValues("notice_failed").Inc()
		if !permanent(err) {
			return // the next start tries again
		}
	}
	b.finish(ctx, r.q)
}

// finish stores that nothing more is to be done about a question.
func (b *Bot) finish(ctx context.Context, q question) {
	if q.unstored {
		return
	}
	if err := b.store.Finish(context.WithoutCancel(ctx), q.ID); err != nil {
		b.log.Error("cannot store that a question is done", "error", err)
	}
}

// logAnswer writes the one line that every question gets.
func (b *Bot) logAnswer(q question, s streamed, outcome string, messages int) {
	b.metrics.answers.WithLabelValues(outcome).Inc()
	line := []any{"response_id", q.ResponseID, "outcome", outcome, "model", s.answer.Model, "messages", messages,
		"input_tokens", s.answer.InputTokens, "output_tokens", s.answer.OutputTokens, "took", time.Since(q.startedAt).Round(time.Millisecond)}
	if !s.answer.FirstText.IsZero() {
		line = append(line, "first_text", s.answer.FirstText.Sub(q.startedAt).Round(time.Millisecond))
	}
	if s.err != nil {
		b.log.Warn("answer", append(line, "error", s.err)...)
		return
	}
	b.log.Info("answer", line...)
}

// promptVersion is a short hash of the operator's system prompt.
func promptVersion(prompt string) string {
	sum := sha256.Sum256([]byte(prompt))
	return hex.EncodeToString(sum[:])[:promptVersions]
}
