package bot

import (
	"sync"

	"feedbackbot/bot/discord"
)

// place is a channel, or a thread in one, as far as the bot needs to know it.
type place struct {
	guildID  string
	name     string
	parentID string // the category of a channel, the channel of a thread; "" for none
	thread   bool
	forum    bool // each post in it is a thread that begins with a message of its own
	participation
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
		known.guildID, known.name, known.parentID = guildID, c.Name, c.ParentID
		known.thread, known.forum = c.IsThread(), c.IsForum()
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
