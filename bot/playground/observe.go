package playground

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"feedbackbot/bot/discordtest"
)

// observe passes what happens on Discord to the pages, and tells the timeline
// what a newcomer would want to see of it.
func (p *Playground) observe(e discordtest.Event) {
	switch data := e.Data.(type) {
	case discordtest.Message:
		p.feed.send(object{"type": e.Kind, "message": data}, func(memberID string) bool {
			return p.sees(memberID, data.ChannelID) && (data.VisibleTo == "" || data.VisibleTo == memberID)
		})
	case discordtest.Channel:
		p.opened(data)
	case discordtest.Dispatch:
		p.dispatched(e, data)
	case discordtest.Request:
		p.requested(e, data)
	case discordtest.Connection:
		p.connected(e, data)
	case string:
		if e.Kind == discordtest.KindTyping {
			p.feed.send(object{"type": "typing", "channel": data}, func(memberID string) bool { return p.sees(memberID, data) })
		} else { // a problem
			p.feed.tell(entry{At: e.At, Kind: "gateway", Title: "Discord would complain: " + data})
		}
	case nil: // commands
		p.feed.send(object{"type": "commands", "commands": p.discord.Commands()}, nil)
	}
}

// dispatched tells of an event that went to the bot.
func (p *Playground) dispatched(e discordtest.Event, d discordtest.Dispatch) {
	title := "Discord tells the bot: "
	switch d.Event {
	case "MESSAGE_CREATE":
		var m discordtest.Message
		if json.Unmarshal(d.Data, &m) != nil || m.Author.Bot {
			return // its own messages come back; that explains nothing
		}
		if m.ID == p.told {
			return // it also goes to a session that the bot has left behind
		}
		p.told = m.ID
		title += m.Author.Username + " wrote a message"
	case "INTERACTION_CREATE":
		var i struct {
			Type   int
			Data   struct{ Name string }
			Member struct{ User discordtest.User }
			User   discordtest.User
		}
		if json.Unmarshal(d.Data, &i) != nil {
			return
		}
		who := i.Member.User.Username + i.User.Username
		switch i.Type {
		case discordtest.TypeCommand:
			title += who + " used the command " + i.Data.Name
		case discordtest.TypeModal:
			title += who + " sent the form"
		default:
			title += who + " pressed a button"
		}
	default:
		return
	}
	p.feed.tell(entry{At: e.At, Kind: "gateway", Title: title, Detail: hideTokens(d.Data)})
}

// requested tells of a request of the bot to Discord.
func (p *Playground) requested(e discordtest.Event, r discordtest.Request) {
	if r.Method == http.MethodGet {
		return
	}
	title := r.Method + " " + r.Route
	switch {
	case strings.HasSuffix(r.Route, "/callback"):
		title = "The bot answers the click"
		var callback struct{ Type int }
		if json.Unmarshal(r.Body, &callback) == nil {
			title = map[int]string{4: "The bot answers, seen by one member", 5: "The bot says that it is thinking", 6: "The bot takes the click",
				7: "The bot updates its message", 9: "The bot opens a form"}[callback.Type]
		}
	case r.Method == http.MethodPost && strings.HasSuffix(r.Route, "/messages"):
		title = "The bot sends a message"
	case r.Method == http.MethodPatch && strings.Contains(r.Route, "/messages/"):
		title = "The bot edits its message"
	case r.Method == http.MethodDelete && strings.Contains(r.Route, "/messages/"):
		title = "The bot deletes its message"
	case r.Method == http.MethodPost && strings.HasSuffix(r.Route, "/threads"):
		title = "The bot opens a thread"
	case strings.HasSuffix(r.Route, "/typing"):
		title = "The bot is typing"
	case strings.HasSuffix(r.Route, "/commands"):
		title = "The bot registers its commands"
	}
	p.feed.tell(entry{At: e.At, Kind: "rest", Title: title, Status: r.Status, Detail: hideTokens(detail(r.Payload()))})
}

// connected tells of the gateway.
func (p *Playground) connected(e discordtest.Event, c discordtest.Connection) {
	titles := map[string]string{
		discordtest.KindIdentify:   "The bot has connected to Discord",
		discordtest.KindResume:     "The bot has connected again and gets what it missed",
		discordtest.KindDisconnect: "The connection to Discord has ended",
	}
	if title := titles[e.Kind]; title != "" {
		p.feed.tell(entry{At: e.At, Kind: "gateway", Title: title})
		p.feed.send(object{"type": "online", "online": e.Kind != discordtest.KindDisconnect}, nil)
	}
}

// hideTokens takes the interaction tokens out of what is shown; whoever has one
// can speak for the bot.
func hideTokens(raw json.RawMessage) json.RawMessage {
	if !bytes.Contains(raw, []byte(`"token"`)) {
		return raw
	}
	var v object
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	if _, is := v["token"].(string); is {
		v["token"] = "hidden"
	}
	shown, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return shown
}

// Write takes a line of the bot's log, in JSON, and puts on the timeline what
// has no other trace: what was stored.
func (p *Playground) Write(line []byte) (int, error) {
	var l struct {
		Level, Msg, Error, Outcome string
		ResponseID                 string `json:"response_id"`
		Rating                     int
	}
	if json.Unmarshal(line, &l) != nil {
		return len(line), nil
	}
	e := entry{Kind: "bot", Detail: bytes.Clone(bytes.TrimSpace(line))}
	switch {
	case l.Msg == "answer" && l.Outcome == "failed":
		e.Title = "There is no answer; the asker is told so in a sentence"
	case l.Msg == "answer" && l.Outcome == "deleted":
		e.Title = "The question was deleted; what there was of its answer goes too"
	case l.Msg == "answer" && l.Outcome == "unseen":
		e.Title = "The answer could not be shown"
	case l.Msg == "answer":
		e.Kind, e.Title = "vote", "The answer is monitored as "+l.ResponseID
	case l.Msg == "vote":
		e.Kind, e.Title = "vote", fmt.Sprintf("A vote is stored: %d of 5, %s", l.Rating, l.Outcome)
	case l.Msg == "explanation":
		e.Kind, e.Title = "vote", "An explanation is stored"
	case l.Level == "WARN" || l.Level == "ERROR":
		e.Title = "The bot logs: " + l.Msg
	default:
		return len(line), nil
	}
	p.feed.tell(e)
	return len(line), nil
}
