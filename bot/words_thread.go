package bot

// Threads.
const (
	describeThread = "Answer in a thread of its own?"
	textAsks       = "**%s** asks: %s"
	threadName     = "A question" // of a thread whose question has no words
)
