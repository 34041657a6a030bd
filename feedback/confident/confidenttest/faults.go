package confidenttest

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault says which requests go wrong, and how. With neither Status, Body nor
// Drop it only delays.
type Fault struct {
	// Method and Path choose the requests: the method, and how the path
	// begins. Empty means any.
	Method string
	Path   string
	// Times is how many requests it takes; 0 means until it is removed.
	Times int

	// Delay passes first. A client that leaves meanwhile has stored nothing.
	Delay time.Duration
	// Status, Header and Body are the answer; by default 200, respectively
	// an error envelope with the status' name.
	Status int
	Header http.Header
	Body   string
	// Drop resets the connection instead of answering.
	Drop bool
	// AfterStoring handles the request as usual before it fails, so the
	// client cannot know that it has succeeded.
	AfterStoring bool
}

// Fail makes requests go wrong until the fault is used up or removed. Of several
// faults that fit a request, the oldest is taken.
func (s *Server) Fail(f Fault) (remove func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = slices.DeleteFunc(s.faults, func(g *Fault) bool { return g == &f })
	}
}

// SetDown makes the server reset every connection on its first request, until
// SetDown(false). Such requests are recorded with status 0, and not handled.
func (s *Server) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// takeFault finds the fault for a request and counts its use.
func (s *Server) takeFault(method, path string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Method != "" && f.Method != method || !strings.HasPrefix(path, f.Path) {
			continue
		}
		took := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return took, true
	}
	return Fault{}, false
}

// fails reports whether the fault does more than delay.
func (f Fault) fails() bool { return f.Status != 0 || f.Body != "" || f.Drop }

func (f Fault) answer() answer {
	a := refusal(cmp.Or(f.Status, http.StatusOK), http.StatusText(f.Status))
	a.header = f.Header
	if f.Body != "" || f.Status/100 == 2 {
		a.value, a.body = nil, f.Body
	}
	return a
}

// pause waits for d, or returns an error when the client leaves or the server closes.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
