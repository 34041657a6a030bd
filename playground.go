package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/caarlos0/env/v11"

	"feedbackbot/bot/playground"
	"feedbackbot/llm/llmtest"
)

// humanPace is how long the scripted model takes for a token.
const humanPace = 35 * time.Millisecond

// openAI is the default of OPENAI_BASE_URL.
const openAI = "https://api.openai.com/v1"

// playgroundSettle replaces FEEDBACK_SETTLE: a visitor wants to see a vote
// arrive, and still has time to change it.
const playgroundSettle = "3s"

// playgroundCommand runs the bot against a fake Discord with a page, a stand-in
// for a backend and, unless a real one is configured, a scripted model. It
// needs no account.
func playgroundCommand(ctx context.Context, args, environ []string, stdout io.Writer) (err error) {
	flags := flag.NewFlagSet("playground", flag.ContinueOnError)
	flags.SetOutput(stdout)
	data := flags.String("data", "", "folder that keeps the database; a temporary one if empty")
	dialect := flags.String("model", "", "how the scripted model speaks: as one of the providers that -model list prints")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	} else if flags.NArg() > 0 {
		return fmt.Errorf("playground takes no argument %q; try feedbackbot playground -h", flags.Arg(0))
	}
	if *dialect == "list" {
		return printDialects(stdout)
	}
	if *dialect != "" && !slices.ContainsFunc(llmtest.Dialects(), func(d llmtest.Dialect) bool { return d.Name == *dialect }) {
		return fmt.Errorf("the scripted model knows no %q; feedbackbot playground -model list prints what it knows", *dialect)
	}
	folder := *data
	if folder == "" {
		if folder, err = os.MkdirTemp("", "feedbackbot-playground-"); err != nil {
			return fmt.Errorf("make a folder for the database: %w", err)
		}
		defer os.RemoveAll(folder)
	}

	vars := env.ToMap(environ)
	if wrong := readValues(vars); len(wrong) > 0 {
		return fmt.Errorf("%w: %s", errConfiguration, strings.Join(wrong, "; "))
	}
	for _, name := range variableNames() {
		delete(vars, name+"_FILE")
	}
	options := playground.Options{Addr: vars["HTTP_ADDR"], ModelURL: vars["OPENAI_BASE_URL"]}
	if options.Addr == "" {
		options.Addr = "127.0.0.1:0"
	}
	switch {
	case vars["OPENAI_API_KEY"] == "" && options.ModelURL == "":
		model, err := llmtest.New(llmtest.Options{TokenDelay: humanPace})
		if err != nil {
			return fmt.Errorf("start the scripted model: %w", err)
		}
		defer model.Close()
		options.ModelURL, options.Scripted = model.URL(), true
		vars["OPENAI_API_KEY"], vars["OPENAI_MODEL"] = llmtest.DefaultKey, "scripted-mini"
		vars["OPENAI_MODELS"] = "scripted-mini,scripted-maxi"
		if *dialect != "" {
			vars["OPENAI_MODEL"] = *dialect
		}
	case *dialect != "":
		return errors.New("-model is for the scripted model; a real one has its name in OPENAI_MODEL")
	case options.ModelURL == "":
		options.ModelURL = openAI
	}
	for _, standIn := range []func(map[string]string, *playground.Options) (end func(), err error){
		confidentStandIn,
		reviewStandIn,
	} {
		end, err := standIn(vars, &options)
		if err != nil {
			return err
		}
		defer end()
	}
	p, err := playground.New(options)
	if err != nil {
		return err
	}
	defer p.Close()

	for _, name := range []string{"DISCORD_TOKEN", "DATABASE_URL", "HTTP_ADDR", "OPENAI_BASE_URL"} {
		delete(vars, name)
	}
	maps.Copy(vars, p.Environ())
	vars["DATABASE_URL"] = "sqlite:" + filepath.Join(folder, "feedbackbot.db")
	vars["HTTP_ADDR"] = "127.0.0.1:0" // the page has the one that was asked for
	if vars["FEEDBACK_SETTLE"] == "" {
		vars["FEEDBACK_SETTLE"] = playgroundSettle
	}
	var merged []string
	for name, value := range vars {
		merged = append(merged, name+"="+value)
	}
	c, err := loadConfig(merged)
	if err != nil {
		return err
	}
	c.invites = p.Invites
	if options.Scripted {
		fmt.Fprintln(stdout, "No OPENAI_API_KEY is set, so a scripted stand-in answers in place of a model.")
	}
	fmt.Fprintf(stdout, "The playground is at %s  (Ctrl-C ends it)\n", p.URL())
	log := slog.New(slog.NewJSONHandler(p, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return p.Run(ctx, func(ctx context.Context) error { return serve(ctx, c, log) })
}

// printDialects lists how the scripted model can speak, and what comes of it.
func printDialects(stdout io.Writer) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, d := range llmtest.Dialects() {
		comes := cmp.Or(d.Wrong, d.Finish)
		if d.Heals {
			comes += ", mended by asking in another way"
		}
		fmt.Fprintf(w, "%s\t%s\n", d.Name, comes)
	}
	return w.Flush()
}
