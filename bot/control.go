package bot

import (
	"context"
	"errors"
	"time"

	"feedbackbot/feedback"
)

// What people may do with an answer besides rating it. The buttons name the
// response, so they work after a restart and in another process.
const (
	stopAnswer action = "stop"
	anotherOne action = "again" // another answer to the same question
)

// worthStopping is how long an answer has been on the screen when it gets a
// Stop button; most are complete before.
const worthStopping = 2 * time.Second

// What a person may be told about these buttons.
const (
	textNotYours   = "Only the person who asked, or a moderator, can do that."
	textNotWriting = "This answer isn't being written any more, so there is nothing to stop."
	textAtIt       = "I'm already writing another answer to this."
	textNoQuestion = "I don't have this question any more. Please ask it again."
)

func stopRow(responseID string) row {
	return row{button{Style: styleSecondary, Emoji: "⏹️", Label: labelStop, CustomID: customID(stopAnswer, responseID)}}
}

// againRow offers another answer; in different words after a failed or a cut
// one.
func againRow(responseID string, failed bool) row {
	label := labelRegenerate
	if failed {
		label = labelTryAgain
	}
	return row{button{Style: styleSecondary, Emoji: "🔄", Label: label, CustomID: customID(anotherOne, responseID)}}
}

// mayControl reports whether whoever clicked asked the question, or moderates.
func (b *Bot) mayControl(i *interaction, asker feedback.Rater) bool {
	if b.store.Rater(i.userID()) == asker {
		return true
	}
	return i.may(manageMessages)
}

// onStop ends an answer that is being written; what has arrived stays.
func (b *Bot) onStop(ctx context.Context, i *interaction, responseID string) {
	one := b.flights.find(func(a feedback.Ask) bool { return a.ResponseID == responseID })
	switch {
	case one == nil:
		b.say(ctx, i, textNotWriting)
	case !b.mayControl(i, one.ask.Asker):
		b.say(ctx, i, textNotYours)
	default:
		b.respond(ctx, i, callback{Type: replyNothing})
		one.stop(errStopped)
	}
}

// onAgain answers a question once more. The new answer is a response of its
// own, linked to the first as its alternative.
func (b *Bot) onAgain(ctx context.Context, i *interaction, responseID string) {
	readCtx, cancel := context.WithTimeout(ctx, b.commitBudget)
	defer cancel()
	old, source, err := b.earlier(readCtx, responseID)
	sorry, allowed := b.mayAsk(i)
	switch {
	case !allowed:
		b.say(ctx, i, sorry)
		return
	case errors.Is(err, feedback.ErrUnknownResponse):
		b.say(ctx, i, textNoQuestion)
		return
	case err != nil:
		b.log.Error("cannot read a question to answer it again", "response_id", responseID, "error", err)
		b.say(ctx, i, textWentWrong)
		return
	case old.Asker == "", old.Question == "" && old.ParentID == "" && !b.options.NoText: // forgotten, or too old
		b.say(ctx, i, textNoQuestion)
		return
	case !b.mayControl(i, old.Asker):
		b.say(ctx, i, textNotYours)
		return
	case b.stopping():
		b.say(ctx, i, textStopping)
		return
	case b.flights.find(func(a feedback.Ask) bool {
		same := a.Question == old.Question || old.Question == "" && a.ConversationID == old.ConversationID
		return same && a.Asker == old.Asker && a.ParentID == old.ParentID && a.ChannelID == i.ChannelID
	}) != nil:
		b.say(ctx, i, textAtIt)
		return
	}
	var c conversation
	if old.ParentID != "" {
		chain, err := b.store.Chain(readCtx, old.ParentID, maxTurns)
		if err != nil {
			b.log.Error("cannot read a conversation; answering without it", "error", err)
		}
		c = conversation{parent: old.ParentID, turns: b.turnsOf(ctx, chain)}
	}
	c.id, c.source = old.ConversationID, source
	old.ID, old.ChannelID, old.GuildID, old.Token, old.AskedAt = i.ID, i.ChannelID, i.GuildID, i.Token, madeAt(i.ID)
	b.answerInteraction(ctx, i, old, c)
}

// earlier returns the question behind a response, or behind one that failed.
// Its AlternativeOf is the response to which another answer would be linked: the
// first one, however often it was regenerated. source is what asked at first.
func (b *Bot) earlier(ctx context.Context, responseID string) (a feedback.Ask, source string, err error) {
	r, err := b.store.Response(ctx, responseID)
	if err == nil {
		a = feedback.Ask{Asker: r.Asker, Question: r.Question, ConversationID: r.ConversationID, ParentID: r.ParentID, AlternativeOf: r.AlternativeOf}
		if a.AlternativeOf == "" {
			a.AlternativeOf = r.ID
			return a, r.AskID, nil
		}
		first, err := b.store.Response(ctx, a.AlternativeOf)
		return a, first.AskID, err
	}
	if !errors.Is(err, feedback.ErrUnknownResponse) {
		return feedback.Ask{}, "", err
	}
	a, err = b.store.AskOf(ctx, responseID)
	return a, a.ID, err
}

// answerInteraction takes an interaction as a question and answers it. Discord
// shows "thinking" until the first text is there.
func (b *Bot) answerInteraction(ctx context.Context, i *interaction, a feedback.Ask, c conversation) {
	b.respond(ctx, i, callback{Type: replyDeferred})
	a.Question = named(a.Question, c.attachments)
	q := b.newQuestion(a, c)
	if !b.take(ctx, &q) {
		return
	}
	if b.options.NoText && q.Question != "" {
		b.spoken.put(q.ID, q.Question)
	}
	sorry := func() { b.notice(ctx, newReply(b, q), textWentWrong) }
	do := func() {
		if i.flag(optionThread) || i.Type == interactionCommand && b.threadsFor(i.GuildID, i.ChannelID) {
			b.moveToThread(ctx, i, &q)
		}
		q.files = b.load(ctx, c.attachments)
		if c.source != "" && !b.loadAgain(ctx, &q, c.source) {
			b.notice(ctx, newReply(b, q), textNoQuestion)
			return
		}
		b.answer(ctx, q)
	}
	if !b.begin("question", func() { b.protect("question", sorry, do) }) {
		b.notice(ctx, newReply(b, q), textStopping)
	}
}
