package observatory

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"feedbackbot/feedback"
)

// searcher is what a search needs of the store.
type searcher interface {
	SearchReviews(ctx context.Context, f feedback.ReviewFilter, reviewer feedback.Rater, n int) (found []feedback.Response, further string, err error)
}

const foundShown = 25

// choice is something that a filter offers.
type choice struct{ Value, Name string }

var (
	voteChoices = []choice{{"", "any"}, {"down", "👎 or 1–2 stars"}, {"up", "👍 or 4–5 stars"}, {"none", "none"}}
	// stateChoices are about reviewers' verdicts.
	stateChoices = []choice{{"", "any"}, {"open", "no verdict yet"}, {"done", "has a verdict"}, {"mine", "has mine"}}
)

// foundView is an answer as a search shows it.
type foundView struct {
	feedback.Response
	Place string
}

// search shows the answers that the address selects.
func (o *Observatory) search(w http.ResponseWriter, r *http.Request, p *person) {
	q := r.URL.Query()
	f := feedback.ReviewFilter{GuildID: q.Get("server"), ChannelID: q.Get("channel"), Text: q.Get("text"), Model: q.Get("model"),
		PromptVersion: q.Get("prompt"), Vote: chosen(voteChoices, q.Get("vote")), State: chosen(stateChoices, q.Get("state")),
		From: dayOf(q.Get("from"), 0), To: dayOf(q.Get("to"), 1), Before: q.Get("before")}
	servers := serversOf(p.sight)
	if !slices.ContainsFunc(servers, func(c choice) bool { return c.Value == f.GuildID }) && len(servers) > 0 {
		f.GuildID = servers[0].Value
	}
	var list []foundView
	found, further, err := o.store.SearchReviews(r.Context(), f, p.rater, foundShown)
	if err != nil {
		o.fail(w, "search", err)
		return
	}
	for _, a := range found {
		if place, may := o.place(r.Context(), p.sight, a.GuildID, a.ChannelID); may {
			list = append(list, foundView{a, place})
		}
	}
	more := ""
	if further != "" {
		next := url.Values{}
		for name, values := range q {
			next[name] = values
		}
		next.Set("before", further)
		more = "/review/search?" + next.Encode()
	}
	o.log.Info("a reviewer searches", "reviewer", p.rater, "server", f.GuildID, "found", len(list))
	o.show(w, http.StatusOK, "search.html", struct {
		frame
		feedback.ReviewFilter
		FromDay, ToDay string
		Servers        []choice
		Channels       []choice
		Votes, States  []choice
		Found          []foundView
		More           string
		Now            time.Time
	}{frame{"Search", true}, f, q.Get("from"), q.Get("to"), servers, channelsOf(p.sight, f.GuildID), voteChoices, stateChoices, list, more, o.now()})
}

// chosen is a value if it is one of those that are offered.
func chosen(offered []choice, value string) string {
	if slices.ContainsFunc(offered, func(c choice) bool { return c.Value == value }) {
		return value
	}
	return ""
}

// dayOf reads a day as browsers send it, in UTC, and goes some days on; the zero
// time when that is none.
func dayOf(text string, on int) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}
	}
	return t.AddDate(0, 0, on)
}

func serversOf(s *sight) (list []choice) {
	for id, server := range s.Servers {
		list = append(list, choice{id, server.Name})
	}
	return sorted(list)
}

func channelsOf(s *sight, guildID string) (list []choice) {
	for id, name := range s.Servers[guildID].Channels {
		list = append(list, choice{id, "#" + name})
	}
	return append([]choice{{"", "any"}}, sorted(list)...)
}

func sorted(list []choice) []choice {
	slices.SortFunc(list, func(a, b choice) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	return list
}
