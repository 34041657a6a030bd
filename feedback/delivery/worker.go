// Package delivery brings every backend up to date with the store, in order, for
// as long as it takes. Its tests stand beside the store's: they need both.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"feedbackbot/feedback"
)

const (
	// Parallel is how many items one backend is sent at once.
	Parallel = 8
)

// Options tune a [Worker]. The zero value is ready to use.
type Options struct {
	// Drain is how long Run goes on sending what is due after its context has
	// ended.
	Drain time.Duration
	// Rate is how many items a second each backend is sent at most; 0 sets no
	// bound. What waited for a backend then drains without a storm.
	Rate float64
	// Delivered, when set, is told of every attempt: the backend, and
	// delivered, skipped, retry, dead or unauthorized.
	Delivered func(backend, outcome string)
	// Log receives what an operator should know; nil discards it.
	Log *slog.Logger
}

// outbox is what a worker needs of the store.
type outbox interface {
	queue
	contents
	erasures
}

// queue holds what is due.
type queue interface {
	// Enable makes everything stored from now on due at a backend. The channel
	// receives when there may be something new.
	Enable(backend string, eraser feedback.Eraser) <-chan struct{}
	// Fill makes due what was stored while the backend was not enabled.
	Fill(ctx context.Context, backend string) error
	// Wake tells every worker that something may be due earlier than it thought.
	Wake()
	// Claim leases up to n items that are due and that nobody else is sending.
	Claim(ctx context.Context, backend string, n int) ([]feedback.Delivery, error)
	// NextReady returns when the next item will be; the zero time for never.
	NextReady(ctx context.Context, backend string) (time.Time, error)
	// SettleDelivery stores how an attempt ended, if its lease still stands.
	SettleDelivery(context.Context, feedback.Delivery, feedback.Settlement) error
	// Hurry makes everything that waits for another attempt due now.
	Hurry(ctx context.Context, backend string) error
}

// contents are the items themselves.
type contents interface {
	// Load reads what a delivery is about, as it stands now, and sets its
	// WantedRev to what it has read.
	Load(context.Context, *feedback.Delivery) (feedback.Response, feedback.Submission, error)
	// SentResponse returns what a backend returned for a response, and when it
	// was last sent there.
	SentResponse(ctx context.Context, backend, responseID string) (remoteID string, sentAt time.Time, err error)
}

// erasures are what has to be deleted at backends.
type erasures interface {
	// DueErasures returns up to n items that are due.
	DueErasures(ctx context.Context, backend string, n int) ([]string, error)
	// SettleErasure stores that an item is gone, or that it is to be tried again
	// at a time.
	SettleErasure(ctx context.Context, backend, item string, again time.Time) error
}

// Worker brings every backend up to date with the store, as a reconciler:
// whatever a backend has not got at its current revision is due. It holds no
// state that matters, so a crash needs no repair.
type Worker struct {
	store    outbox
	backends []feedback.Backend
	options  Options
}

// NewWorker returns a worker for the given backends.
func NewWorker(store outbox, backends []feedback.Backend, options Options) *Worker {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Delivered == nil {
		options.Delivered = func(string, string) {}
	}
	return &Worker{store: store, backends: backends, options: options}
}

// Run delivers until ctx ends, then goes on for the drain time at most. It
// sleeps until something is due. Several processes may run a worker on one
// database: they share what is due.
func (w *Worker) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, b := range w.backends {
		eraser, _ := b.(feedback.Eraser)
		l := &lane{
			backend: b, store: w.store, wake: w.store.Enable(b.Name(), eraser), options: w.options,
			log: w.options.Log.With("backend", b.Name()), results: make(chan result, Parallel), pace: paceOf(w.options.Rate),
		}
		if eraser != nil {
			all.Go(func() { l.erase(ctx, eraser) })
		}
		all.Go(func() { l.fill(ctx) })
		all.Go(func() { l.run(ctx) })
	}
	all.Wait()
}

// lane is the delivery to one backend. Its loop is one goroutine; each attempt
// is another, and reports to the loop.
type lane struct {
	backend  feedback.Backend
	store    outbox
	options  Options
	log      *slog.Logger
	wake     <-chan struct{}
	results  chan result
	inFlight int
	circuit  circuit
	pace     *rate.Limiter // nil when there is no bound
	idle     bool          // nothing was due when it last looked
}

func paceOf(perSecond float64) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), Parallel)
}

// fillEvery is how often it is looked for what another process has stored that
// does not deliver to this backend.
const fillEvery = time.Hour

// fill makes due what was stored while the backend was not enabled, here or in
// another process, until ctx ends.
func (l *lane) fill(ctx context.Context) {
	for ctx.Err() == nil {
		wait := fillEvery
		if err := l.store.Fill(ctx, l.backend.Name()); err != nil && ctx.Err() == nil {
			l.log.Error("cannot see what the backend lacks, trying again", "error", err)
			wait = maxProbeWait
		}
		l.store.Wake()
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

func (l *lane) run(ctx context.Context) {
	sendCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var drained <-chan time.Time
	stopping := ctx.Done()
	for {
		idle := l.start(sendCtx, drained != nil)
		if drained != nil && l.inFlight == 0 {
			return // nothing is due, or the backend does not take it
		}
		timer := time.NewTimer(idle)
		select {
		case <-stopping:
			stopping = nil
			drained = time.After(l.options.Drain)
		case <-drained:
			stop()
			for l.inFlight > 0 {
				l.finish(context.WithoutCancel(ctx), <-l.results)
			}
			return
		case r := <-l.results:
			l.finish(sendCtx, r)
		case <-l.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

const (
	// forever is longer than any sleep; a result ends it.
	forever = 24 * time.Hour
	// idleLook is how often a worker looks for what others have made due, or
	// have left undone: another process on the same database.
	idleLook = 5 * time.Second
)

// start begins as many attempts as are due and allowed, and returns how long
// the loop may sleep.
func (l *lane) start(ctx context.Context, draining bool) time.Duration {
	now := time.Now()
	if wait := l.circuit.wait(now); wait > 0 {
		return wait
	}
	room := Parallel
	if l.circuit.probing() {
		room = 1
	}
	room -= l.inFlight
	if room <= 0 {
		return forever
	}
	if l.idle { // a look costs less than a claim
		if next, err := l.nextReady(ctx); err == nil && (next.IsZero() || next.After(now)) {
			return untilNext(next)
		}
	}
	if l.pace != nil && !draining { // to end in time matters more
		if room = min(room, int(l.pace.TokensAt(now))); room < 1 {
			return time.Duration(float64(time.Second) / float64(l.pace.Limit()))
		}
	}
	claimed, err := l.store.Claim(ctx, l.backend.Name(), room)
	if err != nil {
		if !draining {
			l.log.Error("cannot read what is due", "error", err)
		}
		return maxProbeWait
	}
	if l.pace != nil {
		l.pace.AllowN(now, len(claimed))
	}
	for _, d := range claimed {
		l.inFlight++
		go func() { l.results <- l.attempt(ctx, d) }()
	}
	l.idle = len(claimed) == 0
	if len(claimed) == room {
		return idleLook // the next result makes room sooner, or the pace does
	}
	next, err := l.nextReady(ctx)
	if err != nil {
		return maxProbeWait
	}
	return untilNext(next)
}

func (l *lane) nextReady(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	return l.store.NextReady(ctx, l.backend.Name())
}

// untilNext is how long to sleep when the next item is ready at a time, or there
// is none.
func untilNext(next time.Time) time.Duration {
	if next.IsZero() {
		return idleLook
	}
	return min(max(time.Until(next), time.Millisecond), idleLook)
}

// attempt sends one item and says how it went.
func (l *lane) attempt(ctx context.Context, d feedback.Delivery) (r result) {
	defer func() {
		if p := recover(); p != nil {
			r = result{sent: d, cause: fmt.Errorf("panic: %v", p)}
		}
	}()
	if d.ParentDead != "" {
		return result{sent: d, unsent: true, cause: fmt.Errorf("its response was not taken (%s): %w", d.ParentDead, feedback.ErrRefused)}
	}
	ctx, cancel := context.WithTimeout(ctx, feedback.AttemptTimeout)
	defer cancel()
	response, submission, err := l.store.Load(ctx, &d)
	if errors.Is(err, feedback.ErrUnknownResponse) {
		return result{sent: d, Settlement: feedback.Settlement{Skipped: true}} // it was deleted
	}
	if err != nil {
		return result{sent: d, unsent: true, cause: err}
	}
	before := feedback.Delivered{RemoteID: d.RemoteID, Rev: d.DoneRev, Unclear: d.Attempts > 0}
	if before.Unclear {
		before.UnclearRev = d.UnclearRev
	}
	if d.IsResponse() && d.Textless && max(d.DoneRev, d.HadRev) > 0 {
		// What the backend has got is better than nothing, which is all there is.
		return result{sent: d, unsent: true, Settlement: feedback.Settlement{RemoteID: d.RemoteID}}
	}
	if d.IsResponse() {
		id, err := l.backend.SendResponse(ctx, response, before)
		return result{sent: d, Settlement: feedback.Settlement{RemoteID: id}, cause: l.whose(ctx, err)}
	}
	if submission.Withdrawn && d.DoneRev == 0 && d.Attempts == 0 {
		return result{sent: d, Settlement: feedback.Settlement{Skipped: true}} // it never left, so there is nothing to take back
	}
	if before.ResponseRemoteID, before.ResponseSentAt, err = l.store.SentResponse(ctx, d.Backend, d.ResponseID); err != nil {
		return result{sent: d, unsent: true, cause: err}
	}
	id, err := l.backend.SendSubmission(ctx, submission, response, before)
	return result{sent: d, Settlement: feedback.Settlement{RemoteID: id}, cause: l.whose(ctx, err)}
}

// whose finds out whether a refusal of our key is one of this item alone: a
// firewall that dislikes a text says the same.
func (l *lane) whose(ctx context.Context, err error) error {
	if !errors.Is(err, feedback.ErrUnauthorized) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), feedback.AttemptTimeout/2) // within the lease
	defer cancel()
	switch check := l.backend.Check(ctx); {
	case errors.Is(check, feedback.ErrUnauthorized):
		return err
	case check != nil: // nobody knows whose it is
		return fmt.Errorf("%v; and to ask whether the key is good failed: %w", err, check)
	}
	refused := fmt.Errorf("%v, although the key is good: %w", err, feedback.ErrRefused)
	if errors.Is(err, feedback.ErrPartly) {
		return errors.Join(refused, feedback.ErrPartly)
	}
	return refused
}
