//go:build race

package bot

import "time"

const UnderRace = true

// AckTimeout is how long a test's Discord waits for the answer to a click.
// Under the race detector everything takes many times as long as in earnest.
const AckTimeout = 30 * time.Second

// Slow gives a bot as much more time.
func Slow(b *Bot) { b.commitBudget *= 6 }
