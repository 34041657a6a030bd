package store_test

import (
	"context"
	"time"

	"feedbackbot/feedback"
)

func (e *erasing) reserve() {
	if a := e.some(func(a *asking) bool { return !a.gone }); a != nil {
		_, err := e.process().Reserve(context.Background(), a.Ask, feedback.Use{Tokens: 1}, feedback.Budget{}, time.Now())
		e.must(err)
	}
}

func (e *erasing) settle() {
	if a := e.some(func(*asking) bool { return true }); a != nil {
		e.must(e.process().Settle(context.Background(), a.ID, feedback.Use{Tokens: 2}))
	}
}
