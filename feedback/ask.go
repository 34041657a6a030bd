package feedback

import "time"

// What the bot keeps beside responses and submissions: the questions it has
// taken, and what their answers cost.

// Ask is a question that was taken. It is stored before anything is done about
// it, so that it is answered exactly once, also across a crash.
type Ask struct {
	ID             string // Discord's id of the message or interaction; unique
	ResponseID     string // id the answer will have
	GuildID        string // "" in a direct message
	ChannelID      string
	Asker          Rater
	Token          string // interaction token to answer with; "" for a message
	ConversationID string
	ParentID       string
	AlternativeOf  string // see [Response]
	Question       string
	AskedAt        time.Time

	State    AskState // set by the store
	Messages []string // set by the store, of unfinished ones: the messages shown so far, in order
}

// AskState is how far a question has come.
type AskState string

const (
	AskOpen     AskState = "open"     // no text is stored yet
	AskAnswered AskState = "answered" // the response is stored, its messages may be incomplete
	AskFailed   AskState = "failed"   // there will be no response, the person may not have been told
	AskDone     AskState = "done"
)

// Place is a channel in which somebody asked.
type Place struct{ GuildID, ChannelID string } // GuildID is "" in a direct message

// Use is what answers took.
type Use struct {
	Questions int64
	Tokens    int64 // read and written
	Cost      int64 // millionths of a US dollar
}

// Budget bounds what answers may take in a day, in UTC. 0 is no bound.
type Budget struct {
	Tokens       int64
	Cost         int64 // millionths of a US dollar
	MemberTokens int64 // of one member
}

// Verdict says whether an answer is within the budget.
type Verdict string

const (
	Within         Verdict = "within"
	OverBudget     Verdict = "over budget"        // everybody's
	OverMembersOwn Verdict = "over member budget" // the asker's own
)

// OfServer is what a server's members have used, as a scope.
func OfServer(id string) string { return "server:" + id }

// OfMember is what a member has used, as a scope.
func OfMember(r Rater) string { return "member:" + string(r) }
