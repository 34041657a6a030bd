package bot

import (
	"context"
	"sync"
	"time"

	"feedbackbot/bot/discord"
)

// place is a channel, or a thread in one, as far as the bot needs to know it.
type place struct {
	guildID  string
	parentID string // the category of a channel, the channel of a thread; "" for none
	thread   bool
	since    time.Time // when the bot began to take part in a thread; zero if it does not
	checked  bool      // whether since has been looked up
}

// places are the channels and active threads of all servers, as Discord
// announces them.
type places struct {
	mu  sync.Mutex
	all map[string]place // by id
}

func newPlaces() *places { return &places{all: map[string]place{}} }

// put adds what Discord tells about channels or threads.
func (p *places) put(guildID string, list ...discord.Channel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range list {
		known := p.all[c.ID]
		known.guildID, known.parentID, known.thread = guildID, c.ParentID, c.IsThread()
		p.all[c.ID] = known
	}
}

func (p *places) remove(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, id)
}

// leave forgets a server.
func (p *places) leave(guildID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, one := range p.all {
		if one.guildID == guildID {
			delete(p.all, id)
		}
	}
}

func (p *places) get(id string) place {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[id]
}

// takePart stores since when the bot takes part in a thread, at the latest.
func (p *places) takePart(id string, since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.all[id]
	if !one.thread {
		return
	}
	one.checked = true
	if one.since.IsZero() || !since.IsZero() && since.Before(one.since) {
		one.since = since
	}
	p.all[id] = one
}

// takesPart reports whether somebody had asked the bot in this thread before a
// message was written, or had opened it at one of its answers: in there it needs
// no mention. The database is asked once for each thread.
func (b *Bot) takesPart(ctx context.Context, threadID string, at time.Time) bool {
	one := b.places.get(threadID)
	if !one.checked && one.thread {
		ctx, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		since, err := b.store.AskedSince(ctx, threadID)
		if err != nil {
			b.log.Warn("cannot read whether a thread is ours", "error", err)
			return false
		}
		b.places.takePart(threadID, since)
		one.since = since
	}
	return !one.since.IsZero() && at.After(one.since)
}
