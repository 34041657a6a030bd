package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// stage is the bot as an operator runs it, on the fakes of Discord and of a model.
type stage struct {
	*program
	discord *discordtest.Server
	model   *llmtest.Server
	http    string // address of /metrics
	environ []string
}

// secret stands wherever a key is asked for. No log may show it.
const secret = "sk-interop-0123456789abcdef"

// fakes starts the fakes, and says in environ how the bot finds them. What is
// given wins.
func (b *bench) fakes(environ ...string) (*stage, error) {
	discord, err := discordtest.New(discordtest.Options{IdentifyWindow: -1})
	if err != nil {
		return nil, err
	}
	b.later(discord.Close)
	model, err := llmtest.New(llmtest.Options{Key: secret})
	if err != nil {
		return nil, err
	}
	b.later(model.Close)
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	s := &stage{discord: discord, model: model, http: addr}
	s.environ = append([]string{
		"DISCORD_TOKEN=test-token", "DISCORD_API_URL=" + discord.URL(), "OPENAI_API_KEY=" + secret, "OPENAI_BASE_URL=" + model.URL(),
		"OPENAI_MODEL=scripted-mini", "DATABASE_URL=sqlite:" + filepath.Join(b.dir, "feedback.db"), "HTTP_ADDR=" + addr,
		"FEEDBACK_SETTLE=10ms", "FEEDBACK_EXPLAIN=ask", "LOG_LEVEL=debug",
	}, environ...)
	return s, nil
}

// stage starts the fakes and the bot, and waits until it is there.
func (b *bench) stage(ctx context.Context, environ ...string) (*stage, error) {
	s, err := b.fakes(environ...)
	if err != nil {
		return nil, err
	}
	return s, s.enter(ctx, b)
}

// enter starts the bot.
func (s *stage) enter(ctx context.Context, b *bench) (err error) {
	if s.program, err = b.start(s.environ, b.bot); err != nil {
		return err
	}
	there, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-s.ended:
			cancel(fmt.Errorf("the bot has ended: %w", s.err))
		case <-there.Done():
		}
	}()
	if err := s.discord.WaitCommand(there, "ask"); err != nil {
		return fmt.Errorf("the bot does not come up: %w", context.Cause(there))
	}
	return nil
}

// ask mentions the bot and waits for what it says that fits.
func (s *stage) ask(ctx context.Context, who, text string, fits func(discordtest.Message) bool) (discordtest.Message, error) {
	question := s.discord.Say(who, s.discord.Channel().ID, "<@"+s.discord.Bot().ID+"> "+text)
	m, err := s.discord.WaitMessage(ctx, func(m discordtest.Message) bool {
		return m.Author.Bot && m.MessageReference != nil && m.MessageReference.MessageID == question.ID && fits(m)
	})
	if err != nil {
		return m, fmt.Errorf("no such answer to %q: %w", text, err)
	}
	return m, nil
}

// rateable reports whether a message is an answer that is complete and stored.
func rateable(m discordtest.Message) bool { return button(m, "down") != "" }

// button returns the custom id of a button of a message, or "".
func button(m discordtest.Message, action string) string {
	for _, row := range m.Components {
		for _, c := range row.Components {
			if strings.HasPrefix(c.CustomID, "fb1:"+action+":") {
				return c.CustomID
			}
		}
	}
	return ""
}

// responseID is the one that the buttons of an answer carry.
func responseID(m discordtest.Message) string {
	id := button(m, "down")
	return id[strings.LastIndex(id, ":")+1:]
}

// press clicks a button and waits for the receipt.
func (s *stage) press(ctx context.Context, who string, m discordtest.Message, action string) (discordtest.Message, error) {
	answer, err := s.discord.Click(who, m.ID, button(m, action)).Wait(ctx)
	if err != nil || answer.Message == nil {
		return m, fmt.Errorf("click on %s: %+v, %w", action, answer, err)
	}
	return *answer.Message, nil
}

// explain opens the form of a receipt and sends it.
func (s *stage) explain(ctx context.Context, who string, receipt discordtest.Message, explanation, expected string) error {
	click := s.discord.Click(who, receipt.ID, button(receipt, "explain"))
	answer, err := click.Wait(ctx)
	if err == nil && answer.Modal == nil {
		err = fmt.Errorf("no form but %+v", answer)
	}
	if err == nil {
		_, err = s.discord.Submit(who, click, map[string]string{"explanation": explanation, "expected_response": expected}).Wait(ctx)
	}
	if err != nil {
		return fmt.Errorf("explain a vote: %w", err)
	}
	return nil
}

// finding is what feedbackbot check says with a variable set.
type finding struct{ variable, says string }

// checked holds what feedbackbot check finds: all is well, or what is to be mended.
func checked(ctx context.Context, b *bench, s *stage, findings []finding) error {
	for _, f := range findings {
		out, _ := output(ctx, b.dir, append(slices.Clone(s.environ), f.variable), b.bot, "check") // its exit code says less than its lines
		if !strings.Contains(string(out), f.says) {
			return fmt.Errorf("feedbackbot check with %s does not say %q:\n%s", f.variable, f.says, out)
		}
	}
	return nil
}
