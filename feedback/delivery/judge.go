package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"feedbackbot/feedback"
)

const (
	// settleTimeout bounds how long the end of an attempt waits for the
	// database.
	settleTimeout = 5 * time.Second
	// MaxStrikes is after how many failures of its own an item is given up.
	MaxStrikes = 20
	// maxErrorLength caps what is kept of an error's text, in bytes.
	maxErrorLength = 500
)

// result is how one attempt went, and what becomes of the item.
type result struct {
	feedback.Settlement
	sent    feedback.Delivery
	outcome string // for the metrics
	unsent  bool   // the backend was not asked, so nothing is learnt about it
	cause   error  // nil when the item is settled
}

// finish judges a result, tells the circuit, and stores it.
func (l *lane) finish(ctx context.Context, r result) {
	l.inFlight--
	now := time.Now()
	back := l.judge(&r, now)
	l.options.Delivered(l.backend.Name(), r.outcome)
	settleCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := l.store.SettleDelivery(settleCtx, r.sent, r.Settlement); err != nil {
		// The lease will run out and the item will be sent again.
		l.log.Error("cannot store a delivery", "response_id", r.sent.ResponseID, "error", err)
		return
	}
	if !back {
		return
	}
	l.log.Info("backend works again, sending what waited")
	if err := l.store.Hurry(ctx, l.backend.Name()); err != nil {
		l.log.Error("cannot hurry the backlog", "error", err)
	}
}

// judge turns the cause of a result into what becomes of the item, and returns
// true when the backend is seen to work again.
func (l *lane) judge(r *result, now time.Time) (back bool) {
	var retry *feedback.RetryError
	switch {
	case r.Skipped:
		r.outcome = "skipped"
		return false
	case r.cause == nil && r.unsent:
		r.outcome = "skipped"
		return false
	case r.cause == nil:
		r.outcome = "delivered"
		if r.RemoteID == "" {
			r.RemoteID = r.sent.RemoteID
		}
		return l.circuit.success(now)
	case errors.Is(r.cause, feedback.ErrRefused):
		r.outcome, r.Dead = "dead", clip(r.cause.Error())
		l.log.Warn("item refused for good", "response_id", r.sent.ResponseID, "vote", !r.sent.IsResponse(), "reason", r.Dead)
		return !r.unsent && l.circuit.success(now)
	case r.unsent: // our own database is in trouble, of which the backend knows nothing
		r.outcome, r.Err, r.Wait, r.NotTried = "retry", clip(r.cause.Error()), itemBackoff(0), true
		return false
	case errors.Is(r.cause, feedback.ErrUnauthorized):
		if l.circuit.wait(now) < unauthorizedWait/2 {
			l.log.Error("backend does not accept our key; deliveries wait, next try in an hour or at a restart", "error", r.cause)
		}
		l.circuit.pause(now, unauthorizedWait)
		r.outcome, r.Err, r.NotTried = "unauthorized", clip(r.cause.Error()), !errors.Is(r.cause, feedback.ErrPartly)
		return false
	case errors.As(r.cause, &retry):
		r.outcome, r.Err, r.NotTried = "retry", clip(r.cause.Error()), !errors.Is(r.cause, feedback.ErrPartly)
		r.Wait = min(max(retry.After, minRetryAfter), maxRetryAfter)
		l.circuit.obey(now, r.Wait)
		return false
	}
	r.outcome, r.Err, r.Wait = "retry", clip(r.cause.Error()), itemBackoff(r.sent.Attempts)
	if l.circuit.lastSuccess.After(r.sent.TriedAt) && r.sent.Attempts > 0 {
		r.Strikes = 1 // others went through since this one last failed
	}
	if r.sent.Strikes+r.Strikes >= MaxStrikes {
		r.outcome, r.Dead = "dead", clip(fmt.Sprintf("given up after %d failures: %v", MaxStrikes, r.cause))
		l.log.Warn("item given up", "response_id", r.sent.ResponseID, "vote", !r.sent.IsResponse(), "reason", r.Dead)
	}
	if l.circuit.failure(now, errors.Is(r.cause, feedback.ErrAnswered)) {
		l.log.Warn("backend does not answer; deliveries wait until it does", "error", r.cause)
	}
	if l.circuit.probing() {
		r.Wait = l.circuit.wait(now) // the circuit sets the pace; the item must be there when it probes
	}
	return false
}

// clip makes an error's text fit for the database and the log: short, and valid
// UTF-8 even when a backend's answer was not.
func clip(text string) string {
	if len(text) > maxErrorLength {
		text = text[:maxErrorLength] + "…"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\x00", "")
}
