// Package feedback keeps what a language model answered and what people
// thought of it, and brings both to the operator's evaluation backends.
//
// A [Response] is one complete answer, monitored: once [Store.Monitor] has
// returned, its id is durable and works for ever. A [Submission] is one
// rater's feedback on it. [Store.Vote] and [Store.Explain] return only after
// the commit, so whatever was confirmed to a person survives any crash.
// A [Worker] then delivers both to every [Backend], in order, for as long as
// it takes.
//
//	store, err := feedback.Open(ctx, "sqlite:feedbackbot.db", feedback.Options{})
//	...
//	err = store.Monitor(ctx, feedback.Response{ID: feedback.NewID(), ...})
//	sub, outcome, err := store.Vote(ctx, feedback.Vote{ResponseID: id, Rating: 5, ...})
//	go feedback.NewWorker(store, backends, options).Run(ctx)
//
// Everything here is independent of Discord and of any backend's protocol.
package feedback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Kind says which control a rating came from.
type Kind string

const (
	Thumbs Kind = "thumbs" // rating 5 is up, 1 is down
	Stars  Kind = "stars"  // rating 1 to 5
)

// Source says in which role somebody submitted feedback.
type Source string

const (
	User     Source = "user"     // a community member
	Reviewer Source = "reviewer" // the operator's quality staff
)

// Finish says how an answer ended.
type Finish string

const (
	Complete Finish = "stop"           // the model came to its end
	Length   Finish = "length"         // the model's token limit, or our message limit
	Filtered Finish = "content_filter" // the provider withheld the rest
	Refused  Finish = "refusal"        // the model declined to answer
	Cut      Finish = "cut"            // the connection, the provider or this process broke off
)

// NewID returns a new response id: a UUIDv7, so ids sort by time. Its 16 bytes
// serve as the trace id at backends that speak OpenTelemetry, and its last 8 as
// the span id.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// Response is one complete answer of the model, as monitored.
type Response struct {
	ID             string // UUIDv7
	Rev            int64  // grows with every change that backends should see; starts at 1
	AskID          string // Discord's id of the message or interaction that asked
	GuildID        string // "" in a direct message
	ChannelID      string
	Asker          Rater    // who asked
	ConversationID string   // the first response of the reply chain, or a direct-message channel's pseudonym
	ParentID       string   // the response this one follows; "" for the first
	AlternativeOf  string   // the response that this one was written in place of; "" for none
	Question       string   // what the person wrote
	Answer         string   // the complete text, before it was split into messages
	Context        []string // texts that were fetched for the answer
	Model          string
	Provider       string // host name of the provider
	PromptVersion  string // short hash of the system prompt
	Finish         Finish
	InputTokens    int64
	OutputTokens   int64
	Cost           float64 // US dollars; 0 when unknown
	AskedAt        time.Time
	FirstTextAt    time.Time // when the first text arrived; zero if none did
	FinishedAt     time.Time
}

// Submission is one rater's current feedback on one response. There is at most
// one for each (response, rater, source): the latest click replaces it.
type Submission struct {
	ResponseID  string
	Rater       Rater
	Source      Source
	Rating      int  // 1 to 5; meaningless when Withdrawn
	Kind        Kind // thumbs or stars
	Withdrawn   bool // taken back; the texts are gone as well
	ByAsker     bool // the rater is who asked the question
	Explanation string
	Expected    string // what the answer should have said
	Version     int64  // snowflake of the click that set the rating; the greatest wins
	Rev         int64  // grows with every change that backends should see
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Up reports whether a thumbs submission is a thumbs up.
func (s Submission) Up() bool { return s.Rating >= 3 }

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

// visibleAfter is how long a backend may take to show a response that it took.
const visibleAfter = 10 * time.Minute

// MayAppear reports whether r was sent so recently that a backend which cannot
// find it yet may find it soon.
func (d Delivered) MayAppear(r Response) bool {
	sent := d.ResponseSentAt
	if sent.Before(r.FinishedAt) {
		sent = r.FinishedAt
	}
	return time.Since(sent) < visibleAfter
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
	// ErrUnknownResponse is returned for a vote on a response that the store
	// does not know on the message that was clicked.
	ErrUnknownResponse = errors.New("unknown response")
	// ErrNotAsker is returned for a vote by somebody else where only the asker
	// may vote.
	ErrNotAsker = errors.New("only the asker may vote")
	// ErrNoVote is returned for an explanation or an undo without a vote.
	ErrNoVote = errors.New("no vote")
)

// RetryError asks for another attempt no sooner than After from now, as an
// HTTP Retry-After does.
type RetryError struct {
	After time.Duration
	Err   error
}

func (e *RetryError) Error() string { return fmt.Sprintf("%v (retry after %v)", e.Err, e.After) }
func (e *RetryError) Unwrap() error { return e.Err }
