package delivery_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/store"
)

// printer is a complete backend: it prints what it is sent. It needs no ids of
// its own, because the same line twice does no harm.
type printer struct{ done context.CancelFunc }

func (printer) Name() string { return "printer" }

func (printer) Check(context.Context) error { return nil }

func (printer) SendResponse(_ context.Context, r feedback.Response, _ feedback.Delivered) (string, error) {
	fmt.Printf("asked %q, answered %q\n", r.Question, r.Answer)
	return "", nil
}

func (p printer) SendSubmission(_ context.Context, s feedback.Submission, _ feedback.Response, _ feedback.Delivered) (string, error) {
	fmt.Printf("rated %d of 5: %s\n", s.Rating, s.Explanation)
	p.done()
	return "", nil
}

// A backend gets every response before the votes on it.
func ExampleBackend() {
	dir, err := os.MkdirTemp("", "feedback")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx, done := context.WithTimeout(context.Background(), time.Minute)
	defer done()
	store, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "feedback.db"), store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	r := feedback.Response{ID: feedback.NewID(), AskID: "1", Question: "2+2?", Answer: "5", FinishedAt: time.Now()}
	vote := feedback.Vote{ResponseID: r.ID, Rater: store.Rater("ada"), Source: feedback.User, Kind: feedback.Stars, Rating: 2, Version: 1}
	why := feedback.Explanation{ResponseID: r.ID, Rater: vote.Rater, Source: feedback.User, Explanation: "off by one", Version: 2}
	if err = store.Monitor(ctx, r); err == nil {
		_, _, err = store.Vote(ctx, vote)
	}
	if err == nil {
		_, err = store.Explain(ctx, why)
	}
	if err == nil {
		delivery.NewWorker(store, []feedback.Backend{printer{done}}, delivery.Options{}).Run(ctx)
	}
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// asked "2+2?", answered "5"
	// rated 2 of 5: off by one
}
