package feedback

import "errors"

// Vote is one click: a rating, or an undo.
type Vote struct {
	ResponseID string
	MessageID  string // the message that was clicked; "" for an undo from the receipt
	Rater      Rater
	Source     Source
	Rating     int // 1 to 5; 0 takes the vote back
	Kind       Kind
	Version    int64 // snowflake of the interaction: the time of the click
	AskerOnly  bool  // refuse everybody but the asker
}

// Outcome says what a vote changed.
type Outcome string

const (
	Saved     Outcome = "saved"     // a first vote, or one after an undo
	Changed   Outcome = "changed"   // another rating than before
	Unchanged Outcome = "unchanged" // the same rating again
	Withdrawn Outcome = "withdrawn" // taken back
	Late      Outcome = "late"      // a newer click had been stored already, and stands
)

// Explanation is what somebody wrote in the form.
type Explanation struct {
	ResponseID  string
	Rater       Rater
	Source      Source
	Explanation string // why; "" removes an earlier one
	Expected    string // what it should have said; "" removes an earlier one
	Version     int64  // snowflake of the interaction that submitted the form
}

var (
	// ErrUnknownResponse is returned for a vote on a response that the store
	// does not know on the message that was clicked.
	ErrUnknownResponse = errors.New("unknown response")
	// ErrForgotten is returned for a response whose asker asked to be forgotten,
	// or whose question was deleted, before it could be stored.
	ErrForgotten = errors.New("its question was forgotten")
	// ErrNotAsker is returned for a vote by somebody else where only the asker
	// may vote.
	ErrNotAsker = errors.New("only the asker may vote")
	// ErrNoVote is returned for an explanation or an undo without a vote.
	ErrNoVote = errors.New("no vote")
)
