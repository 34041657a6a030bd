package llm

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// retryAfter reads the headers that say how long to wait.
func retryAfter(header http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(header.Get("Retry-After-Ms"), 64); err == nil && ms > 0 && ms < 1e9 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// told is how a text says it: "try again in 1m2.5s", "retry after 26 seconds",
// "retryDelay": "41s".
var (
	told   = regexp.MustCompile(` (?:(?:re)?try (?:again )?(?:in|after)|retrydelay|estimated_time) ((?:` + amount.String() + ` ?)+)`)
	amount = regexp.MustCompile(`(\d+(?:\.\d+)?) ?(milliseconds?|ms|minutes?|mins?|m|seconds?|secs?|s|hours?|h|days?|d)?`)
)

// toldToWait finds how long an error, in words, asks to wait; 0 when it does not.
func toldToWait(words string) time.Duration {
	found := told.FindStringSubmatch(words)
	if found == nil {
		return 0
	}
	var sum time.Duration
	for _, part := range amount.FindAllStringSubmatch(found[1], -1) {
		n, err := strconv.ParseFloat(part[1], 64)
		if err != nil || n > 1e6 {
			return 0
		}
		sum += time.Duration(n * float64(unit(part[2])))
	}
	return sum
}

func unit(name string) time.Duration {
	switch {
	case name == "ms", strings.HasPrefix(name, "milli"):
		return time.Millisecond
	case strings.HasPrefix(name, "m"):
		return time.Minute
	case strings.HasPrefix(name, "h"):
		return time.Hour
	case strings.HasPrefix(name, "d"):
		return 24 * time.Hour
	}
	return time.Second
}
