package feedback

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Delivered is what is known about earlier deliveries of the item being sent.
type Delivered struct {
	RemoteID         string    // what the backend returned for this item; "" if it never did
	ResponseRemoteID string    // what the backend returned for the item's response
	ResponseSentAt   time.Time // when the item's response was last sent
	Rev              int64     // the revision the backend has; 0 for none
	// Unclear is set when an earlier attempt may have arrived although its
	// answer was lost. A backend that cannot tell a repetition by itself must
	// look before it sends again.
	Unclear bool
	// UnclearRev is the revision of the first such attempt. It is smaller than
	// the item's when the item has changed since.
	UnclearRev int64
}

// VisibleAfter is how long a backend may take to show a response that it took.
const VisibleAfter = 10 * time.Minute

// MayAppear reports whether r was sent so recently that a backend which cannot
// find it yet may find it soon.
func (d Delivered) MayAppear(r Response) bool {
	sent := d.ResponseSentAt
	if sent.Before(r.FinishedAt) {
		sent = r.FinishedAt
	}
	return time.Since(sent) < VisibleAfter
}

// Backend is where responses and submissions are delivered. It is the
// extension point of this package.
//
// The worker calls it from several goroutines, one call at a time for one
// item, a response always before its submissions, and always with the newest
// state: states in between are skipped. Calls may be repeated with the same
// state and must then leave the backend with one copy, as far as its protocol
// allows. ctx carries the deadline of one attempt.
//
// The error tells the worker what to do: nil, it is delivered;
// [ErrRefused], this item will never be taken, keep it as a dead letter;
// [ErrUnauthorized], nothing will be taken until the operator acts;
// a [RetryError], try again no sooner than it says; any other error, try again
// with backoff. After [ErrUnauthorized] and a RetryError the backend has taken
// nothing, unless [ErrPartly] is wrapped as well.
type Backend interface {
	// Name identifies the backend in the database, in logs and in metrics. It
	// must never change.
	Name() string
	// SendResponse makes the backend hold r. The id it returns is kept and
	// given back in before.
	SendResponse(ctx context.Context, r Response, before Delivered) (remoteID string, err error)
	// SendSubmission makes the backend hold s, which belongs to r. When s is
	// withdrawn the backend must forget it, or refuse with a reason.
	SendSubmission(ctx context.Context, s Submission, r Response, before Delivered) (remoteID string, err error)
	// Check reports whether the backend is reachable and takes our key. It
	// stores nothing there.
	Check(ctx context.Context) error
}

var (
	// ErrRefused marks an item that a backend will never accept.
	ErrRefused = errors.New("refused for good")
	// ErrUnauthorized marks a key that a backend does not accept.
	ErrUnauthorized = errors.New("not authorized")
	// ErrPartly marks, beside one of the errors above, that the backend has taken
	// a part of the item before the error.
	ErrPartly = errors.New("a part was taken")
	// ErrAnswered marks, beside any error, that the backend has answered, if only
	// with that error: a sign of life, which a refused or broken connection is not.
	ErrAnswered = errors.New("the backend has answered")
)

// RetryError asks for another attempt no sooner than After from now, as an
// HTTP Retry-After does.
type RetryError struct {
	After time.Duration
	Err   error
}

func (e *RetryError) Error() string { return fmt.Sprintf("%v (retry after %v)", e.Err, e.After) }
func (e *RetryError) Unwrap() error { return e.Err }

// Doubler is a [Backend] whose protocol may be unable to tell a repetition from
// another item.
type Doubler interface {
	// Doubles reports whether what is sent again is there twice.
	Doubles() bool
}

// Eraser is a [Backend] that can delete what it was sent.
type Eraser interface {
	// Items returns what a response, or a submission, is at the backend, in
	// words for Erase that name nobody.
	Items(Sent) []string
	// Erase deletes an item. What is not there any more is deleted.
	Erase(ctx context.Context, item string) error
}

// Sent is an item as far as it is known to a backend.
type Sent struct {
	Item
	RemoteID string // what the backend returned for it
	Unclear  bool   // see [Delivered]
}
