package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
)

// reader is a backend that reads what it gets.
type reader struct {
	*backend
	got chan feedback.Response
}

func (r reader) SendResponse(_ context.Context, one feedback.Response, _ feedback.Delivered) (string, error) {
	r.got <- one
	return "", nil
}

// With NoText a response keeps everything but its texts, and backends get a
// placeholder, because some take no empty text.
func TestNoText(t *testing.T) {
	t.Parallel()
	inWorld(t, store.Options{NoText: true}, func(w *world) {
		r := monitor(t, w.Store)
		b := reader{w.backend, make(chan feedback.Response, 1)}
		stop := w.run(0, b)
		w.pass(time.Minute)
		stop()
		sent := <-b.got
		if sent.ID != r.ID || sent.Model != r.Model || sent.Question != "(not kept)" || sent.Answer != "(not kept)" || strings.Join(sent.Context, "") != "" {
			t.Errorf("sent %+v, want it without texts", sent)
		}
		kept, err := w.Response(w.t.Context(), r.ID)
		if err != nil || kept.Question+kept.Answer != "" || len(kept.Context) != 0 || kept.Finish != r.Finish {
			t.Errorf("kept %+v, %v, want it without texts", kept, err)
		}
	})
}
