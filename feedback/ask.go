package feedback

import "time"

// What the bot keeps beside responses and submissions: the questions it has
// taken.

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
	Source         string // the message or interaction whose question this answers once more; "" for its own
	Question       string
	Shown          Shown // kept under Source, or under ID; read with the store's ShownWith
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
