package discordtest

import (
	"math"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// Fault is something that goes wrong with matching REST requests. Without Status and Drop it only delays them.
type Fault struct {
	Method  string        // empty is any
	Path    string        // path.Match pattern below /api/vN, "/channels/*/messages"; ending in "/**" all below; empty is any
	After   int           // leave this many matching requests alone first
	Times   int           // then fail this many; 0 is until removed
	Delay   time.Duration // wait before anything else
	DoFirst bool          // serve the request, then fail in place of the answer
	Drop    bool          // break the connection in place of the answer
	Status  int
	Header  http.Header
	Body    string // empty is Discord's JSON for the status
}

type fault struct {
	Fault
	seen int
}

// Inject adds a fault and returns what removes it. The oldest fault that matches a request is the one that applies.
func (s *Server) Inject(f Fault) (remove func()) {
	added := &fault{Fault: f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, added)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for n, f := range s.faults {
			if f == added {
				s.faults = append(s.faults[:n:n], s.faults[n+1:]...)
				return
			}
		}
	}
}

// fault returns the fault that applies to a request, or nil, and counts it.
func (s *Server) fault(method, path string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Method != "" && f.Method != method || !matches(f.Path, path) {
			continue
		}
		if f.Times > 0 && f.seen >= f.After+f.Times {
			continue
		}
		if f.seen++; f.seen > f.After {
			return &f.Fault
		}
	}
	return nil
}

func matches(pattern, p string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "**"); ok {
		// The part before ** may hold wildcards as well: compare as many segments as it has.
		n := strings.Count(prefix, "/")
		cut := strings.SplitAfterN(p, "/", n+1)
		return len(cut) == n+1 && matches(prefix, strings.Join(cut[:n], ""))
	}
	ok, _ := path.Match(pattern, p)
	return ok || pattern == ""
}

// RateLimited is the 429 of a scope, user, global or shared, that asks to wait for after. Set Method, Path and Times
// to say where and how often.
func RateLimited(scope string, after time.Duration) Fault {
	return Fault{Status: 429, Header: limitHeader(scope, after), Body: limitBody(scope, after)}
}

// CloudflareBan is the answer to an address that sent too many invalid requests: HTML, and no sign of Discord.
func CloudflareBan() Fault {
	return Fault{
		Status: 429,
		Header: http.Header{"Content-Type": {"text/html; charset=UTF-8"}, "Server": {"cloudflare"}, "Retry-After": {"3600"}},
		Body: "<!DOCTYPE html>\n<html><head><title>Access denied | discord.com used Cloudflare to restrict access" +
			"</title></head><body><h1>Error 1015</h1><p>You are being rate limited</p></body></html>\n",
	}
}

// limitHeader is the header of a 429. The global one has no Reset-After, as documented; all have Via, by which
// clients tell Discord's answers from Cloudflare's.
func limitHeader(scope string, after time.Duration) http.Header {
	h := http.Header{}
	h.Set("Via", "1.1 google")
	h.Set("Content-Type", "application/json")
	h.Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	h.Set("X-RateLimit-Scope", scope)
	if scope == "global" {
		h.Set("X-RateLimit-Global", "true")
	} else {
		h.Set("X-RateLimit-Reset-After", seconds(after))
	}
	return h
}

func limitBody(scope string, after time.Duration) string {
	message := "You are being rate limited."
	if scope == "shared" {
		message = "The resource is being rate limited."
	}
	return `{"message":"` + message + `","retry_after":` + seconds(after) + `,"global":` +
		strconv.FormatBool(scope == "global") + `}`
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

// drop breaks the connection of a request.
func drop(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if t, ok := c.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	c.Close()
}
