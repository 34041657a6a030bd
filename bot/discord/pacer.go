package discord

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Lane says how urgent a request is.
type Lane int

const (
	Urgent Lane = iota // first messages and final edits, in the order they were asked for
	Spare              // edits in between and typing: only what is left over
)

// globalWindow is Discord's second, and a little more: requests that leave a
// second apart may arrive closer together.
const globalWindow = 1040 * time.Millisecond

// pacer decides when a request may leave for Discord, for the whole process:
// the global budget, each route's bucket as its headers tell, and every pause
// that a 429 asked for. Requests of one bucket leave one after another, so that
// the headers of one are known before the next, and edits of a message arrive
// in order.
type pacer struct {
	mu      sync.Mutex
	rps     int
	sent    []time.Time // of the last second, oldest first
	paused  time.Time   // nothing that counts against the global budget leaves before
	buckets map[string]*bucket
	waiting [2][]*ticket // by lane
	timer   *time.Timer
}

type bucket struct {
	busy      bool
	known     bool // a header has told the numbers
	remaining int
	until     time.Time // when remaining is filled up again, or a pause ends
}

type ticket struct {
	key     string
	global  bool
	granted chan struct{}
}

func newPacer(rps int) *pacer {
	return &pacer{rps: rps, buckets: map[string]*bucket{}}
}

// wait returns nil when a request of the bucket may leave; the caller must then
// call done. It returns ctx's error when that ends first.
func (p *pacer) wait(ctx context.Context, key string, global bool, l Lane) error {
	t := &ticket{key: key, global: global, granted: make(chan struct{})}
	p.mu.Lock()
	p.waiting[l] = append(p.waiting[l], t)
	p.grant(time.Now())
	p.mu.Unlock()
	select {
	case <-t.granted:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-t.granted: // at the same moment; the grant goes back
		p.buckets[key].busy = false
	default:
		p.waiting[l] = slices.DeleteFunc(p.waiting[l], func(o *ticket) bool { return o == t })
	}
	p.grant(time.Now())
	return context.Cause(ctx)
}

// done tells that a request has been answered, with these headers; nil when it
// was not answered.
func (p *pacer) done(key string, header http.Header) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.buckets[key]
	b.busy = false
	remaining, err := strconv.Atoi(header.Get("X-RateLimit-Remaining"))
	after, ok := seconds(header.Get("X-RateLimit-Reset-After"))
	now := time.Now()
	if err == nil && ok {
		b.known, b.remaining = true, remaining
		if until := now.Add(after); remaining > 0 || until.After(b.until) { // a 429 may have asked for a longer pause
			b.until = until
		}
	}
	p.sweep(now)
	p.grant(now)
}

// pause keeps a bucket's requests, or all of them, from leaving for a while.
func (p *pacer) pause(key string, all bool, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := time.Now().Add(d)
	if all {
		if until.After(p.paused) {
			p.paused = until
		}
		return
	}
	b := p.bucket(key)
	b.known, b.remaining = true, 0
	if until.After(b.until) {
		b.until = until
	}
}

func (p *pacer) bucket(key string) *bucket {
	b := p.buckets[key]
	if b == nil {
		b = &bucket{}
		p.buckets[key] = b
	}
	return b
}

// grant lets leave what may leave now, and sets the timer for what may not. The
// caller holds the lock.
func (p *pacer) grant(now time.Time) {
	for len(p.sent) > 0 && now.Sub(p.sent[0]) >= globalWindow {
		p.sent = p.sent[1:]
	}
	var next time.Time // when something may become possible
	sooner := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	for l, queue := range p.waiting {
		free := p.rps - len(p.sent)
		if Lane(l) == Spare {
			free -= p.rps / 5 // kept for a final edit that comes in the next moment
		}
		kept := queue[:0]
		for _, t := range queue {
			b := p.bucket(t.key)
			switch {
			case b.busy:
			case b.known && b.remaining <= 0 && now.Before(b.until):
				sooner(b.until)
			case t.global && now.Before(p.paused):
				sooner(p.paused)
			case t.global && free <= 0:
				if len(p.sent) > 0 {
					sooner(p.sent[0].Add(globalWindow))
				}
			default:
				p.let(t, b, now)
				if t.global {
					free--
				}
				continue
			}
			kept = append(kept, t)
		}
		clear(queue[len(kept):])
		p.waiting[l] = kept
	}
	if next.IsZero() {
		return
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.timer = time.AfterFunc(next.Sub(now), func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.grant(time.Now())
	})
}

func (p *pacer) let(t *ticket, b *bucket, now time.Time) {
	b.busy = true
	if b.known && !now.Before(b.until) {
		b.known = false // a new window; its numbers come with the answer
	}
	b.remaining--
	if t.global {
		p.sent = append(p.sent, now)
	}
	close(t.granted)
}

// manyBuckets is when it pays to look for buckets that say nothing any more.
const manyBuckets = 4096

func (p *pacer) sweep(now time.Time) {
	if len(p.buckets) < manyBuckets {
		return
	}
	inUse := map[string]bool{}
	for _, queue := range p.waiting {
		for _, t := range queue {
			inUse[t.key] = true
		}
	}
	for key, b := range p.buckets {
		if !b.busy && !now.Before(b.until) && !inUse[key] {
			delete(p.buckets, key)
		}
	}
}

// maxPause caps what a header can make us wait.
const maxPause = time.Hour

// seconds reads a header that holds seconds, and ignores nonsense.
func seconds(header string) (time.Duration, bool) {
	s, err := strconv.ParseFloat(header, 64)
	if err != nil || !(s >= 0) {
		return 0, false
	}
	return time.Duration(min(s, maxPause.Seconds()) * float64(time.Second)), true
}
