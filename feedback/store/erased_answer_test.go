package store_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"feedbackbot/feedback"
)

// What becomes of an answer in [TestErasedInAnyOrder].

// stream shows one more message of an answer that is being written.
func (e *erasing) stream() {
	if a := e.some(func(a *asking) bool { return !a.stored }); a != nil {
		e.must(e.process().Posted(context.Background(), a.Ask, fmt.Sprint("message-", a.ResponseID, "-", a.parts), a.parts))
		a.parts++
	}
}

// moderate ends an answer that was flagged: it is taken back, and never stored.
func (e *erasing) moderate() {
	if a := e.some(func(a *asking) bool { return !a.stored }); a != nil {
		e.must(e.process().Finish(context.Background(), a.ID))
		a.stored = true
	}
}

// store is the end of an answer, whatever has happened to its question meanwhile.
func (e *erasing) store() {
	a := e.some(func(a *asking) bool { return !a.stored })
	if a == nil {
		return
	}
	answer, file := e.text("answer"), e.text("file")
	s := e.process()
	e.must(s.Posted(context.Background(), a.Ask, "message-"+a.ResponseID, a.parts))
	err := s.Monitor(context.Background(), feedback.Response{ID: a.ResponseID, Rev: 1, AskID: a.ID, GuildID: a.GuildID, ChannelID: a.ChannelID,
		Asker: a.Asker, ConversationID: a.ConversationID, Question: a.Question, Answer: answer, Context: []string{file}, Finish: feedback.Complete,
		AskedAt: a.AskedAt, FinishedAt: time.Now()})
	a.stored = true
	if a.gone || a.removed {
		if !errors.Is(err, feedback.ErrForgotten) {
			e.t.Errorf("Monitor() of a question that is gone = %v, want ErrForgotten", err)
		}
		e.dead[answer], e.dead[file] = true, true
	} else {
		e.must(err)
		a.texts = append(a.texts, answer, file)
	}
	e.must(s.Finish(context.Background(), a.ID))
}
