package feedback

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// settleTimeout bounds how long the end of an attempt waits for the
	// database.
	settleTimeout = 5 * time.Second
	// maxStrikes is after how many failures of its own an item is given up.
	maxStrikes = 20
	// maxErrorLength caps what is kept of an error's text, in bytes.
	maxErrorLength = 500
)

// result is how one attempt ended.
type result struct {
	delivery
	outcome  string // for the metrics
	remoteID string
	skipped  bool          // there was nothing to send
	unsent   bool          // the backend was not asked, so nothing is learnt about it
	cause    error         // nil when the item is settled
	dead     string        // why the item is given up
	err      string        // why the item is tried again
	wait     time.Duration // before the next attempt
	strikes  int           // 1 when the failure is the item's own
	notTried bool          // the attempt does not count
}

// finish judges a result, tells the circuit, and stores it.
func (l *lane) finish(ctx context.Context, r result) {
	l.inFlight--
	now := time.Now()
	back := l.judge(&r, now)
	l.options.Delivered(l.backend.Name(), r.outcome)
	settleCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := l.store.settleDelivery(settleCtx, r.delivery, r); err != nil {
		// The lease will run out and the item will be sent again.
		l.log.Error("cannot store a delivery", "response_id", r.responseID, "error", err)
		return
	}
	if !back {
		return
	}
	l.log.Info("backend works again, sending what waited")
	if err := l.store.hurry(ctx, l.backend.Name()); err != nil {
		l.log.Error("cannot hurry the backlog", "error", err)
	}
}

// judge turns the cause of a result into what becomes of the item, and returns
// true when the backend is seen to work again.
func (l *lane) judge(r *result, now time.Time) (back bool) {
	var retry *RetryError
	switch {
	case r.skipped:
		r.outcome = "skipped"
		return false
	case r.cause == nil:
		r.outcome = "delivered"
		if r.remoteID == "" {
			r.remoteID = r.delivery.remoteID
		}
		return l.circuit.success(now)
	case errors.Is(r.cause, ErrRefused):
		r.outcome, r.dead = "dead", clip(r.cause.Error())
		l.log.Warn("item refused for good", "response_id", r.responseID, "vote", !r.isResponse(), "reason", r.dead)
		return !r.unsent && l.circuit.success(now)
	case errors.Is(r.cause, ErrUnauthorized):
		if l.circuit.wait(now) < unauthorizedWait/2 {
			l.log.Error("backend does not accept our key; deliveries wait, next try in an hour or at a restart", "error", r.cause)
		}
		l.circuit.pause(now, unauthorizedWait)
		r.outcome, r.err, r.notTried = "unauthorized", clip(r.cause.Error()), !errors.Is(r.cause, ErrPartly)
		return false
	case errors.As(r.cause, &retry):
		r.outcome, r.err, r.notTried = "retry", clip(r.cause.Error()), !errors.Is(r.cause, ErrPartly)
		r.wait = min(max(retry.After, minRetryAfter), maxRetryAfter)
		l.circuit.obey(now, r.wait)
		return false
	}
	r.outcome, r.err, r.wait = "retry", clip(r.cause.Error()), itemBackoff(r.attempts)
	if l.circuit.lastSuccess.After(r.triedAt) && r.attempts > 0 {
		r.strikes = 1 // others went through since this one last failed
	}
	if r.delivery.strikes+r.strikes >= maxStrikes {
		r.outcome, r.dead = "dead", clip(fmt.Sprintf("given up after %d failures: %v", maxStrikes, r.cause))
		l.log.Warn("item given up", "response_id", r.responseID, "vote", !r.isResponse(), "reason", r.dead)
	}
	if l.circuit.failure(now) {
		l.log.Warn("backend does not answer; deliveries wait until it does", "error", r.cause)
	}
	if l.circuit.probing() {
		r.wait = l.circuit.wait(now) // the circuit sets the pace; the item must be there when it probes
	}
	return false
}

// clip makes an error's text fit for the database and the log: short, and valid
// UTF-8 even when a backend's answer was not.
func clip(text string) string {
	if len(text) > maxErrorLength {
		text = text[:maxErrorLength] + "…"
	}
	return stripNUL(strings.ToValidUTF8(text, "�"))
}
