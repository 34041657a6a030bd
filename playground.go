package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/caarlos0/env/v11"

	"feedbackbot/bot/playground"
	"feedbackbot/llm/llmtest"
)

// humanPace is how long the scripted model takes for a token.
const humanPace = 20 * time.Millisecond

// playgroundCommand runs the bot against a fake Discord and, unless a key for a
// real one is set, a scripted model. It needs no account.
func playgroundCommand(ctx context.Context, args, environ []string, stdout io.Writer) (err error) {
	flags := flag.NewFlagSet("playground", flag.ContinueOnError)
	flags.SetOutput(stdout)
	data := flags.String("data", "", "folder that keeps the database; a temporary one if empty")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	folder := *data
	if folder == "" {
		if folder, err = os.MkdirTemp("", "feedbackbot-playground-"); err != nil {
			return fmt.Errorf("make a folder for the database: %w", err)
		}
		defer os.RemoveAll(folder)
	}
	discord, err := playground.New(stdout)
	if err != nil {
		return err
	}
	defer discord.Close()

	vars := env.ToMap(environ)
	vars["DISCORD_TOKEN"], vars["DISCORD_API_URL"] = discord.Token(), discord.URL()
	vars["DATABASE_URL"] = "sqlite:" + filepath.Join(folder, "feedbackbot.db")
	if vars["HTTP_ADDR"] == "" {
		vars["HTTP_ADDR"] = "127.0.0.1:0"
	}
	if vars["OPENAI_API_KEY"] == "" && vars["OPENAI_API_KEY_FILE"] == "" && vars["OPENAI_BASE_URL"] == "" {
		model, err := llmtest.New(llmtest.Options{TokenDelay: humanPace})
		if err != nil {
			return fmt.Errorf("start the scripted model: %w", err)
		}
		defer model.Close()
		vars["OPENAI_BASE_URL"], vars["OPENAI_API_KEY"], vars["OPENAI_MODEL"] = model.URL(), llmtest.DefaultKey, "scripted-mini"
		fmt.Fprintln(stdout, "No OPENAI_API_KEY is set, so a scripted stand-in answers in place of a model.")
	}
	var merged []string
	for name, value := range vars {
		merged = append(merged, name+"="+value)
	}
	c, err := loadConfig(merged)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	shown := make(chan error, 1)
	go func() { shown <- discord.Run(ctx) }()
	err = serve(ctx, c, newLogger(c, io.Discard))
	cancel()
	return errors.Join(err, <-shown)
}
