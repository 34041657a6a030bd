// Package feedback says what a language model's answers and people's feedback on
// them are, and what an evaluation backend has to do.
//
// A [Response] is one complete answer, monitored: once it is stored, its id is
// durable and works for ever. A [Submission] is one rater's feedback on it. A
// [Backend] is where both are delivered.
//
// Package store keeps them, and package delivery brings them to the backends:
//
//	kept, err := store.Open(ctx, "sqlite:feedbackbot.db", store.Options{})
//	...
//	err = kept.Monitor(ctx, feedback.Response{ID: feedback.NewID(), ...})
//	sub, outcome, err := kept.Vote(ctx, feedback.Vote{ResponseID: id, Rating: 5, ...})
//	go delivery.NewWorker(kept, backends, delivery.Options{}).Run(ctx)
//
// Everything here is independent of Discord and of any backend's protocol.
package feedback

import (
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

// Rater is a person under a pseudonym: 32 hex digits that are stable within one
// database and cannot be turned back into a Discord user id without its key.
type Rater string

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
