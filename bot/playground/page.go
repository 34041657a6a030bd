package playground

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"

	"feedbackbot/bot/discordtest"
)

//go:embed static
var static embed.FS

// policy lets the page load what this server serves, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (p *Playground) routes() http.Handler {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("POST /act/say", act(p.say))
	mux.HandleFunc("POST /act/click", act(p.click))
	mux.HandleFunc("POST /act/submit", act(p.submit))
	mux.HandleFunc("POST /act/command", act(p.command))
	mux.HandleFunc("POST /act/menu", act(p.menu))
	mux.HandleFunc("POST /act/switch", act(p.turn))
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Another site must not reach this one through a name of its own.
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if host = strings.Trim(host, "[]"); host != "localhost" && net.ParseIP(host) == nil {
			http.Error(w, "open the playground by its address, not by a name", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		guarded.ServeHTTP(w, r)
	})
}

// events streams what one member sees: everything so far, then each change.
func (p *Playground) events(w http.ResponseWriter, r *http.Request) {
	me := r.URL.Query().Get("as")
	if me == "" {
		me = p.members[0].ID
	}
	if !p.isMember(me) {
		http.Error(w, "there is no such member", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	reader := p.feed.open(me) // before the snapshot, so that nothing falls between
	defer p.feed.leave(reader)
	first, err := json.Marshal(p.snapshot(me))
	if err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	control := http.NewResponseController(w)
	for data, open := first, true; open; {
		control.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case data, open = <-reader.events:
		case <-r.Context().Done():
			return
		}
	}
}

// request is what the page asks for; each action uses some of it.
type request struct {
	As       string            `json:"as"`
	Channel  string            `json:"channel"`
	Text     string            `json:"text"`
	ReplyTo  string            `json:"replyTo"`
	Silent   bool              `json:"silent"` // a reply without a ping
	Files    []file            `json:"files"`
	Message  string            `json:"message"`
	CustomID string            `json:"customId"`
	Form     string            `json:"form"` // the interaction that opened it
	Values   map[string]string `json:"values"`
	Name     string            `json:"name"`
	Options  map[string]any    `json:"options"`
	On       bool              `json:"on"`
}

type file struct {
	Name string `json:"name"`
	Size int    `json:"size"`
	Type string `json:"type"`
}

// result is what an action led to at once; all else comes with the events.
type result struct {
	Failed bool               `json:"failed,omitempty"` // "This interaction failed"
	Form   string             `json:"form,omitempty"`   // the interaction that opened Modal
	Modal  *discordtest.Modal `json:"modal,omitempty"`
}

const maxRequest = 1 << 20

// act serves an action with JSON in and out.
func act(do func(*http.Request, request) (result, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in request
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&in); err != nil {
			http.Error(w, "this is not a request of the page", http.StatusBadRequest)
			return
		}
		out, err := do(r, in)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(out)
	}
}

func (p *Playground) say(_ *http.Request, in request) (result, error) {
	if !p.isMember(in.As) || !p.sees(in.As, in.Channel) {
		return result{}, errors.New("this member cannot write here")
	}
	if strings.TrimSpace(in.Text) == "" && len(in.Files) == 0 || len([]rune(in.Text)) > 2000 {
		return result{}, errors.New("a message has 1 to 2,000 characters")
	}
	var options []discordtest.SayOption
	if in.ReplyTo != "" {
		options = append(options, discordtest.ReplyTo(in.ReplyTo))
	}
	if in.Silent {
		options = append(options, discordtest.NoPing())
	}
	for _, f := range in.Files {
		options = append(options, discordtest.Attach(discordtest.Attachment{Filename: f.Name, Size: f.Size, ContentType: f.Type}))
	}
	p.discord.Say(in.As, in.Channel, in.Text, options...)
	return result{}, nil
}

func (p *Playground) click(r *http.Request, in request) (result, error) {
	return p.await(r, p.discord.Click(in.As, in.Message, in.CustomID))
}

func (p *Playground) submit(r *http.Request, in request) (result, error) {
	p.mu.Lock()
	form := p.forms[in.Form]
	p.mu.Unlock()
	out, err := p.await(r, p.discord.Submit(in.As, form, in.Values))
	if err == nil && !out.Failed {
		p.mu.Lock()
		delete(p.forms, in.Form)
		p.mu.Unlock()
	}
	return out, err
}

func (p *Playground) command(r *http.Request, in request) (result, error) {
	if !p.sees(in.As, in.Channel) {
		return result{}, errors.New("this member cannot write here")
	}
	return p.await(r, p.discord.Command(in.As, in.Channel, in.Name, in.Options))
}

func (p *Playground) menu(r *http.Request, in request) (result, error) {
	return p.await(r, p.discord.MessageCommand(in.As, in.Message, in.Name))
}

func (p *Playground) turn(_ *http.Request, in request) (result, error) {
	return result{}, p.set(in.Name, in.On)
}

// maxForms is how many open forms are remembered.
const maxForms = 100

// await waits until the bot has answered an interaction.
func (p *Playground) await(r *http.Request, i *discordtest.Interaction) (result, error) {
	answer, err := i.Wait(r.Context())
	if errors.Is(err, discordtest.ErrInteractionFailed) {
		return result{Failed: true}, nil
	}
	if err != nil {
		return result{}, err
	}
	if answer.Modal == nil {
		return result{}, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.forms) >= maxForms {
		clear(p.forms)
	}
	p.forms[i.ID] = i
	return result{Form: i.ID, Modal: answer.Modal}, nil
}
