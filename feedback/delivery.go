package feedback

import "time"

// Item names what is delivered: a response, or one submission on it.
type Item struct {
	ResponseID string
	Rater      Rater  // "" for the response itself
	Source     Source // "" for the response itself
}

// IsResponse reports whether an item is a response itself.
func (i Item) IsResponse() bool { return i.Rater == "" }

// Item returns the submission's name.
func (s Submission) Item() Item { return Item{s.ResponseID, s.Rater, s.Source} }

// AttemptTimeout bounds one attempt at one item.
const AttemptTimeout = 10 * time.Second

// Delivery is an item that a worker has leased to send it to a backend.
type Delivery struct {
	Item
	Backend     string
	WantedRev   int64 // the backend should have
	DoneRev     int64 // the backend has; 0 for none
	HadRev      int64 // the backend had before the item was made due once more
	RemoteID    string
	Attempts    int       // begun before this one, since the last success
	UnclearRev  int64     // revision of the first of them
	Strikes     int       // failures of its own
	TriedAt     time.Time // when the attempt before this one began
	LeasedUntil int64     // names the lease
	ParentDead  string    // why the response was refused; "" if it was not
	Textless    bool      // the response's texts are not kept, or not any more; set when it is loaded
}

// Settlement is how an attempt ended.
type Settlement struct {
	RemoteID string        // what the backend returned
	Skipped  bool          // there was nothing to send
	Dead     string        // why the item is given up; "" if it is not
	Err      string        // why the item is tried again; "" when it is delivered
	Wait     time.Duration // before the next attempt
	Strikes  int           // 1 when the failure is the item's own
	NotTried bool          // the attempt does not count
}
