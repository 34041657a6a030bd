package bot

import (
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

// add counts a question and returns false when there are more than limit.
func (h *hourly) add(key string, limit int, now time.Time) bool {
	if limit <= 0 {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if hour := now.Truncate(time.Hour); h.n == nil || !hour.Equal(h.hour) {
		h.hour, h.n = hour, map[string]int{}
	}
	if h.n[key] >= limit {
		return false
	}
	h.n[key]++
	return true
}

// untilNextHour says when counting begins anew.
func untilNextHour(now time.Time) string {
	return minutes(int(now.Truncate(time.Hour).Add(time.Hour).Sub(now).Minutes()) + 1)
}
