package discord

import (
	"net/http"
	"time"
)

// smallSkew is how far two clocks may be apart without being told apart: the
// Date header has seconds.
const smallSkew = 5 * time.Second

// readClock learns from an answer how far our clock is ahead of Discord's. Clocks
// that are minutes wrong are common in virtual machines.
func (o *Client) readClock(h http.Header) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	ahead := time.Since(date)
	if ahead.Abs() < smallSkew {
		ahead = 0
	}
	o.ahead.Store(int64(ahead))
}

// MadeHere returns when something with a Discord id was made, by our own clock.
func (o *Client) MadeHere(id string) time.Time {
	return MadeAt(id).Add(time.Duration(o.ahead.Load()))
}

// SnowflakeOf returns the id that something would have that was made at a time of
// our own clock.
func (o *Client) SnowflakeOf(t time.Time) int64 {
	return Snowflake(t.Add(-time.Duration(o.ahead.Load())))
}
