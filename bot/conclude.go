package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
	"feedbackbot/llm"
)

const (
	// Something that fails is tried again after a second, then ever more seldom.
	firstRetry   = time.Second
	longestRetry = 30 * time.Second
	finalTries   = 10 // to complete an answer on the screen
)

// conclude brings an answer to its end: it stores the response and puts the
// buttons under it. What is not to be kept is taken back, and when nothing
// arrived the person is told why.
func (b *Bot) conclude(ctx context.Context, r *reply, w written) {
	answer := text.Plain(w.answer.Text)
	switch {
	case errors.Is(w.stopped, errDeleted):
		b.logAnswer(r.q, w, "deleted", 0)
		b.withdraw(ctx, r)
	case !text.Visible(text.Answer(answer)): // also when all there was is a link that is not shown
		b.logAnswer(r.q, w, "failed", 0)
		r.retryable = worthTrying(w.err)
		sorry := explainModel(w.err)
		if errors.Is(w.stopped, errStopped) {
			sorry = textStopped
		}
		b.notice(ctx, r, sorry)
	case b.tookBack(ctx, r, w, answer):
	case errors.Is(w.stopped, errUnseen):
		b.logAnswer(r.q, w, "unseen", 0)
		b.finish(ctx, r.q)
	default:
		finish, mark := finishOf(w)
		r.cut = finish == feedback.Cut
		parts := finalParts(answer, markWith(mark, r.q.files))
		b.logAnswer(r.q, w, string(finish), len(parts))
		b.publish(ctx, r, parts, b.responseOf(r.q, w, answer, finish))
	}
}

// responseOf is an answer as it is monitored.
func (b *Bot) responseOf(q question, w written, answer string, finish feedback.Finish) feedback.Response {
	model := w.answer.Model
	if model == "" {
		model = b.model.Model()
	}
	return feedback.Response{
		ID: q.ResponseID, Rev: 1, AskID: q.ID, GuildID: q.GuildID, ChannelID: q.ChannelID, Asker: q.Asker,
		ConversationID: q.ConversationID, ParentID: q.ParentID, AlternativeOf: q.AlternativeOf, Question: q.Question, Answer: answer,
		Model: model, Provider: b.model.Host(), PromptVersion: promptVersion(q.chosen.prompt), Finish: finish, Context: q.files.texts,
		InputTokens: w.answer.InputTokens, OutputTokens: w.answer.OutputTokens, Cost: w.cost,
		AskedAt: q.AskedAt, FirstTextAt: w.answer.FirstText, FinishedAt: time.Now(),
	}
}

// publish stores the response, shows its parts, and puts the buttons under the
// last one. An answer that could not be stored is shown all the same, and gets
// its buttons when it has been.
func (b *Bot) publish(ctx context.Context, r *reply, parts []string, response feedback.Response) {
	if !r.q.unstored {
		storeCtx, cancel := context.WithTimeout(ctx, storeTimeout)
		err := b.store.Monitor(storeCtx, response)
		cancel()
		switch {
		case errors.Is(err, feedback.ErrForgotten):
			b.withdraw(ctx, r)
			return
		case err != nil:
			r.q.unstored = true
			b.log.Error("an answer could not be stored; showing it without buttons", "response_id", response.ID, "error", err)
		}
	}
	b.complete(ctx, r, parts, response)
	if !r.q.unstored || len(r.ids) == 0 {
		return
	}
	switch stored, err := b.storeLate(ctx, r, response); {
	case errors.Is(err, feedback.ErrForgotten), errors.Is(err, errDeleted):
		b.withdraw(ctx, r)
	case stored:
		b.complete(ctx, r, parts, response)
	}
}

// storeLate goes on trying to store an answer that is shown already, for as long
// as somebody may still want to rate it. It returns whether it did, and otherwise
// perhaps why.
func (b *Bot) storeLate(ctx context.Context, r *reply, response feedback.Response) (bool, error) {
	wanted := b.flights.begin(b.intake, r.q.Ask) // unless it is deleted or its asker forgotten meanwhile
	defer wanted.land()
	pause(wanted, firstRetry)
	var mine bool
	err := retry(wanted, firstRetry, longestRetry, func() (err error) {
		if ended := context.Cause(wanted); ended != nil {
			return backoff.Permanent(ended)
		}
		if time.Since(r.q.startedAt) > maxUnanswered {
			return backoff.Permanent(errUnwanted)
		}
		mine, err = b.storeAll(ctx, r, response)
		if errors.Is(err, feedback.ErrForgotten) {
			return backoff.Permanent(err)
		}
		return err
	}, func(err error, _ time.Duration) {
		b.log.Warn("an answer could not be stored yet", "response_id", response.ID, "error", err)
	})
	if err != nil || !mine {
		return false, err
	}
	b.log.Info("an answer has been stored, so that it can be rated", "response_id", response.ID)
	r.q.unstored = false
	return true, nil
}

var errUnwanted = errors.New("nobody waits for it any more")

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

// complete brings an answer on the screen to its end, and goes on trying while
// Discord is in trouble.
func (b *Bot) complete(ctx context.Context, r *reply, parts []string, response feedback.Response) {
	tries := 0
	err := retry(ctx, longestRetry, longestRetry, func() error {
		tries++
		err := r.complete(ctx, parts)
		if discord.Permanent(err) || tries == finalTries {
			return backoff.Permanent(err)
		}
		return err
	}, func(err error, _ time.Duration) {
		b.log.Warn("an answer could not be completed, trying again", "response_id", response.ID, "error", err)
	})
	switch {
	case err == nil:
		b.finish(ctx, r.q)
	case discord.Permanent(err):
		b.log.Warn("discord does not take an answer", "response_id", response.ID, "error", err)
		b.metrics.dropped.WithLabelValues("answer_refused").Inc()
		b.tellPrivately(ctx, r, err)
		b.finish(ctx, r.q)
	default:
		// The store has it as unfinished: the next start completes it.
		b.log.Error("an answer could not be completed yet", "response_id", response.ID, "error", err)
	}
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
func (b *Bot) logAnswer(q question, w written, outcome string, messages int) {
	b.metrics.answers.WithLabelValues(outcome).Inc()
	line := []any{"question_id", q.ID, "response_id", q.ResponseID, "outcome", outcome, "model", w.answer.Model, "messages", messages,
		"input_tokens", w.answer.InputTokens, "output_tokens", w.answer.OutputTokens, "took", time.Since(q.startedAt).Round(time.Millisecond)}
	if !w.answer.FirstText.IsZero() {
		line = append(line, "first_text", w.answer.FirstText.Sub(q.startedAt).Round(time.Millisecond))
	}
	if w.err != nil {
		b.log.Warn("answer", append(line, "error", w.err)...)
		return
	}
	b.log.Info("answer", line...)
}

// promptVersions is how many hex digits of a prompt's hash are kept.
const promptVersions = 12

// promptVersion is a short hash of the operator's system prompt.
func promptVersion(prompt string) string {
	sum := sha256.Sum256([]byte(prompt))
	return hex.EncodeToString(sum[:])[:promptVersions]
}

// worthTrying reports whether the same question may well get an answer later.
func worthTrying(err error) bool {
	var e *llm.Error
	return !errors.As(err, &e) || !slices.Contains([]llm.Kind{llm.TooLong, llm.Moderated, llm.NoImages, llm.BadImage, llm.DailyQuota}, e.Kind)
}

// finishOf says how an answer of which text arrived has ended, and the mark that
// is put below it.
func finishOf(w written) (feedback.Finish, string) {
	if w.err == nil {
		switch w.answer.Finish {
		case llm.Length:
			return feedback.Length, markLength
		case llm.Filtered:
			return feedback.Filtered, markFiltered
		case llm.Refusal:
			return feedback.Refused, ""
		}
		return feedback.Complete, ""
	}
	var e *llm.Error
	switch {
	case errors.Is(w.stopped, errFull):
		return feedback.Length, markLong
	case errors.Is(w.stopped, errStopped):
		return feedback.Cut, markStopped
	case errors.Is(w.stopped, errStopping):
		return feedback.Cut, markStopping
	case errors.As(w.err, &e) && (e.Kind == llm.Silent || e.Kind == llm.TimedOut):
		return feedback.Cut, markSilent
	}
	return feedback.Cut, markCut
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

// markWith adds to a mark what is to be said about files.
func markWith(mark string, f brought) string {
	for _, note := range f.notes {
		mark = strings.TrimPrefix(mark+"\n"+markFile+note, "\n")
	}
	return mark
}

// withoutMark takes the marks from the end of an answer that broke off.
func withoutMark(content string) string {
	for {
		at := strings.LastIndex(content, "\n-# ")
		if at < 0 || strings.Contains(content[at+1:], "\n") {
			return strings.TrimSpace(content)
		}
		content = content[:at]
	}
}
