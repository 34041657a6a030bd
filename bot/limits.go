package bot

import (
	"fmt"
	"sync"
	"time"
)

// Limits bound what people may ask. 0 is no bound.
type Limits struct {
	AtOnce       int // answers written at the same time
	MemberHourly int // questions of one member in an hour
	ServerHourly int // questions of one server in an hour
}

// hourly counts questions in each hour of the clock.
type hourly struct {
	mu   sync.Mutex
	hour time.Time
	n    map[string]int
}

// share is how many questions somebody may ask in an hour; 0 is no bound.
type share struct {
	key   string
	limit int
}

// add counts a question for all of its shares, if all have room for it. It returns
// -1, or which one has not.
func (h *hourly) add(now time.Time, shares ...share) (over int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if hour := now.Truncate(time.Hour); h.n == nil || !hour.Equal(h.hour) {
		h.hour, h.n = hour, map[string]int{}
	}
	for i, s := range shares {
		if s.limit > 0 && h.n[s.key] >= s.limit {
			return i
		}
	}
	for _, s := range shares {
		if s.limit > 0 {
			h.n[s.key]++
		}
	}
	return -1
}

// withinHour counts a question, or returns a [refusal] when its asker or its
// server has asked too much in this hour.
func (b *Bot) withinHour(q question, now time.Time) error {
	l := b.options.Limits
	shares := []share{{"member " + string(q.Asker), l.MemberHourly}, {"server " + q.GuildID, l.ServerHourly}}
	if q.GuildID == "" {
		shares = shares[:1]
	}
	switch b.asked.add(now, shares...) {
	case 0:
		return &refusal{"member_limit", fmt.Sprintf(textTooMany, untilNextHour(now))}
	case 1:
		return &refusal{"server_limit", fmt.Sprintf(textServerMany, untilNextHour(now))}
	}
	return nil
}

// untilNextHour says when counting begins anew.
func untilNextHour(now time.Time) string {
	return minutes(int(now.Truncate(time.Hour).Add(time.Hour).Sub(now).Minutes()) + 1)
}
