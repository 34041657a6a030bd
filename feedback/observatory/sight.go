package observatory

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"feedbackbot/feedback"
)

const (
	// sightTime is after how long Discord is asked again what somebody may see, and
	// sightGrace how long the last answer serves when Discord gives none.
	sightTime  = 15 * time.Minute
	sightGrace = 15 * time.Minute
	// maxThreads are remembered.
	maxThreads = 10_000
)

// sight is what somebody may see, since when.
type sight struct {
	feedback.Sight
	asked time.Time
	mu    sync.Mutex // held while Discord is asked
}

// thread is which channel a thread belongs to; "" for one that is not shown.
type thread struct {
	name, parent string
	asked        time.Time
}

// named reports whether a list of ids has somebody, or one of their roles.
func named(list []string, userID string, roles []string) bool {
	return slices.Contains(list, userID) || slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(list, r) })
}

// ask asks Discord what somebody may see, or returns [feedback.ErrNotReviewer].
func (o *Observatory) ask(ctx context.Context, userID string) (feedback.Sight, error) {
	s, err := o.discord.Sight(ctx, userID)
	if err != nil {
		return feedback.Sight{}, err
	}
	member := len(s.Servers) > 0 // who has left all servers is out, though named
	if !member || !named(o.options.Reviewers, userID, s.Roles) && !named(o.options.Leads, userID, s.Roles) {
		return feedback.Sight{}, feedback.ErrNotReviewer
	}
	if o.options.Direct {
		s.Servers[""] = feedback.Server{Name: "Direct messages"}
	}
	return s, nil
}

// look is ask, which asks Discord every quarter of an hour.
func (o *Observatory) look(ctx context.Context, who feedback.Rater, userID string) (*sight, error) {
	o.seen.mu.Lock()
	s := o.seen.people[who]
	if s == nil {
		s = &sight{}
		o.seen.people[who] = s
	}
	o.seen.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	age := o.now().Sub(s.asked)
	if !s.asked.IsZero() && age < sightTime {
		return s.copy(), nil
	}
	fresh, err := o.ask(ctx, userID)
	switch {
	case errors.Is(err, feedback.ErrNotReviewer):
		s.asked = time.Time{}
		return nil, err
	case err != nil && !s.asked.IsZero() && age < sightTime+sightGrace:
		o.log.Warn("Discord does not say what a reviewer may see; the last answer serves", "error", err)
		return s.copy(), nil
	case err != nil:
		return nil, err
	}
	s.Sight, s.asked = fresh, o.now()
	return s.copy(), nil
}

func (s *sight) copy() *sight { return &sight{Sight: s.Sight, asked: s.asked} }

// place returns how a channel is called, if somebody may see it.
func (o *Observatory) place(ctx context.Context, s *sight, guildID, channelID string) (name string, may bool) {
	server, in := s.Servers[guildID]
	switch {
	case !in:
		return "", false
	case guildID == "":
		return server.Name, true
	}
	if name, may = server.Channels[channelID]; may {
		return "#" + name + " · " + server.Name, true
	}
	t := o.thread(ctx, channelID)
	if parent, may := server.Channels[t.parent]; may {
		return "#" + parent + " › " + t.name + " · " + server.Name, true
	}
	return "", false
}

// thread asks Discord what a thread belongs to. Without an answer it is not shown.
func (o *Observatory) thread(ctx context.Context, id string) thread {
	o.seen.mu.Lock()
	t, known := o.seen.threads[id]
	o.seen.mu.Unlock()
	if known && o.now().Sub(t.asked) < sightTime {
		return t
	}
	t = thread{asked: o.now()}
	var err error
	if t.name, t.parent, err = o.discord.Thread(ctx, id); err != nil {
		o.log.Warn("Discord does not say what a thread belongs to; it is not shown", "channel", id, "error", err)
		return thread{}
	}
	o.seen.mu.Lock()
	defer o.seen.mu.Unlock()
	if len(o.seen.threads) >= maxThreads {
		clear(o.seen.threads)
	}
	o.seen.threads[id] = t
	return t
}
