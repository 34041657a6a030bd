package delivery

import (
	"math/rand/v2"
	"time"
)

const (
	// maxItemBackoff caps how long one item waits for its next attempt.
	maxItemBackoff = 60 * time.Second
	// maxProbeWait caps how long a backend that fails is left alone. Together
	// with the deadline of an attempt it keeps the promise that a backlog
	// starts to drain within 20 s of the backend's return.
	maxProbeWait = 8 * time.Second
	// unauthorizedWait is how long a backend that refuses our key is left alone.
	unauthorizedWait = time.Hour
	// openAfter failures in a row, without a success of any item, the backend
	// itself is taken to be down and gets one item at a time.
	openAfter = 3
	// minRetryAfter and maxRetryAfter bound what a Retry-After may ask for.
	minRetryAfter = time.Second
	maxRetryAfter = 10 * time.Minute
)

// circuit is what a worker believes about its backend. It is used by one
// goroutine.
type circuit struct {
	failures    int       // in a row
	silent      int       // of them, the latest without a sign of life
	until       time.Time // nothing is sent before, unless a success comes meanwhile
	asked       time.Time // nothing is sent before: the backend has asked for it
	lastSuccess time.Time
}

// wait returns how long to leave the backend alone.
func (c *circuit) wait(now time.Time) time.Duration {
	return max(0, c.until.Sub(now), c.asked.Sub(now))
}

// probing reports whether the backend gets one item at a time.
func (c *circuit) probing() bool { return c.failures >= openAfter }

// success records that the backend answered, whatever it said about the item.
// It returns true when the backend was believed to be down.
func (c *circuit) success(now time.Time) (back bool) {
	back = c.probing()
	c.failures, c.silent, c.until, c.lastSuccess = 0, 0, time.Time{}, now
	return back
}

// failure records that the backend did not answer properly, or with an error of
// its own: that is a sign of life, after which it is asked again soon. It returns
// true when this is what makes it count as down.
func (c *circuit) failure(now time.Time, alive bool) (down bool) {
	c.failures++
	if alive {
		c.silent = 0
	} else {
		c.silent++
	}
	if c.probing() {
		c.pause(now, jitter(min(maxProbeWait, time.Second<<min(max(c.silent-openAfter, 0), 10))))
	}
	return c.failures == openAfter
}

// pause leaves the backend alone for a while.
func (c *circuit) pause(now time.Time, d time.Duration) {
	if until := now.Add(d); until.After(c.until) {
		c.until = until
	}
}

// obey leaves the backend alone for as long as it has asked for.
func (c *circuit) obey(now time.Time, d time.Duration) {
	if until := now.Add(d); until.After(c.asked) {
		c.asked = until
	}
}

// itemBackoff returns how long an item waits after its nth failed attempt.
func itemBackoff(n int) time.Duration {
	return jitter(min(maxItemBackoff, time.Second<<min(n, 10)))
}

// jitter takes off up to a fifth, so that processes do not move in step.
func jitter(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
}
