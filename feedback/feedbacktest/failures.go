package feedbacktest

import (
	"context"
	"errors"
	"testing"
	"time"

	"feedbackbot/feedback"
)

// isFinal reports whether an error keeps the worker from trying an item again.
func isFinal(err error) bool {
	return errors.Is(err, feedback.ErrRefused) || errors.Is(err, feedback.ErrUnauthorized)
}

// wantFault checks that err is what the contract asks for under a fault.
func wantFault(t *testing.T, call string, fault Fault, err error) {
	t.Helper()
	var retry *feedback.RetryError
	isRetry := errors.As(err, &retry)
	switch fault {
	case Refuse:
		if !errors.Is(err, feedback.ErrRefused) {
			t.Errorf("%s, server set to %s = %v, want ErrRefused", call, fault, err)
		}
	case Unauthorized:
		if !errors.Is(err, feedback.ErrUnauthorized) {
			t.Errorf("%s, server set to %s = %v, want ErrUnauthorized", call, fault, err)
		}
	case Busy:
		if !isRetry || retry.After < RetryAfter-time.Second || retry.After > RetryAfter {
			t.Errorf("%s, server set to %s = %v, want a RetryError after %v", call, fault, err, RetryAfter)
		}
	default:
		if err == nil || isFinal(err) {
			t.Errorf("%s, server set to %s = %v, want an error that leads to another attempt", call, fault, err)
		}
	}
}

func failures(t *testing.T, h Harness) {
	known := NewResponse()
	d := h.sendResponse(t, known)
	for _, fault := range []Fault{Refuse, Unauthorized, Busy, Down, WebPage} {
		if fault == WebPage && h.TakesPages {
			continue
		}
		h.Fail(fault)
		_, err := h.Backend.SendResponse(t.Context(), NewResponse(), feedback.Delivered{})
		wantFault(t, "SendResponse", fault, err)
		_, err = h.Backend.SendSubmission(t.Context(), NewSubmission(known, "rater"), known, d)
		wantFault(t, "SendSubmission", fault, err)
	}
	h.wantResponses(t, known.ID)
	h.wantVotes(t, nil)
}

func recovers(t *testing.T, h Harness) {
	r := NewResponse()
	for _, fault := range []Fault{Unauthorized, Busy, Down} {
		h.Fail(fault)
		_, err := h.Backend.SendResponse(t.Context(), r, feedback.Delivered{})
		wantFault(t, "SendResponse", fault, err)
	}
	h.Fail(Works)
	d := h.sendResponse(t, r)
	s := NewSubmission(r, "rater")
	h.sendSubmission(t, s, r, d)
	h.wantResponses(t, r.ID)
	h.wantVotes(t, map[Key]State{key(s): state(s)})
}

func callerGoes(t *testing.T, h Harness) {
	r := NewResponse()
	d := h.sendResponse(t, r)
	h.Fail(Hang)
	calls := map[string]func(ctx context.Context) error{
		"SendResponse": func(ctx context.Context) error {
			_, err := h.Backend.SendResponse(ctx, NewResponse(), feedback.Delivered{})
			return err
		},
		"SendSubmission": func(ctx context.Context) error {
			_, err := h.Backend.SendSubmission(ctx, NewSubmission(r, "rater"), r, d)
			return err
		},
		"Check": h.Backend.Check,
	}
	for name, call := range calls {
		ctx, leave := context.WithCancel(t.Context())
		timer := time.AfterFunc(100*time.Millisecond, leave) // in the middle of the call, on most machines
		err := call(ctx)
		timer.Stop()
		leave()
		wantFault(t, name, Hang, err)
		// A client's own deadline, which would end the call as well, is told as another error.
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s whose caller has gone = %v, want %v", name, err, context.Canceled)
		}
	}
	h.wantVotes(t, nil)
}

func check(t *testing.T, h Harness) {
	if err := h.Backend.Check(t.Context()); err != nil {
		t.Errorf("Check = %v, want nil", err)
	}
	for _, fault := range []Fault{Unauthorized, Down} {
		h.Fail(fault)
		wantFault(t, "Check", fault, h.Backend.Check(t.Context()))
	}
	h.wantResponses(t)
	h.wantVotes(t, nil)
	if name := h.Backend.Name(); name == "" || name != h.Backend.Name() {
		t.Errorf("Name() = %q, want one name that does not change", name)
	}
}
