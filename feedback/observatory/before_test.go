package observatory_test

import (
	"testing"
	"time"

	"feedbackbot/feedback"
)

// A reviewer sees what the model was shown: a message that the question replies to
// and answers from before it, but nothing of a channel that they may not see, nor
// of what was deleted, nor who wrote it.
func TestWhatTheModelWasShown(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	earlier := h.answered(func(r *feedback.Response) { r.Question, r.Answer = "earlier question", "earlier answer" })
	hidden := h.answered(func(r *feedback.Response) { r.ChannelID, r.Answer = secret, "hidden answer" })
	r := feedback.Response{ID: feedback.NewID()}
	ask := feedback.Ask{ID: "77", ResponseID: r.ID, GuildID: guild, ChannelID: general, Asker: h.store.Rater(ada), Question: "q", AskedAt: time.Now(), Shown: feedback.Shown{
		Before: []feedback.Turn{
			{Answers: []string{earlier.ID, hidden.ID}},
			{Role: "user", Name: "Berta", Text: "elsewhere", Channel: secret, Message: "1", Owner: "berta"},
			{Role: "user", Name: "Berta", Text: "the ferry is late", Channel: general, Message: "2", Owner: "berta"},
			{Role: "user", Name: "Berta", Text: "a message that goes", Channel: general, Message: "3", Owner: "berta", Quoted: true},
		}}}
	if _, err := h.store.Take(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
	r = h.answered(func(one *feedback.Response) { one.ID, one.AskID = r.ID, ask.ID })
	if err := h.store.Remove(t.Context(), "3"); err != nil {
		t.Fatal(err)
	}
	status, page := h.in(cleo).get(path(r))
	for _, text := range []string{"earlier question", "earlier answer", "the ferry is late", "A message that was deleted",
		"!hidden answer", "!elsewhere", "!a message that goes", "!Berta"} {
		want(t, "the page", status, 200, page, text)
	}
}

// Where nothing of it was kept the page shows the questions and answers before.
func TestAnswersBefore(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	earlier := h.answered(func(r *feedback.Response) { r.Question, r.Answer = "earlier question", "earlier answer" })
	r := h.answered(func(r *feedback.Response) { r.ParentID = earlier.ID })
	for _, text := range []string{"earlier question", "earlier answer"} {
		status, page := h.in(cleo).get(path(r))
		want(t, "the page", status, 200, page, text)
	}
}
