package feedback

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
