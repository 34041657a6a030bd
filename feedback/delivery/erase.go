package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"feedbackbot/feedback"
)

const (
	erasuresAtOnce = 20
	eraseAgain     = time.Minute
)

// erase deletes at a backend what has to go, until ctx ends. What cannot be
// deleted now is tried again.
func (l *lane) erase(ctx context.Context, eraser feedback.Eraser) {
	tick := time.NewTicker(idleLook)
	defer tick.Stop()
	for {
		if err := l.eraseDue(ctx, eraser); err != nil && ctx.Err() == nil {
			l.log.Error("cannot delete what somebody asked to be forgotten", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *lane) eraseDue(ctx context.Context, eraser feedback.Eraser) error {
	for {
		items, err := l.store.DueErasures(ctx, l.backend.Name(), erasuresAtOnce)
		if err != nil || len(items) == 0 {
			return err
		}
		for _, item := range items {
			if err := l.eraseOne(ctx, eraser, item); err != nil {
				return err
			}
		}
	}
}

// eraseOne returns an error when the backend is in trouble, which makes others
// wait as well.
func (l *lane) eraseOne(ctx context.Context, eraser feedback.Eraser, item string) error {
	within, cancel := context.WithTimeout(ctx, feedback.AttemptTimeout)
	defer cancel()
	failed := eraser.Erase(within, item)
	var again time.Time
	if failed != nil && !errors.Is(failed, feedback.ErrRefused) {
		again = time.Now().Add(eraseAgain)
	}
	err := l.store.SettleErasure(ctx, l.backend.Name(), item, again)
	if failed != nil {
		return fmt.Errorf("delete %s: %w", item, errors.Join(failed, err))
	}
	return err
}
