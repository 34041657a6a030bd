package discordtest

import (
	"hash/fnv"
	"net/http"
	"strconv"
	"time"
)

// bucket is a fixed window that starts with its first request, as Discord's do.
type bucket struct {
	used  int
	reset time.Time
}

// unlimited is what the headers say when the channel limit is off.
const unlimited = 10000

// take uses one request of a bucket and sets the X-RateLimit headers. It returns how long to wait, 0 if allowed.
func (s *Server) take(key, class string, now time.Time, h http.Header) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Buckets of interaction tokens are used once or twice and then never again.
	if len(s.buckets) > 1000 && now.Sub(s.bucketsSwept) > s.opt.ChannelWindow {
		s.bucketsSwept = now
		for k, b := range s.buckets {
			if now.After(b.reset) {
				delete(s.buckets, k)
			}
		}
	}
	b := s.buckets[key]
	if b == nil {
		b = &bucket{}
		s.buckets[key] = b
	}
	if !now.Before(b.reset) {
		*b = bucket{reset: now.Add(s.opt.ChannelWindow)}
	}
	limit := s.opt.ChannelLimit
	if limit < 0 {
		limit = unlimited
		b.used = min(b.used, unlimited-2)
	}
	wait := time.Duration(0)
	if b.used >= limit {
		wait = b.reset.Sub(now)
	} else {
		b.used++
	}
	name := fnv.New64a()
	name.Write([]byte(class))
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(limit-b.used))
	h.Set("X-RateLimit-Reset", strconv.FormatFloat(float64(b.reset.UnixMilli())/1000, 'f', 3, 64))
	h.Set("X-RateLimit-Reset-After", seconds(b.reset.Sub(now)))
	h.Set("X-RateLimit-Bucket", strconv.FormatUint(name.Sum64(), 16))
	return wait
}

// takeGlobal counts a request against the global limit of any one GlobalWindow, and returns how long to wait.
func (s *Server) takeGlobal(now time.Time) time.Duration {
	if s.opt.GlobalRPS <= 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.recent) < s.opt.GlobalRPS {
		s.recent = append(s.recent, now)
		return 0
	}
	// The ring's next place holds the request that was GlobalRPS requests ago.
	if wait := s.opt.GlobalWindow - now.Sub(s.recent[s.recentNext]); wait > 0 {
		return wait
	}
	s.recent[s.recentNext] = now
	s.recentNext = (s.recentNext + 1) % len(s.recent)
	return 0
}

// nonce remembers the message that was created with it.
type nonce struct {
	message string
	at      time.Time
}

// byNonce returns the message created with this nonce in this channel within the window. The caller holds s.mu.
func (s *Server) byNonce(key string, now time.Time) *Message {
	if now.Sub(s.noncesSwept) > s.opt.NonceWindow {
		s.noncesSwept = now
		for k, n := range s.nonces {
			if now.Sub(n.at) > s.opt.NonceWindow {
				delete(s.nonces, k)
			}
		}
	}
	n, ok := s.nonces[key]
	if !ok || now.Sub(n.at) > s.opt.NonceWindow {
		return nil
	}
	return s.messages[n.message]
}
