package observatory

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"feedbackbot/feedback"
)

// queues is what the inbox needs of the store.
type queues interface {
	WaitingReviews(ctx context.Context, guildID string, reviewer feedback.Rater) ([]feedback.Waiting, error)
	NextReviews(ctx context.Context, queue feedback.Queue, guildID string, reviewer feedback.Rater, after feedback.Queued, now time.Time, n int) ([]feedback.Queued, error)
	LatestReviews(ctx context.Context, reviewer feedback.Rater, n int) ([]feedback.Review, error)
	TeamReviews(ctx context.Context, since time.Time) (map[feedback.Rater]int, error)
}

// queueNames is what the queues are called, in their order.
var queueNames = []queueView{
	{Queue: feedback.QueueBad, Name: "Rated down, with a reason", About: "Members said what was wrong. Start here."},
	{Queue: feedback.QueueDisputed, Name: "Disputed", About: "Members disagree about these answers."},
	{Queue: feedback.QueueSample, Name: "Random sample", About: "Drawn by chance. Only this queue tells how good the answers are as a whole."},
}

// queueView is a queue as the inbox shows it.
type queueView struct {
	Queue       feedback.Queue
	Name, About string
	Left        int
	More        bool // there may be more than Left
	Oldest      time.Time
}

// nameOf returns the name of a queue; "" for what is none.
func nameOf(q feedback.Queue) string {
	for _, v := range queueNames {
		if v.Queue == q {
			return v.Name
		}
	}
	return ""
}

// waiting returns the queues with what waits in them for somebody.
func (o *Observatory) waiting(ctx context.Context, p *person) ([]queueView, error) {
	list := slices.Clone(queueNames)
	for guildID := range p.sight.Servers {
		some, err := o.store.WaitingReviews(ctx, guildID, p.rater)
		if err != nil {
			return nil, err
		}
		counted := map[feedback.Queue]int{}
		for _, w := range some {
			counted[w.Queue] += w.Left
			if _, may := o.place(ctx, p.sight, guildID, w.ChannelID); !may {
				continue
			}
			v := &list[slices.IndexFunc(list, func(v queueView) bool { return v.Queue == w.Queue })]
			v.Left += w.Left
			if v.Oldest.IsZero() || w.Oldest.Before(v.Oldest) {
				v.Oldest = w.Oldest
			}
		}
		for n, v := range list {
			list[n].More = v.More || counted[v.Queue] >= feedback.MaxWaiting
		}
	}
	return list, nil
}

// mine is one of a reviewer's latest answers.
type mine struct {
	feedback.Review
	Question string
}

const (
	latestShown = 12
	teamDays    = 7
)

// inbox shows what waits, and what was done last.
func (o *Observatory) inbox(w http.ResponseWriter, r *http.Request, p *person) {
	list, err := o.waiting(r.Context(), p)
	if err != nil {
		o.fail(w, "show the inbox", err)
		return
	}
	latest, err := o.store.LatestReviews(r.Context(), p.rater, latestShown)
	if err != nil {
		o.fail(w, "show the inbox", err)
		return
	}
	var drafts, done []mine
	for _, one := range latest {
		a, _, err := o.seenAnswer(r.Context(), p, one.ResponseID)
		if err != nil {
			continue // gone, or out of sight
		}
		if m := (mine{one, a.Question}); one.State == feedback.ReviewOpen {
			drafts = append(drafts, m)
		} else {
			done = append(done, m)
		}
	}
	var team []teamView
	if p.lead {
		if team, err = o.team(r.Context()); err != nil {
			o.fail(w, "show the team", err)
			return
		}
	}
	o.show(w, http.StatusOK, "inbox.html", struct {
		frame
		Queues       []queueView
		Drafts, Done []mine
		Team         []teamView
		NoText       bool
		Last         string // the answer that was just decided; "" for none
		Skipped      bool
		Now          time.Time
	}{frame{"Review", true}, list, drafts, done, team, o.options.NoText, r.URL.Query().Get("done"), r.URL.Query().Has("skipped"), o.now()})
}

// teamView is how much a reviewer has decided.
type teamView struct {
	Rater    feedback.Rater
	Verdicts int
}

// team is what leads see of the last days.
func (o *Observatory) team(ctx context.Context) (list []teamView, err error) {
	by, err := o.store.TeamReviews(ctx, o.now().AddDate(0, 0, -teamDays))
	for rater, n := range by {
		list = append(list, teamView{rater, n})
	}
	slices.SortFunc(list, func(a, b teamView) int {
		return cmp.Or(b.Verdicts-a.Verdicts, cmp.Compare(a.Rater, b.Rater))
	})
	return list, err
}

// next takes the first answer of a queue and goes there.
func (o *Observatory) next(w http.ResponseWriter, r *http.Request, p *person) {
	o.goOn(w, r, p, feedback.Queue(r.PostFormValue("queue")), url.Values{})
}

// goOn takes the next answer of a queue and goes there, or to the inbox when there
// is none. more is what the page shall know.
func (o *Observatory) goOn(w http.ResponseWriter, r *http.Request, p *person, queue feedback.Queue, more url.Values) {
	id := ""
	if nameOf(queue) != "" {
		var err error
		if id, err = o.pick(r.Context(), p, queue); err != nil {
			o.fail(w, "take the next answer", err)
			return
		}
	}
	to := "/review"
	if id != "" {
		to = "/review/r/" + url.PathEscape(id)
		more.Set("queue", string(queue))
	}
	if len(more) > 0 {
		to += "?" + more.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// candidates is how many answers are looked at to take one.
const candidates = 20

// pick claims the answer that has waited longest, of those that somebody may see;
// "" when there is none.
func (o *Observatory) pick(ctx context.Context, p *person, queue feedback.Queue) (string, error) {
	var all []feedback.Queued
	for guildID := range p.sight.Servers {
		for last := (feedback.Queued{}); ; {
			page, err := o.store.NextReviews(ctx, queue, guildID, p.rater, last, o.now(), candidates)
			if err != nil {
				return "", err
			}
			found := false
			for _, q := range page {
				if _, may := o.place(ctx, p.sight, guildID, q.ChannelID); may {
					all, found = append(all, q), true
				}
			}
			if found || len(page) < candidates {
				break
			}
			last = page[len(page)-1]
		}
	}
	slices.SortFunc(all, func(a, b feedback.Queued) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ResponseID, b.ResponseID))
	})
	for _, q := range all {
		_, err := o.store.ClaimReview(ctx, q.ResponseID, p.rater, queue, o.now())
		switch {
		case err == nil:
			return q.ResponseID, nil
		case errors.Is(err, feedback.ErrClaimed), errors.Is(err, feedback.ErrUnknownResponse):
			continue // somebody was faster, or it is gone
		}
		return "", err
	}
	return "", nil
}
