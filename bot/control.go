package bot

import (
	"cmp"
	"context"
	"errors"
	"time"

	"feedbackbot/bot/discord"
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

func stopRow(responseID string) discord.Row {
	return discord.Row{discord.Button{Style: discord.StyleSecondary, Emoji: "⏹️", Label: labelStop, CustomID: customID(stopAnswer, responseID)}}
}

// retryRow offers another answer; in different words after a failed or a cut
// one.
func retryRow(responseID string, failed bool) discord.Row {
	label := labelRegenerate
	if failed {
		label = labelTryAgain
	}
	return discord.Row{discord.Button{Style: discord.StyleSecondary, Emoji: "🔄", Label: label, CustomID: customID(anotherOne, responseID)}}
}

// mayControl reports whether whoever clicked asked the question, or moderates.
func (b *Bot) mayControl(i *discord.Interaction, asker feedback.Rater) bool {
	if b.store.Rater(i.UserID()) == asker {
		return true
	}
	return i.May(discord.ManageMessages)
}

// onStop ends an answer that is being written; what has arrived stays.
func (b *Bot) onStop(ctx context.Context, i *discord.Interaction, responseID string) {
	one := b.flights.find(func(a feedback.Ask) bool { return a.ResponseID == responseID })
	switch {
	case one == nil:
		b.tell(ctx, i, textNotWriting)
	case !b.mayControl(i, one.ask.Asker):
		b.tell(ctx, i, textNotYours)
	default:
		b.acknowledge(ctx, i, discord.Callback{Type: discord.ReplyNothing})
		one.stop(errStopped)
	}
}

// onRegenerate answers a question once more. The new answer is a response of its
// own, linked to the first as its alternative.
func (b *Bot) onRegenerate(ctx context.Context, i *discord.Interaction, responseID string) {
	readCtx, cancel := context.WithTimeout(ctx, b.commitBudget)
	defer cancel()
	old, err := b.earlier(readCtx, responseID)
	sorry, allowed := b.mayAsk(i)
	switch {
	case !allowed:
		b.tell(ctx, i, sorry)
		return
	case errors.Is(err, feedback.ErrUnknownResponse):
		b.tell(ctx, i, textNoQuestion)
		return
	case err != nil:
		b.log.Error("cannot read a question to answer it again", "response_id", responseID, "error", err)
		b.tell(ctx, i, textWentWrong)
		return
	case old.Asker == "", old.Question == "" && old.ParentID == "" && !b.options.NoText: // forgotten, or too old
		b.tell(ctx, i, textNoQuestion)
		return
	case !b.mayControl(i, old.Asker):
		b.tell(ctx, i, textNotYours)
		return
	case b.stopping():
		b.tell(ctx, i, textStopping)
		return
	}
	b.askByInteraction(ctx, i, old, func(ctx context.Context) conversation {
		c := conversation{id: old.ConversationID, source: old.Source}
		if old.ParentID == "" {
			return c
		}
		chain, err := b.store.Chain(ctx, old.ParentID, maxTurns)
		if err != nil {
			b.log.Error("cannot read a conversation; answering without it", "error", err)
		}
		c.parent, c.turns = old.ParentID, b.turnsOf(ctx, chain)
		return c
	})
}

// earlier returns the question behind a response, or behind one that failed. Its
// AlternativeOf is the response to which another answer would be linked: the first
// one, however often it was regenerated. Its Source is what asked at first.
func (b *Bot) earlier(ctx context.Context, responseID string) (a feedback.Ask, err error) {
	r, err := b.store.Response(ctx, responseID)
	if errors.Is(err, feedback.ErrUnknownResponse) {
		a, err = b.store.AskOf(ctx, responseID)
		a.Source = cmp.Or(a.Source, a.ID)
		return a, err
	}
	if err != nil {
		return feedback.Ask{}, err
	}
	first := r
	if r.AlternativeOf != "" {
		if first, err = b.store.Response(ctx, r.AlternativeOf); err != nil {
			return feedback.Ask{}, err
		}
	}
	a = feedback.Ask{Asker: r.Asker, Question: r.Question, ConversationID: r.ConversationID, ParentID: r.ParentID, AlternativeOf: first.ID, Source: first.AskID}
	asked, err := b.store.AskOf(ctx, first.ID)
	if errors.Is(err, feedback.ErrUnknownResponse) {
		return a, nil
	}
	a.Source = cmp.Or(asked.Source, a.Source)
	return a, err
}

// onDelete ends the answer to a deleted question, and takes what a deleted
// message said out of its conversation.
func (b *Bot) onDelete(messageIDs ...string) {
	b.begin("deleted message", func() {
		for _, id := range messageIDs {
			if _, own := b.takenBack.take(id); own {
				continue // it said nothing of the answer
			}
			b.flights.stop(errDeleted, func(a feedback.Ask) bool { return a.ID == id || a.Source == id })
			if err := b.store.Remove(b.requests, id); err != nil {
				b.log.Warn("cannot take a deleted message out of its conversation", "error", err)
			}
		}
	})
}

// withdraw takes back what was shown of the answer to a deleted question.
func (b *Bot) withdraw(ctx context.Context, r *reply) {
	for _, id := range r.ids {
		if err := r.remove(ctx, id); err != nil {
			b.log.Warn("cannot delete what was shown of an answer", "error", err)
		}
	}
	b.finish(ctx, r.q)
}
