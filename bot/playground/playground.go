// Package playground is a Discord to try the bot in, without an account: the
// fake one of the tests, with a member who asks a question, rates the answer
// and explains the rating, and a line for everything that happens.
package playground

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"feedbackbot/bot/discordtest"
)

// Playground is a fake Discord that tells what happens in it.
type Playground struct {
	discord *discordtest.Server
	out     io.Writer
	started time.Time
	mu      sync.Mutex // held while a line is written
}

const token = "playground-token"

// New starts a fake Discord on a free port of this machine. What happens is
// written to out.
func New(out io.Writer) (*Playground, error) {
	discord, err := discordtest.New(discordtest.Options{Token: token, GlobalRPS: 50})
	if err != nil {
		return nil, fmt.Errorf("start the fake Discord: %w", err)
	}
	return &Playground{discord: discord, out: out, started: time.Now()}, nil
}

// Close stops the fake Discord.
func (p *Playground) Close() { p.discord.Close() }

// URL returns the address to use as DISCORD_API_URL.
func (p *Playground) URL() string { return p.discord.URL() }

// Token returns the token that the fake Discord accepts.
func (p *Playground) Token() string { return token }

// Run shows the journey of an answer and of a vote, then everything that
// happens until ctx ends.
func (p *Playground) Run(ctx context.Context) error {
	defer p.discord.Subscribe(p.tell)()
	if err := p.demonstrate(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("playground: %w", err)
	}
	p.line("", "That was the whole journey: asked, answered, rated, explained, kept. Ctrl-C ends.")
	<-ctx.Done()
	return nil
}

// demonstrate is what a member does with the bot.
func (p *Playground) demonstrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	d := p.discord
	if err := d.WaitCommand(ctx, "ask"); err != nil {
		return err
	}
	ada := d.AddUser("Ada")
	question := d.Say(ada.ID, d.Channel().ID, "<@"+d.Bot().ID+"> What is 17 + 25?")
	answer, err := d.WaitMessage(ctx, func(m discordtest.Message) bool {
		return m.MessageReference != nil && m.MessageReference.MessageID == question.ID && len(m.Components) > 0
	})
	if err != nil {
		return err
	}
	p.line("Ada", "presses 👎")
	click := d.Click(ada.ID, answer.ID, answer.Components[0].Components[1].CustomID)
	form, err := click.Wait(ctx)
	if err != nil {
		return err
	}
	if form.Modal == nil { // FEEDBACK_EXPLAIN may be set to ask later, or never
		return p.receipt(form)
	}
	p.line("Discord", "shows a form: "+form.Modal.Title)
	p.line("Ada", "fills it in")
	sent, err := d.Submit(ada.ID, click, map[string]string{
		"explanation": "I wanted to see the steps.", "expected_response": "17 + 25 = 42, because 17 + 20 is 37 and 37 + 5 is 42.",
	}).Wait(ctx)
	if err != nil {
		return err
	}
	return p.receipt(sent)
}

func (p *Playground) receipt(a discordtest.Answer) error {
	if a.Message == nil {
		return fmt.Errorf("the bot answered a click with type %d and no message", a.Type)
	}
	p.line("bot", "only to Ada: "+a.Message.Content)
	return nil
}

// tell writes a line for an event that a newcomer would want to see.
func (p *Playground) tell(e discordtest.Event) {
	switch data := e.Data.(type) {
	case discordtest.Message:
		who := data.Author.Username
		switch e.Kind {
		case discordtest.KindMessage:
			p.line(who, data.Content)
		case discordtest.KindEdit:
			text := data.Content
			if len(data.Components) > 0 {
				text += "  " + labels(data.Components)
			}
			p.line(who, "(edits) "+text)
		}
	case discordtest.Connection:
		if e.Kind == discordtest.KindIdentify {
			p.line("Discord", "the bot is connected")
		}
	case string:
		if e.Kind == discordtest.KindProblem {
			p.line("Discord", "PROBLEM: "+data)
		}
	}
}

// labels shows buttons as text.
func labels(rows []discordtest.Component) string {
	var shown []string
	for _, row := range rows {
		for _, b := range row.Components {
			label := b.Label
			if b.Emoji != nil {
				label = b.Emoji.Name + label
			}
			shown = append(shown, "["+label+"]")
		}
	}
	return strings.Join(shown, " ")
}

func (p *Playground) line(who, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "%6.2fs  %-12s %s\n", time.Since(p.started).Seconds(), who, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 22)))
}
