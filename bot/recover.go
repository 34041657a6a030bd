package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
)

// maxUnanswered is how old a question may be that an earlier process took and
// did not begin to answer. An older one is given up without a word: nobody
// waits for it any more.
const maxUnanswered = 15 * time.Minute

// insistOn repeats what fails, ever more seldom, until it succeeds or the bot is
// told to stop. It is for what nobody else does before the next start.
func (b *Bot) insistOn(what string, do func() error) {
	if b.intake.Err() != nil {
		return
	}
	_ = retry(b.intake, firstRetry, longestRetry, do, func(err error, wait time.Duration) { // a stop is no error
		b.log.Error("cannot "+what+" yet", "error", err, "next_try_in", wait)
	})
}

// finishUnfinished completes what an earlier process left of a shard's questions:
// an answer that is stored is shown with its buttons, one that broke off is
// marked as cut, and a question that nobody began to answer is answered now. It
// returns when it has begun with all of them.
func (b *Bot) finishUnfinished(ctx context.Context, shard int) error {
	asks, err := b.unfinished(ctx)
	if err != nil && ctx.Err() == nil {
		return err
	}
	for _, a := range asks {
		if b.shardOf(a.GuildID) != shard {
			continue // another process may be writing the answer right now
		}
		if ctx.Err() != nil || !b.seen.add(a.ID) {
			continue // another process is, or this one
		}
		b.begin("recovery", func() { b.finishLeft(a) })
	}
	return nil
}

func (b *Bot) unfinished(ctx context.Context) ([]feedback.Ask, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return b.store.Unfinished(ctx)
}

// takeOverAfter is how long another process that has taken a question has to
// begin with its answer.
const takeOverAfter = 5 * time.Second

// takeOver goes on with a question that another process has taken and then does
// nothing about: it died so shortly after that the question was not among the
// unfinished ones yet. Mostly there is nothing to do, as the answer is there.
func (b *Bot) takeOver(askID string) {
	for wait := range 2 {
		var asks []feedback.Ask
		b.insistOn("read whether a question has been answered", func() (err error) {
			asks, err = b.unfinished(b.requests)
			return err
		})
		n := slices.IndexFunc(asks, func(a feedback.Ask) bool { return a.ID == askID && len(a.Messages) == 0 })
		switch {
		case n < 0:
			return
		case wait == 0:
			pause(b.intake, takeOverAfter)
		default:
			b.finishLeft(asks[n])
		}
	}
}

// finishLeft completes what is left of a question, however long the database or
// Discord is away.
func (b *Bot) finishLeft(a feedback.Ask) {
	b.insistOn("finish the answer of an earlier run", func() error { return b.tryToFinish(b.requests, a) })
}

// runsShardOf reports whether this process runs the shard of a server.
func (b *Bot) runsShardOf(guildID string) bool {
	shard := b.shardOf(guildID)
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.shards, func(g *discord.Gateway) bool { return g.Shard == shard && g.Owns() })
}

// tryToFinish is finishLeft once. It returns an error when it has to be tried
// again.
func (b *Bot) tryToFinish(ctx context.Context, a feedback.Ask) error {
	q := question{Ask: a, startedAt: time.Now()}
	if a.Token == "" {
		q.replyTo = a.ID
	}
	r := newReply(b, q)
	r.ids = a.Messages
	if len(r.ids) == 0 {
		var err error
		if r.ids, err = b.findAnswer(ctx, q); err != nil {
			return fmt.Errorf("look for the answer to question %s: %w", q.ID, err)
		}
	}
	r.shown = make([]string, len(r.ids)) // unknown, so everything is shown anew
	r.asked = b.askedBefore(ctx, r)
	switch {
	case a.State == feedback.AskAnswered:
		r.stoppable = true // perhaps
		response, err := b.store.Response(ctx, a.ResponseID)
		if errors.Is(err, feedback.ErrUnknownResponse) {
			b.finish(ctx, q) // it was forgotten
			return nil
		}
		if err != nil {
			return err
		}
		b.log.Info("completing an answer of an earlier run", "response_id", a.ResponseID)
		if response.Answer == "" { // texts are not kept
			text, there, err := b.onScreen(ctx, r)
			if there {
				r.cut = true
				b.publish(ctx, r, finalParts(r.asked, withoutMark(text), markStopping), response)
			}
			return err
		}
		b.publish(ctx, r, finalParts(r.asked, response.Answer, markOf(response.Finish)), response)
	case a.State == feedback.AskFailed && len(r.ids) > 0:
		b.finish(ctx, q) // what stands there is the notice
	case len(r.ids) > 0:
		b.log.Info("marking an answer of an earlier run as cut", "response_id", a.ResponseID)
		return b.markCut(ctx, r)
	case time.Since(a.AskedAt) > maxUnanswered || a.Token != "" && !r.tokenWorks():
		b.metrics.dropped.WithLabelValues("question_too_old").Inc()
		b.finish(ctx, q)
	case a.State == feedback.AskFailed:
		b.notice(ctx, r, textWentWrong)
	default:
		b.log.Info("answering a question of an earlier run", "response_id", a.ResponseID)
		return b.resumeOn(ctx, r)
	}
	return nil
}

// resumeOn answers a question of which nothing has been shown but, perhaps, that
// the person has to wait.
func (b *Bot) resumeOn(ctx context.Context, r *reply) error {
	a := r.q.Ask
	var err error
	if a.Shown, err = b.shownWith(ctx, a.ResponseID); err != nil {
		return err
	}
	if r.q.conversation, err = b.recallAsked(ctx, a); err != nil {
		return err
	}
	r.q.source = r.q.sourceID()
	flown := b.flights.begin(b.models, r.q.Ask)
	defer flown.land()
	flown.write()
	b.answer(ctx, flown, r)
	return nil
}

// markCut ends an answer that an earlier process was writing, with what stands
// on the screen.
func (b *Bot) markCut(ctx context.Context, r *reply) error {
	text, there, err := b.onScreen(ctx, r)
	if !there {
		return err
	}
	if text == textWaiting {
		r.waiting = true
		return b.resumeOn(ctx, r)
	}
	r.q.chosen = b.chosenFor(ctx, r.q.GuildID, r.q.ChannelID)
	response := b.responseOf(r.q, written{}, text, feedback.Cut)
	r.cut, r.stoppable = true, true
	b.publish(ctx, r, finalParts(r.asked, text, markStopping), response)
	return nil
}

// onScreen returns what the messages of an answer show. It returns false when
// they are gone; then there is nothing to do about the answer any more.
func (b *Bot) onScreen(ctx context.Context, r *reply) (text string, there bool, err error) {
	for k, id := range r.ids {
		m, err := b.out.Message(ctx, r.q.ChannelID, id)
		if discord.Permanent(err) {
			b.log.Warn("cannot read an answer of an earlier run", "response_id", r.q.ResponseID, "error", err)
			b.finish(ctx, r.q)
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		if k > 0 {
			text += "\n"
		}
		shown := m.Content
		if k == 0 {
			_, shown = cutAsked(shown)
		}
		text += shown
		r.shown[k] = m.Content
	}
	return text, true, nil
}

// findAnswer looks in the channel for messages with which an earlier process
// began to answer, but did not live to store.
func (b *Bot) findAnswer(ctx context.Context, q question) ([]string, error) {
	list, err := b.out.MessagesAfter(ctx, q.ChannelID, q.ID)
	if discord.Permanent(err) {
		b.log.Warn("cannot look for an answer of an earlier run", "response_id", q.ResponseID, "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(m discord.Message) bool { return showsQuestion(m.Content) })
	for _, m := range list {
		answers := m.Reference != nil && m.Reference.MessageID == q.ID || m.Interaction != nil && m.Interaction.ID == q.ID
		if answers && m.Author != nil && m.Author.ID == b.me.ID && text.Visible(m.Content) {
			return []string{m.ID}, b.store.Posted(ctx, q.Ask, m.ID, 0)
		}
	}
	return nil, nil
}
