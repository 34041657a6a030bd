package bot

// Threads.
const (
	describeThread = "Answer in a thread of its own?"
	threadName     = "A question" // of a thread whose question has no words
)
