package playground

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"feedbackbot/bot/discordtest"
)

// request is what the page asks for; each action uses some of it.
type request struct {
	As       string            `json:"as"`
	Channel  string            `json:"channel"`
	Text     string            `json:"text"`
	ReplyTo  string            `json:"replyTo"`
	Silent   bool              `json:"silent"` // a reply without a ping
	Files    []file            `json:"files"`
	Forward  string            `json:"forward"` // a message
	Poll     *poll             `json:"poll"`
	Sticker  string            `json:"sticker"`
	Voice    float64           `json:"voice"` // seconds
	Alert    bool              `json:"alert"` // somebody else's bot speaks
	Message  string            `json:"message"`
	CustomID string            `json:"customId"`
	Chosen   []string          `json:"chosen"` // in a select
	Form     string            `json:"form"`   // the interaction that opened it
	Values   map[string]string `json:"values"`
	Name     string            `json:"name"`
	Options  map[string]any    `json:"options"`
	On       bool              `json:"on"`
}

type poll struct {
	Question string   `json:"question"`
	Answers  []string `json:"answers"`
}

type file struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Data   []byte `json:"data"`   // base64 in JSON
	Option string `json:"option"` // of a command
}

func (f file) attachment() discordtest.Attachment {
	return discordtest.Attachment{Filename: f.Name, ContentType: f.Type}.WithData(f.Data)
}

// result is what an action led to at once; all else comes with the events.
type result struct {
	Failed bool               `json:"failed,omitempty"` // "This interaction failed"
	Form   string             `json:"form,omitempty"`   // the interaction that opened Modal
	Modal  *discordtest.Modal `json:"modal,omitempty"`
}

const maxRequest = 32 << 20 // with files

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
	options, err := p.holding(in)
	switch {
	case err != nil:
		return result{}, err
	case strings.TrimSpace(in.Text) == "" && len(options) == 0, len([]rune(in.Text)) > 2000:
		return result{}, errors.New("a message has 1 to 2,000 characters")
	}
	if in.ReplyTo != "" {
		options = append(options, discordtest.ReplyTo(in.ReplyTo))
	}
	if in.Silent {
		options = append(options, discordtest.NoPing())
	}
	p.discord.Say(in.As, in.Channel, in.Text, options...)
	return result{}, nil
}

// alert is what another bot of the server posts.
const alert = `{"embeds":[{"type":"rich","title":"checkout-api is down","description":"503 from eu-west-1 since 12:03 UTC","color":15158332,
	"fields":[{"name":"Region","value":"eu-west-1","inline":true},{"name":"Last deploy","value":"11:58 UTC, by Grace","inline":true}],
	"footer":{"text":"on-call: Linus"},"author":{"name":"Status"}}]}`

// holding is what a message holds besides its text.
func (p *Playground) holding(in request) (options []discordtest.SayOption, err error) {
	for _, f := range in.Files {
		options = append(options, discordtest.Attach(f.attachment()))
	}
	if in.Forward != "" {
		m, found := p.discord.Message(in.Forward)
		if !found || !p.sees(in.As, m.ChannelID) || m.Ephemeral() {
			return nil, errors.New("this member sees no such message")
		}
		options = append(options, discordtest.Forward(m.ID))
	}
	if in.Poll != nil {
		if n := len(in.Poll.Answers); in.Poll.Question == "" || n < 1 || n > 10 {
			return nil, errors.New("a poll has a question and up to ten answers")
		}
		options = append(options, discordtest.WithPoll(in.Poll.Question, in.Poll.Answers...))
	}
	if in.Sticker != "" {
		options = append(options, discordtest.WithSticker(in.Sticker))
	}
	if in.Voice > 0 {
		options = append(options, discordtest.Voice(in.Voice))
	}
	if in.Alert {
		options = append(options, discordtest.AsWebhook("Status"), discordtest.Holding(alert))
	}
	return options, nil
}

func (p *Playground) click(r *http.Request, in request) (result, error) {
	return p.await(r, p.discord.Click(in.As, in.Message, in.CustomID, in.Chosen...))
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
	if in.Options == nil {
		in.Options = map[string]any{}
	}
	for _, f := range in.Files {
		in.Options[f.Option] = f.attachment()
	}
	return p.await(r, p.discord.Command(in.As, in.Channel, in.Name, in.Options))
}

func (p *Playground) menu(r *http.Request, in request) (result, error) {
	return p.await(r, p.discord.MessageCommand(in.As, in.Message, in.Name))
}

// thread opens a thread at a message.
func (p *Playground) thread(_ *http.Request, in request) (result, error) {
	m, found := p.discord.Message(in.Message)
	switch {
	case !found || !p.isMember(in.As) || !p.sees(in.As, m.ChannelID):
		return result{}, errors.New("this member sees no such message")
	case slices.ContainsFunc(p.places(), func(c channel) bool { return c.ID == m.ID || c.ID == m.ChannelID && c.Parent != "" }):
		return result{}, errors.New("there is a thread already")
	case !slices.ContainsFunc(p.places(), func(c channel) bool { return c.ID == m.ChannelID }):
		return result{}, errors.New("a direct message has no threads")
	}
	p.discord.AddThreadAt(in.As, m.ID, threadName(m.Content))
	return result{}, nil
}

// threadName is the beginning of a message, without mentions.
func threadName(content string) string {
	words := strings.Fields(mention.ReplaceAllString(content, ""))
	name := []rune(strings.Join(words, " "))
	if len(name) == 0 {
		return "A thread"
	}
	return string(name[:min(len(name), 40)])
}

var mention = regexp.MustCompile(`<[@#][!&]?\d+>`)

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
