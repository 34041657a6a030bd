package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"feedbackbot/feedback"
)

// conclude shows the end of an answer: stores the response, then puts the
// buttons under it. When nothing arrived it says why in a sentence.
func (b *Bot) conclude(ctx context.Context, r *reply, s streamed, stopped error) {
	text := plainText(s.answer.Text)
	finish, mark := finishOf(s, stopped)
	for _, note := range r.q.files.notes {
		mark = strings.TrimPrefix(mark+"\n-# 📎 "+note, "\n")
	}
	if errors.Is(stopped, errDeleted) {
		b.logAnswer(r.q, s, "deleted", 0)
		b.withdraw(ctx, r)
		return
	}
	if !visible(answerText(text)) { // also when all there was is a link that is not shown
		b.logAnswer(r.q, s, "failed", 0)
		text := explainModel(s.err)
		if errors.Is(stopped, errStopped) {
			text = textStopped
		}
		r.again = worthTrying(s.err)
		b.notice(ctx, r, text)
		return
	}
	if b.flagged(ctx, r, "answer", text) {
		b.logAnswer(r.q, s, "flagged", 0)
		b.takeBack(ctx, r)
		return
	}
	if errors.Is(stopped, errUnseen) {
		b.logAnswer(r.q, s, "unseen", 0)
		b.finish(ctx, r.q)
		return
	}
	response := feedback.Response{
		ID: r.q.ResponseID, Rev: 1, AskID: r.q.ID, GuildID: r.q.GuildID, ChannelID: r.q.ChannelID, Asker: r.q.Asker,
		ConversationID: r.q.ConversationID, ParentID: r.q.ParentID, AlternativeOf: r.q.AlternativeOf, Question: r.q.Question, Answer: text,
		Model: s.answer.Model, Provider: b.model.Host(), PromptVersion: promptVersion(r.q.chosen.prompt), Finish: finish, Context: r.q.files.texts,
		InputTokens: s.answer.InputTokens, OutputTokens: s.answer.OutputTokens, Cost: float64(s.took.Cost) / 1e6,
		AskedAt: r.q.AskedAt, FirstTextAt: s.answer.FirstText, FinishedAt: time.Now(),
	}
	parts := finalParts(text, mark)
	r.cut = finish == feedback.Cut
	b.logAnswer(r.q, s, string(finish), len(parts))
	b.deliver(ctx, r, parts, response)
}

// notAdmitted ends a question that gave up before the model was asked.
func (b *Bot) notAdmitted(ctx context.Context, r *reply, cause error) {
	switch {
	case errors.Is(cause, errNotAdmitted): // it has been told
	case errors.Is(cause, errDeleted):
		b.withdraw(ctx, r)
	default:
		r.again = true
		b.notice(ctx, r, textStopping)
	}
}

// deliver stores the response, shows its parts, and puts the buttons under the
// last one. An answer that could not be stored is shown all the same, and gets
// its buttons when it has been.
func (b *Bot) deliver(ctx context.Context, r *reply, parts []string, response feedback.Response) {
	if !r.q.unstored {
		storeCtx, cancel := context.WithTimeout(ctx, storeTimeout)
		if err := b.store.Monitor(storeCtx, response); err != nil {
			r.q.unstored = true
			b.log.Error("an answer could not be stored; showing it without buttons", "response_id", response.ID, "error", err)
		}
		cancel()
	}
	b.show(ctx, r, parts, response)
	if r.q.unstored && len(r.ids) > 0 && b.storeLate(ctx, r, response) {
		b.show(ctx, r, parts, response)
	}
}

// storeLate goes on trying to store an answer that is shown already, for as long
// as somebody may still want to rate it. It returns whether it did.
func (b *Bot) storeLate(ctx context.Context, r *reply, response feedback.Response) bool {
	wanted, land := b.flights.begin(b.taking, r.q.Ask) // unless it is deleted or its asker forgotten meanwhile
	defer land()
	for wait := time.Second; time.Since(r.q.startedAt) < maxUnanswered; wait = min(2*wait, finalTryAgain) {
		pause(wanted, wait)
		if wanted.Err() != nil {
			return false
		}
		mine, err := b.storeAll(ctx, r, response)
		switch {
		case err != nil:
			b.log.Warn("an answer could not be stored yet", "response_id", response.ID, "error", err)
		case mine:
			b.log.Info("an answer has been stored, so that it can be rated", "response_id", response.ID)
			r.q.unstored = false
			return true
		default:
			return false
		}
	}
	return false
}

// storeAll stores everything about an answer that is shown already. It returns
// false when another process has answered the question.
func (b *Bot) storeAll(ctx context.Context, r *reply, response feedback.Response) (mine bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if mine, err = b.store.Take(ctx, r.q.Ask); err != nil || !mine {
		return false, err
	}
	for part, id := range r.ids {
		if err := b.store.Posted(ctx, r.q.Ask, id, part); err != nil {
			return false, err
		}
	}
	return true, b.store.Monitor(ctx, response)
}

// show brings an answer on the screen to its end, and goes on trying while
// Discord is in trouble.
func (b *Bot) show(ctx context.Context, r *reply, parts []string, response feedback.Response) {
	for try := 1; ; try++ {
		err := r.complete(ctx, parts)
		switch {
		case err == nil:
			b.finish(ctx, r.q)
			return
		case permanent(err):
			b.log.Warn("discord does not take an answer", "response_id", response.ID, "error", err)
			b.metrics.dropped.WithLabelValues("answer_refused").Inc()
			b.tellPrivately(ctx, r, err)
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
		storeCtx, cancel := context.WithTimeout(ctx, storeTimeout)
		if err := b.store.Fail(storeCtx, r.q.ID); err != nil {
			b.log.Error("cannot store that a question failed", "error", err)
		}
		cancel()
	}
	if err := r.say(ctx, text); err != nil {
		b.log.Warn("a person could not be told why there is no answer", "error", err)
		b.metrics.dropped.WithLabelValues("notice_failed").Inc()
		b.tellPrivately(ctx, r, err)
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
	storeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := b.store.Finish(storeCtx, q.ID); err != nil {
		b.log.Error("cannot store that a question is done", "error", err)
	}
}

// logAnswer writes the one line that every question gets.
func (b *Bot) logAnswer(q question, s streamed, outcome string, messages int) {
	b.metrics.answers.WithLabelValues(outcome).Inc()
	line := []any{"question_id", q.ID, "response_id", q.ResponseID, "outcome", outcome, "model", s.answer.Model, "messages", messages,
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
