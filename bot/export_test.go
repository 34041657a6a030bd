package bot

import "time"

// SetCommitBudget changes how long a click waits for the database, before the
// bot runs. A slow machine must not look like a slow database.
func SetCommitBudget(b *Bot, d time.Duration) { b.commitBudget = d }
