package feedback

import (
	"errors"
	"time"
)

// What reviewers do. A verdict is a [Submission] with the source [Reviewer]; these
// are what is around it.

// Queue says why a response waits for reviewers.
type Queue string

const (
	QueueBad      Queue = "bad"      // a member rated it down and said why
	QueueDisputed Queue = "disputed" // members disagree about it
	QueueSample   Queue = "sample"   // drawn at random: the only queue from which the whole can be judged
)

// ReviewState is how far one reviewer has come with one response.
type ReviewState string

const (
	ReviewOpen    ReviewState = "open"
	ReviewSkipped ReviewState = "skipped" // this reviewer leaves it to others
	ReviewDone    ReviewState = "done"    // the verdict stands
)

// Opinion is what a reviewer thinks of an answer.
type Opinion struct {
	Rating      int // 1 to 5; 0 when not chosen yet
	Kind        Kind
	Reasons     []string
	Explanation string
	Expected    string
}

// Review is what one reviewer has done about one response.
type Review struct {
	ResponseID   string
	Reviewer     Rater
	State        ReviewState
	Revision     int64 // 0 when there is none yet
	ClaimedUntil time.Time
	Opinion
	Queue       Queue     // "" when opened by a link
	Probability float64   // with which the response came into the queue
	FirstRating int       // the verdict before others' were shown
	FirstAt     time.Time // zero as long as there is none
	Changed     bool      // after others' were shown
	BeganAt     time.Time
	UpdatedAt   time.Time
}

// Waiting is how much of a queue waits in a channel for one reviewer.
type Waiting struct {
	Queue     Queue
	ChannelID string
	Left      int
	Oldest    time.Time
}

// MaxWaiting is up to how many are counted in a queue of a server, so that counting
// is quick however many wait.
const MaxWaiting = 1000

// Queued is a response in a queue.
type Queued struct {
	ResponseID string
	ChannelID  string
	Since      time.Time
}

// ReviewFilter selects responses for a reviewer who searches. What is zero selects
// all.
type ReviewFilter struct {
	GuildID       string // which server: this one always counts
	ChannelID     string
	Text          string // in the question or the answer
	Model         string
	PromptVersion string
	Vote          string    // members': down, up or none
	State         string    // reviewers': open without a verdict, done with one, mine with the reviewer's own
	From, To      time.Time // when it was asked
	Before        string    // goes on after this response
}

// ClaimTime is how long a response is kept for whoever works on it.
const ClaimTime = 10 * time.Minute

// ReviewToken is a link that opens the reviewers' pages once, or a session.
type ReviewToken struct {
	Hash      string // of the secret, which is not kept
	Rater     Rater
	Sealed    string // the Discord id, for whoever has the secret
	ExpiresAt time.Time
}

// Sight is what somebody may see on Discord.
type Sight struct {
	Roles   []string
	Servers map[string]Server // by id
}

// Server is a server as somebody sees it.
type Server struct {
	Name     string
	Channels map[string]string // names of those they may read, by id
}

var (
	// ErrNotReviewer is returned for somebody who may not review.
	ErrNotReviewer = errors.New("not a reviewer")
	// ErrNoToken is returned for a link or a session that does not exist, or not
	// any more.
	ErrNoToken = errors.New("no such token")
	// ErrOwnQuestion is returned for a review of an answer to one's own question.
	ErrOwnQuestion = errors.New("the question is the reviewer's own")
	// ErrClaimed is returned for a response that others work on.
	ErrClaimed = errors.New("somebody else reviews it")
	// ErrConflict is returned for a change to a review that has been changed
	// meanwhile, in another tab.
	ErrConflict = errors.New("the review has been changed meanwhile")
	// ErrNoRating is returned for a verdict without a rating.
	ErrNoRating = errors.New("a verdict needs a rating")
)
