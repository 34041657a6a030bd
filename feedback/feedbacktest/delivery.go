package feedbacktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/store"
)

// RunDelivery runs what a worker promises with a backend and its server, on both
// databases and on a clock that jumps. Like [RunBackend] it calls start for every
// case; the server must close each connection after its answer.
func RunDelivery(t *testing.T, start func(t *testing.T) Harness) {
	cases := []struct {
		name string
		run  func(d *pipeline)
	}{
		{"a quick change of mind never leaves", coalesces},
		{"changes and undos follow", follows},
		{"a refused item is kept, holds up no other, and can be retried", refusedItem},
		{"a poisoned item is given up, and holds up no other", poisonedItem},
		{"a key that is revoked pauses everything until it works again", revokedKey},
		{"an outage costs nothing", outage},
		{"lost answers cost nothing", lostAnswers},
		{"a backfill leaves one copy", backfills},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			Databases(t, func(t *testing.T, url string) {
				h := start(t) // outside of the bubble, whose clock waits for no server
				synctest.Test(t, func(t *testing.T) {
					store, err := store.Open(context.Background(), url, store.Options{Settle: settle})
					if err != nil {
						t.Fatal(err)
					}
					d := &pipeline{Harness: h, T: t, store: store, want: map[Key]State{}}
					defer func() {
						d.stop()
						if err := store.Close(); err != nil {
							t.Error(err)
						}
					}()
					c.run(d)
				})
			})
		})
	}
}

const settle = 10 * time.Second

// pipeline is a store, a worker, and a backend with its server.
type pipeline struct {
	Harness
	*testing.T
	store   *store.Store
	log     bytes.Buffer // read when the worker has stopped
	cancel  context.CancelFunc
	ended   sync.WaitGroup
	version int64
	want    map[Key]State // the votes that the server should hold in the end
}

// work runs the worker with a backend, until stop.
func (d *pipeline) work(b feedback.Backend) {
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	worker := delivery.NewWorker(d.store, []feedback.Backend{b}, delivery.Options{Log: slog.New(slog.NewTextHandler(&d.log, nil))})
	d.ended.Go(func() { worker.Run(ctx) })
}

func (d *pipeline) stop() {
	if d.cancel != nil {
		d.cancel()
	}
	d.ended.Wait()
}

// monitor stores a response.
func (d *pipeline) monitor() feedback.Response {
	d.Helper()
	r := NewResponse()
	if err := d.store.Monitor(context.Background(), r); err != nil {
		d.Fatal(err)
	}
	return r
}

// vote stores a vote, or with rating 0 an undo, and notes what it leads to.
func (d *pipeline) vote(r feedback.Response, rater feedback.Rater, kind feedback.Kind, rating int) {
	d.Helper()
	d.version++
	v := feedback.Vote{ResponseID: r.ID, Rater: rater, Source: feedback.User, Kind: kind, Rating: rating, Version: d.version}
	s, _, err := d.store.Vote(context.Background(), v)
	if err != nil {
		d.Fatal(err)
	}
	d.note(s)
}

func (d *pipeline) note(s feedback.Submission) {
	if d.want[key(s)] = state(s); s.Withdrawn {
		delete(d.want, key(s))
	}
}

// explain stores texts.
func (d *pipeline) explain(r feedback.Response, rater feedback.Rater, why, expected string) {
	d.Helper()
	d.version++
	s, err := d.store.Explain(context.Background(), feedback.Explanation{ResponseID: r.ID, Rater: rater, Source: feedback.User,
		Explanation: why, Expected: expected, Version: d.version})
	if err != nil {
		d.Fatal(err)
	}
	d.note(s)
}

// pass lets time go by.
func (d *pipeline) pass(t time.Duration) {
	time.Sleep(t) // of the bubble
	synctest.Wait()
}

// nextDay stops the worker, and starts it again when another UTC day has begun.
func (d *pipeline) nextDay() {
	d.stop()
	d.pass(25 * time.Hour)
	d.work(d.Backend)
}

// wantBacklog checks how many items are pending and how many were refused.
func (d *pipeline) wantBacklog(pending, refused int64) {
	d.Helper()
	list, err := d.store.Summaries(context.Background())
	if err != nil {
		d.Fatal(err)
	}
	for _, m := range list {
		if m.Backend == d.Backend.Name() && (m.Pending != pending || m.Refused != refused) {
			d.Errorf("%d items are pending and %d were refused, want %d and %d: %v, %s", m.Pending, m.Refused, pending, refused, m.Reasons, m.LastError)
		}
	}
}

// wantAll checks that everything has arrived, each vote once.
func (d *pipeline) wantAll() {
	d.Helper()
	d.wantVotes(d.T, d.want)
	d.wantBacklog(0, 0)
}

func coalesces(d *pipeline) {
	d.work(d.Backend)
	r := d.monitor()
	d.vote(r, "changes", feedback.Stars, 1)
	d.vote(r, "undoes", feedback.Thumbs, 1)
	d.pass(settle / 2)
	d.wantResponses(d.T, r.ID)
	d.vote(r, "changes", feedback.Stars, 4)
	d.explain(r, "changes", "on second thought", "")
	d.vote(r, "undoes", feedback.Thumbs, 0)
	d.pass(settle - time.Second)
	d.wantVotes(d.T, nil)
	d.pass(time.Minute)
	d.wantAll()
}

func follows(d *pipeline) {
	d.work(d.Backend)
	r := d.monitor()
	d.vote(r, "changes", feedback.Stars, 1)
	d.vote(r, "undoes", feedback.Thumbs, 5)
	d.explain(r, "changes", "too short", "more")
	d.pass(time.Minute)
	d.wantAll()
	d.vote(r, "changes", feedback.Thumbs, 5)
	d.explain(r, "changes", "", "")
	d.vote(r, "undoes", feedback.Thumbs, 0)
	d.pass(time.Minute)
	if d.CanWithdraw {
		d.wantAll()
	} else {
		d.wantBacklog(0, 1) // the undo
	}
	d.vote(r, "undoes", feedback.Stars, 3)
	d.pass(time.Minute)
	d.wantAll()
	d.nextDay()
	d.vote(r, "undoes", feedback.Stars, 2)
	d.pass(time.Minute)
	d.wantAll()
}

func refusedItem(d *pipeline) {
	d.work(d.Backend)
	r := d.monitor()
	d.pass(time.Minute)
	d.Fail(Refuse)
	d.vote(r, "refused", feedback.Thumbs, 1)
	d.pass(time.Minute)
	d.Fail(Works)
	d.wantBacklog(0, 1)
	d.vote(r, "other", feedback.Thumbs, 5)
	d.pass(time.Minute)
	if n := len(d.Votes()); n != 1 {
		d.Errorf("the server holds %d votes, want the one that was not refused", n)
	}
	d.wantBacklog(0, 1)
	if n, err := d.store.Retry(context.Background(), d.Backend.Name()); n != 1 || err != nil {
		d.Errorf("Retry() = %d, %v, want 1", n, err)
	}
	d.pass(time.Minute)
	d.wantAll()
}

// poisonous is a backend that has trouble with the votes of one rater.
type poisonous struct{ feedback.Backend }

const poison feedback.Rater = "poison"

func (p poisonous) SendSubmission(ctx context.Context, s feedback.Submission, r feedback.Response, before feedback.Delivered) (string, error) {
	if s.Rater == poison {
		return "", errors.New("HTTP 500")
	}
	return p.Backend.SendSubmission(ctx, s, r, before)
}

func poisonedItem(d *pipeline) {
	d.work(poisonous{d.Backend})
	r := d.monitor()
	d.vote(r, poison, feedback.Thumbs, 1)
	clear(d.want)
	for n := range 60 {
		d.vote(r, feedback.Rater(fmt.Sprint(n)), feedback.Stars, 1+n%5)
		d.pass(settle + 20*time.Second)
		if n := len(d.Votes()); n != len(d.want) {
			d.Fatalf("the server holds %d votes, want %d: one waits behind the poisoned one", n, len(d.want))
		}
	}
	d.wantVotes(d.T, d.want)
	d.wantBacklog(0, 1)
}

func revokedKey(d *pipeline) {
	d.work(d.Backend)
	r := d.monitor()
	d.pass(time.Minute)
	d.Fail(Unauthorized)
	for n := range 20 {
		d.vote(r, feedback.Rater(fmt.Sprint(n)), feedback.Thumbs, 1)
	}
	d.pass(30 * time.Minute)
	d.Fail(Works)
	d.pass(29 * time.Minute)
	d.wantBacklog(20, 0)
	d.pass(2 * time.Minute)
	d.wantAll()
	d.stop()
	if n := bytes.Count(d.log.Bytes(), []byte("level=ERROR")); n != 1 {
		d.Errorf("the log has %d errors, want one: %s", n, d.log.Bytes())
	}
}

func outage(d *pipeline) {
	d.work(d.Backend)
	d.Fail(Down)
	var list []feedback.Response
	for range 20 {
		r := d.monitor()
		list = append(list, r)
		for n := range 5 {
			d.vote(r, feedback.Rater(fmt.Sprint(n)), feedback.Stars, 1+n)
		}
	}
	d.pass(10 * time.Minute)
	d.vote(list[0], "0", feedback.Thumbs, 5) // a change of mind in the middle
	d.pass(10 * time.Minute)
	d.wantBacklog(20*6, 0)
	d.Fail(Busy)
	d.pass(time.Minute)
	d.Fail(Works)
	d.pass(3 * time.Minute)
	d.wantAll()
	if n := len(d.Responses()); n != len(list) {
		d.Errorf("the server holds %d responses, want %d", n, len(list))
	}
}

func lostAnswers(d *pipeline) {
	d.work(d.Backend)
	d.Fail(LoseAnswer)
	r := d.monitor()
	for n := range 5 {
		d.vote(r, feedback.Rater(fmt.Sprint(n)), feedback.Stars, 1+n)
	}
	d.pass(time.Minute)
	d.vote(r, "0", feedback.Thumbs, 5)
	d.pass(time.Minute)
	d.Fail(Works)
	d.pass(3 * time.Minute)
	if d.Idempotent {
		d.wantAll()
		return
	}
	d.wantBacklog(0, 0)
	for k := range d.want {
		if n := d.Votes()[k].Copies; n == 0 {
			d.Errorf("the vote of %s is not at the server", k.Rater)
		}
	}
}

func backfills(d *pipeline) {
	d.work(d.Backend)
	began := time.Now().Add(-time.Hour)
	r := d.monitor()
	d.vote(r, "rater", feedback.Stars, 4)
	d.explain(r, "rater", "good", "better")
	d.pass(time.Minute)
	d.wantAll()
	for _, later := range []func(){func() {}, d.nextDay} {
		later()
		if n, err := d.store.Backfill(context.Background(), d.Backend.Name(), began); n < 2 || err != nil {
			d.Errorf("Backfill() = %d, %v, want at least a response and its vote", n, err)
		}
		d.pass(time.Minute)
		if d.Idempotent {
			d.wantAll()
		}
		d.wantBacklog(0, 0)
	}
}
