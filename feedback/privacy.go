package feedback

import "time"

// Forgotten counts what was deleted, and what remains elsewhere.
type Forgotten struct {
	Questions int64
	Votes     int64
	// Erased counts what is being deleted at backends as well, and Delivered
	// what backends have got that cannot be deleted there; both by the name of
	// the backend.
	Erased    map[string]int64
	Delivered map[string]int64
}

// Retention says for how long things are kept. 0 is for ever.
type Retention struct {
	Texts time.Duration // questions, answers, explanations
	Votes time.Duration // everything
}

// Lock is held by one process at a time among those on one database. The database
// gives it up by itself when its holder dies.
type Lock interface {
	// Lost is closed when somebody else has the lock, after the database was
	// away.
	Lost() <-chan struct{}
	// Release gives the lock up. It may be called once.
	Release()
}
