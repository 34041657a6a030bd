package playground

import (
	"fmt"
	"sync/atomic"
	"time"

	"feedbackbot/bot/discordtest"
)

// limitedFor is how long Discord asks the bot to wait, once.
const limitedFor = 5 * time.Second

// lever is what a switch of the page moves.
func (p *Playground) levers() map[string]*atomic.Bool {
	return map[string]*atomic.Bool{
		"slow-model": &p.model.slow, "model-error": &p.model.fail, "cut-stream": &p.model.cut, "backend-down": &p.backend.down,
	}
}

func (p *Playground) switches() map[string]bool {
	state := map[string]bool{}
	for name, lever := range p.levers() {
		state[name] = lever.Load()
	}
	return state
}

// titles say on the timeline what a switch does.
var titles = map[string]string{
	"slow-model": "the model is slow", "model-error": "the model fails", "cut-stream": "the model's answers are cut",
	"backend-down": "the backend is down", "rate-limit": "Discord limits the bot's requests",
	"disconnect": "Discord drops the connection", "restart": "the bot restarts",
}

// set moves a switch, or lets something happen once.
func (p *Playground) set(name string, on bool) error {
	if lever := p.levers()[name]; lever != nil {
		lever.Store(on)
		p.feed.tell(entry{Kind: "switch", Title: map[bool]string{true: "Switched on: ", false: "Switched off: "}[on] + titles[name]})
		p.feed.send(object{"type": "switches", "switches": p.switches()}, nil)
		return nil
	}
	switch name {
	case "rate-limit":
		p.discord.Inject(discordtest.Fault{Path: "/channels/**", Times: 1, Status: 429,
			Header: discordtest.RateLimited("global", limitedFor).Header, Body: discordtest.RateLimited("global", limitedFor).Body})
	case "disconnect":
		p.discord.DropConnections()
	case "restart":
		select {
		case p.restart <- struct{}{}:
		default: // it is being restarted
		}
	default:
		return fmt.Errorf("there is no switch %q", name)
	}
	p.feed.tell(entry{Kind: "switch", Title: "Happens now: " + titles[name]})
	return nil
}
