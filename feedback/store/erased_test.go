package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// erasing is two processes on one database, some people who ask, vote and want to
// be forgotten, and what must not be found any more.
type erasing struct {
	t         *rapid.T
	url       string
	processes [2]*store.Store
	asks      []*asking
	names     int             // of texts, so far
	dead      map[string]bool // texts that must be nowhere
	sent      []string        // what a backend was sent
}

// asking is a question and how far it has come.
type asking struct {
	feedback.Ask
	texts                          []string // what stands anywhere because of it
	shown                          []string // what others said before it
	by                             map[feedback.Rater][]string
	parts                          int // messages that show the answer so far
	stored, removed, gone, expired bool
}

var people = []feedback.Rater{"pseudonym-ada", "pseudonym-bert"}

func (e *erasing) process() *store.Store {
	return e.processes[rapid.IntRange(0, 1).Draw(e.t, "process")]
}

func (e *erasing) person() feedback.Rater { return rapid.SampledFrom(people).Draw(e.t, "person") }

// some returns one of the questions that match, or nil.
func (e *erasing) some(match func(*asking) bool) *asking {
	var list []*asking
	for _, a := range e.asks {
		if match(a) {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(e.t, "question")]
}

// text returns a text that no other is.
func (e *erasing) text(what string) string {
	e.names++
	return fmt.Sprintf("%s-number-%d-", what, e.names)
}

func (e *erasing) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *erasing) ask() {
	id := fmt.Sprint("ask", len(e.asks))
	a := &asking{Ask: feedback.Ask{ID: id, ResponseID: feedback.NewID(), GuildID: rapid.SampledFrom([]string{"", "g1", "g2"}).Draw(e.t, "server"),
		ChannelID: "c", Asker: e.person(), Question: e.text("question"), AskedAt: time.Now()}, by: map[feedback.Rater][]string{}}
	a.ConversationID = a.ResponseID
	a.texts = []string{a.Question}
	for n := range rapid.IntRange(0, 2).Draw(e.t, "turns before it") {
		t := feedback.Turn{Role: "user", Text: e.text("said"), Name: e.text("name"), Owner: e.person(), Message: fmt.Sprintf("said%d-%d", len(e.asks), n)}
		a.Shown.Before = append(a.Shown.Before, t)
		a.shown = append(a.shown, t.Text, t.Name)
	}
	e.asks = append(e.asks, a)
	_, err := e.process().Take(context.Background(), a.Ask)
	e.must(err)
}

func (e *erasing) vote() {
	a := e.some(func(a *asking) bool { return a.stored })
	if a == nil {
		return
	}
	who, why := e.person(), e.text("why")
	s := e.process()
	_, _, err := s.Vote(context.Background(), feedback.Vote{ResponseID: a.ResponseID, Rater: who, Source: feedback.User, Rating: rapid.IntRange(1, 5).Draw(e.t, "rating"),
		Kind: feedback.Stars, Version: clock.Add(1)})
	if err == nil {
		_, err = s.Explain(context.Background(), feedback.Explanation{ResponseID: a.ResponseID, Rater: who, Source: feedback.User, Explanation: why, Version: clock.Add(1)})
	}
	if errors.Is(err, feedback.ErrUnknownResponse) {
		return // it was never stored, or is gone with its server
	}
	e.must(err)
	for _, old := range a.by[who] {
		e.dead[old] = true // replaced
	}
	a.by[who] = []string{why}
}

func (e *erasing) forget() {
	who := e.person()
	_, err := e.process().Forget(context.Background(), who)
	e.must(err)
	for _, a := range e.asks {
		if a.Asker == who {
			a.gone = true
			e.kill(a.texts)
			e.kill(a.shown)
		}
		for _, one := range a.Shown.Before {
			if one.Owner == who {
				e.kill([]string{one.Text, one.Name})
			}
		}
		e.kill(a.by[who])
	}
}

// deleteShown deletes a message that stood before a question.
func (e *erasing) deleteShown() {
	if a := e.some(func(a *asking) bool { return len(a.Shown.Before) > 0 }); a != nil {
		one := rapid.SampledFrom(a.Shown.Before).Draw(e.t, "shown")
		e.must(e.process().Remove(context.Background(), one.Message))
		e.kill([]string{one.Text, one.Name})
	}
}

func (e *erasing) kill(texts []string) {
	for _, text := range texts {
		e.dead[text] = true
	}
}

func (e *erasing) deleteMessage() {
	if a := e.some(func(a *asking) bool { return !a.stored }); a != nil {
		e.must(e.process().Remove(context.Background(), a.ID))
		a.removed = true
		e.kill(a.shown)
	}
}

func (e *erasing) leaveServer() {
	guild := rapid.SampledFrom([]string{"g1", "g2"}).Draw(e.t, "server")
	e.must(e.process().SetChoice(context.Background(), guild, "persona_"+guild, e.text("persona")))
	e.must(e.process().ForgetServer(context.Background(), guild))
	e.dead[fmt.Sprintf("persona-number-%d-", e.names)] = true
	for _, a := range e.asks {
		if a.GuildID == guild {
			a.gone = true
			e.kill(a.texts)
			e.kill(a.shown)
			for _, texts := range a.by {
				e.kill(texts)
			}
		}
	}
}

func (e *erasing) expire() {
	e.must(e.process().Expire(context.Background(), feedback.Retention{Texts: time.Hour}, time.Now().Add(2*time.Hour)))
	for _, a := range e.asks {
		e.kill(a.shown)
		if a.stored {
			a.expired = true
			e.kill(a.texts)
			for _, texts := range a.by {
				e.kill(texts)
			}
		}
	}
}

func (e *erasing) backfill() {
	_, err := e.process().Backfill(context.Background(), "backend", time.Unix(0, 0))
	e.must(err)
}

// deliver sends what is due, as a worker does. What is dead must not be sent, nor
// what has expired once more.
func (e *erasing) deliver() {
	s, ctx := e.process(), context.Background()
	claimed, err := s.Claim(ctx, "backend", 100)
	e.must(err)
	for _, d := range claimed {
		r, sub, err := s.Load(ctx, &d)
		if errors.Is(err, feedback.ErrUnknownResponse) {
			e.must(s.SettleDelivery(ctx, d, feedback.Settlement{Skipped: true}))
			continue
		}
		e.must(err)
		for text := range e.dead {
			if strings.Contains(fmt.Sprint(r, sub), text) {
				e.t.Errorf("the backend is sent %s, which is gone", text)
			}
		}
		if d.IsResponse() && d.Textless && max(d.DoneRev, d.HadRev) > 0 { // as a worker decides
			e.must(s.SettleDelivery(ctx, d, feedback.Settlement{RemoteID: d.RemoteID}))
			continue
		}
		if d.IsResponse() {
			if r.Answer == "(not kept)" && slices.Contains(e.sent, r.ID) {
				e.t.Errorf("the backend is sent an answer without its text over the one it has")
			}
			e.sent = append(e.sent, r.ID)
		}
		e.must(s.SettleDelivery(ctx, d, feedback.Settlement{RemoteID: "remote"}))
	}
}

func (e *erasing) crash() {
	n := rapid.IntRange(0, 1).Draw(e.t, "process")
	e.must(e.processes[n].Close())
	e.open(n)
}

func (e *erasing) open(n int) {
	s, err := store.Open(context.Background(), e.url, store.Options{Reviewing: store.Reviewing{Times: 1, Sample: 0.5}})
	e.must(err)
	e.must(s.EnableAndFill(context.Background(), "backend"))
	e.processes[n] = s
}

func (e *erasing) run() {
	for n := range e.processes {
		e.open(n)
	}
	e.t.Repeat(map[string]func(*rapid.T){
		"ask":     func(*rapid.T) { e.ask() },
		"reserve": func(*rapid.T) { e.reserve() },
		"settle":  func(*rapid.T) { e.settle() },
		"stream":  func(*rapid.T) { e.stream() }, "moderate": func(*rapid.T) { e.moderate() },
		"store": func(*rapid.T) { e.store() }, "vote": func(*rapid.T) { e.vote() }, "forget": func(*rapid.T) { e.forget() },
		"delete message": func(*rapid.T) { e.deleteMessage() }, "delete what was shown": func(*rapid.T) { e.deleteShown() }, "leave server": func(*rapid.T) { e.leaveServer() },
		"review": func(*rapid.T) { e.review() },
		"expire": func(*rapid.T) { e.expire() }, "backfill": func(*rapid.T) { e.backfill() }, "deliver": func(*rapid.T) { e.deliver() },
		"crash": func(*rapid.T) { e.crash() },
	})
	for _, s := range e.processes {
		e.must(s.Close())
	}
}

// Nothing of somebody who was forgotten, of a server that was left or of a text
// that has expired is in the database's files or is sent to a backend, in
// whatever order, and in whichever of two processes, things happen.
func TestErasedInAnyOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n), "feedback.db")
		e := &erasing{t: t, url: "sqlite:" + path, dead: map[string]bool{}}
		e.run()
		for text := range e.dead {
			for _, found := range holds(t, path, text) {
				t.Errorf("left: %s", found)
			}
		}
	})
}

// grown are the tables that grow with what people do.
var grown = []string{"asks", "responses", "submissions", "submission_history", "messages", "deliveries", "usage", "reservations", "erasures", "turns", "review_queue", "reviews"}

// The same on Postgres, which keeps what is deleted until it is vacuumed: there
// what the database says counts.
func TestErasedInAnyOrderOnPostgres(t *testing.T) {
	t.Parallel()
	outer, url := t, feedbacktest.Postgres(t)
	rapid.Check(t, func(t *rapid.T) {
		before, err := store.Open(context.Background(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range grown {
			rows(outer, before.DB(), `TRUNCATE `+table)
		}
		before.Close()
		e := &erasing{t: t, url: url, dead: map[string]bool{}}
		e.run()
		s, err := store.Open(context.Background(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		all := ""
		for _, table := range append(grown, "settings") {
			all += rows(outer, s.DB(), `SELECT CAST(t AS TEXT) FROM `+table+` t`)
		}
		for text := range e.dead {
			if strings.Contains(all, text) {
				t.Errorf("%s is still there", text)
			}
		}
	})
}
