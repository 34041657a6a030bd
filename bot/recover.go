package bot

import (
	"context"
	"errors"
	"slices"
	"time"

	"feedbackbot/feedback"
)

// maxUnanswered is how old a question may be that an earlier process took and
// did not begin to answer. An older one is given up without a word: nobody
// waits for it any more.
const maxUnanswered = 15 * time.Minute

// finishUnfinished completes what an earlier process left of a shard's questions:
// an answer that is stored is shown with its buttons, one that broke off is
// marked as cut, and a question that nobody began to answer is answered now. It
// returns when it has begun with all of them.
func (b *Bot) finishUnfinished(ctx context.Context, shard int) {
	readCtx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	asks, err := b.store.Unfinished(readCtx)
	if err != nil {
		b.log.Error("cannot read what an earlier run left unfinished", "error", err)
		return
	}
	for _, a := range asks {
		if b.shardOf(a.GuildID) != shard {
			continue // another process may be writing the answer right now
		}
		if !b.seen.add(a.ID) || ctx.Err() != nil {
			continue // this process is already at it
		}
		b.begin("recovery", func() { b.finishOne(b.life, a) })
	}
}

// takeOverAfter is how long another process that has taken a question has to
// begin with its answer.
const takeOverAfter = 5 * time.Second

// takeOver goes on with a question that another process has taken and then does
// nothing about: it died so shortly after that the question was not among the
// unfinished ones yet. Mostly there is nothing to do, as the answer is there.
func (b *Bot) takeOver(ctx context.Context, askID string) {
	for wait := range 2 {
		readCtx, cancel := context.WithTimeout(ctx, storeTimeout)
		asks, err := b.store.Unfinished(readCtx)
		cancel()
		n := slices.IndexFunc(asks, func(a feedback.Ask) bool { return a.ID == askID && len(a.Messages) == 0 })
		switch {
		case err != nil:
			b.log.Error("cannot read whether a question has been answered", "error", err)
			return
		case n < 0:
			return
		case wait == 0:
			pause(b.work, takeOverAfter)
		case b.work.Err() == nil:
			b.finishOne(ctx, asks[n])
		}
	}
}

// runsShardOf reports whether this process runs the shard of a server.
func (b *Bot) runsShardOf(guildID string) bool {
	shard := b.shardOf(guildID)
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.shards, func(g *gateway) bool { return g.shard == shard && g.owns() })
}

func (b *Bot) finishOne(ctx context.Context, a feedback.Ask) {
	q := question{Ask: a, startedAt: time.Now()}
	if a.Token == "" {
		q.replyTo = a.ID
	}
	r := newReply(b, q)
	r.ids = a.Messages
	if len(r.ids) == 0 {
		r.ids = b.findAnswer(ctx, q)
	}
	r.shown = make([]string, len(r.ids)) // unknown, so everything is shown anew
	switch {
	case a.State == feedback.AskAnswered:
		r.stoppable = true // perhaps
		response, err := b.store.Response(ctx, a.ResponseID)
		if err != nil {
			b.log.Error("cannot read an unfinished answer", "response_id", a.ResponseID, "error", err)
			return
		}
		b.log.Info("completing an answer of an earlier run", "response_id", a.ResponseID)
		if response.Answer == "" { // texts are not kept
			if text, there := b.onScreen(ctx, r); there {
				r.cut = true
				b.deliver(ctx, r, finalParts(withoutMark(text), markStopping), response)
			}
			return
		}
		b.deliver(ctx, r, finalParts(response.Answer, markOf(response.Finish)), response)
	case a.State == feedback.AskFailed && len(r.ids) > 0:
		b.finish(ctx, q) // what stands there is the notice
	case len(r.ids) > 0:
		b.log.Info("marking an answer of an earlier run as cut", "response_id", a.ResponseID)
		b.markCut(ctx, r)
	case time.Since(a.AskedAt) > maxUnanswered || a.Token != "" && !r.tokenWorks():
		b.metrics.dropped.WithLabelValues("question_too_old").Inc()
		b.finish(ctx, q)
	case a.State == feedback.AskFailed:
		b.notice(ctx, r, textWentWrong)
	default:
		b.log.Info("answering a question of an earlier run", "response_id", a.ResponseID)
		b.resumeOn(ctx, r)
	}
}

// resumeOn answers a question of which nothing has been shown but, perhaps, that
// the person has to wait.
func (b *Bot) resumeOn(ctx context.Context, r *reply) {
	q := &r.q
	var chain []feedback.Response
	var err error
	if q.ParentID != "" {
		if chain, err = b.store.Chain(ctx, q.ParentID, maxTurns); err != nil {
			b.log.Error("cannot read a conversation; answering without it", "error", err)
		}
	}
	q.turns = b.turnsOf(ctx, chain)
	known := true
	if q.replyTo != "" {
		known = b.loadAgain(ctx, q, q.replyTo)
	}
	switch {
	case !known, q.Question == "" && b.options.NoText:
		b.notice(ctx, r, textNoQuestion)
		return
	case q.Question == "" && len(q.turns) == 0:
		b.notice(ctx, r, textEmptyQuestion)
		return
	}
	b.answerOn(ctx, r)
}

// markCut ends an answer that an earlier process was writing, with what stands
// on the screen.
func (b *Bot) markCut(ctx context.Context, r *reply) {
	text, there := b.onScreen(ctx, r)
	if !there {
		return
	}
	if text == textWaiting {
		r.waiting = true
		b.resumeOn(ctx, r)
		return
	}
	response := feedback.Response{
		ID: r.q.ResponseID, Rev: 1, AskID: r.q.ID, GuildID: r.q.GuildID, ChannelID: r.q.ChannelID, Asker: r.q.Asker,
		ConversationID: r.q.ConversationID, ParentID: r.q.ParentID, AlternativeOf: r.q.AlternativeOf, Question: r.q.Question, Answer: text,
		Model: b.model.Model(), Provider: b.model.Host(), PromptVersion: promptVersion(b.chosenFor(ctx, r.q.GuildID, r.q.ChannelID).prompt),
		Finish: feedback.Cut, AskedAt: r.q.AskedAt, FinishedAt: time.Now(),
	}
	r.cut, r.stoppable = true, true
	b.deliver(ctx, r, finalParts(text, markStopping), response)
}

// onScreen returns what the messages of an answer show. It returns false when
// they cannot be read.
func (b *Bot) onScreen(ctx context.Context, r *reply) (text string, there bool) {
	for k, id := range r.ids {
		m, err := b.out.oneMessage(ctx, r.q.ChannelID, id)
		if err != nil {
			b.log.Warn("cannot read an answer of an earlier run", "response_id", r.q.ResponseID, "error", err)
			if permanent(err) {
				b.finish(ctx, r.q)
			}
			return "", false
		}
		if k > 0 {
			text += "\n"
		}
		text += m.Content
		r.shown[k] = m.Content
	}
	return text, true
}

// findAnswer looks in the channel for messages with which an earlier process
// began to answer, but did not live to store.
func (b *Bot) findAnswer(ctx context.Context, q question) []string {
	list, err := b.out.messagesAfter(ctx, q.ChannelID, q.ID)
	if err != nil {
		b.log.Warn("cannot look for an answer of an earlier run", "response_id", q.ResponseID, "error", err)
		return nil
	}
	for _, m := range list {
		answers := m.Reference != nil && m.Reference.MessageID == q.ID || m.Interaction != nil && m.Interaction.ID == q.ID
		if answers && m.Author != nil && m.Author.ID == b.me.ID && visible(m.Content) {
			if err := b.store.Posted(ctx, q.Ask, m.ID, 0); err != nil && !errors.Is(err, context.Canceled) {
				b.log.Error("cannot store a message of an answer", "response_id", q.ResponseID, "error", err)
			}
			return []string{m.ID}
		}
	}
	return nil
}

// markOf returns the mark that belongs under a stored answer.
func markOf(f feedback.Finish) string {
	switch f {
	case feedback.Length:
		return markLength
	case feedback.Filtered:
		return markFiltered
	case feedback.Cut:
		return markCut
	}
	return ""
}
