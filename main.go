// Command feedbackbot is a Discord bot that answers with a language model and
// collects feedback on every answer. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/caarlos0/env/v11"

	"feedbackbot/bot"
	"feedbackbot/feedback/store"
)

// Exit codes. Anything but these is 1.
const (
	exitOK            = 0
	exitFailure       = 1
	exitConfiguration = 78 // EX_CONFIG: starting again will not help
)

const usage = `feedbackbot answers on Discord with a language model and collects feedback.

  feedbackbot              run the bot
  feedbackbot check        verify the configuration, and say how to mend what is wrong
  feedbackbot playground   try the bot without any account
  feedbackbot deliveries   see what the backends have got, and send it again
  feedbackbot migrate      copy a SQLite database to Postgres
  feedbackbot healthcheck  ask a running bot whether it is well; for Docker
  feedbackbot version      print the version
  feedbackbot help         print this

Configuration comes from the environment and from a file .env; see .env.example.
`

// gcPercent trades a little work for a third of the memory: a bot waits most of
// its time, and runs beside others on small machines.
const gcPercent = 40

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	environ, err := settle()
	if err != nil {
		fmt.Fprintln(os.Stderr, "feedbackbot:", err)
		os.Exit(exitConfiguration)
	}
	os.Exit(run(ctx, os.Args[1:], environ, os.Stdout, os.Stderr))
}

// settle puts the variables of .env into the environment, where those that are
// there already win, and returns it. Then it puts proxies there in the form in
// which net/http reads them.
func settle() (environ []string, err error) {
	vars, err := readDotenv(".env")
	if err != nil {
		return nil, err
	}
	for name, value := range vars {
		if _, found := os.LookupEnv(name); !found {
			if err := os.Setenv(name, value); err != nil {
				return nil, fmt.Errorf(".env: %s cannot be set: %w", name, err)
			}
		}
	}
	if info, err := os.Stat(".env"); err == nil && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		fmt.Fprintln(os.Stderr, "feedbackbot: others on this machine can read .env; run: chmod 600 .env")
	}
	environ = os.Environ()
	all := env.ToMap(environ)
	readValues(all) // a command that needs them says what is wrong
	for name, value := range proxies(all) {
		if err := os.Setenv(name, value); err != nil {
			return nil, fmt.Errorf("%s cannot be set: %w", name, err)
		}
	}
	return environ, nil
}

// run is the whole program: arguments and environment in, an exit code out. It
// returns when ctx ends and everything is in order.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	var err error
	switch command {
	case "", "check":
		if len(args) > 1 {
			err = fmt.Errorf("%s takes no arguments; try feedbackbot help", command)
			break
		}
		var c Config
		if c, err = loadConfig(environ); err != nil {
			break
		}
		if command == "check" {
			return check(ctx, c, stdout)
		}
		err = serve(ctx, c, newLogger(c, stderr))
	case "playground":
		err = playgroundCommand(ctx, args[1:], environ, stdout)
	case "deliveries":
		err = deliveriesCommand(ctx, args[1:], environ, stdout, stderr)
	case "migrate":
		err = migrateCommand(ctx, args[1:], environ, stdout, stderr)
	case "healthcheck":
		err = healthcheck(ctx, environ)
	case "version":
		fmt.Fprintln(stdout, "feedbackbot", version())
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
	default:
		err = fmt.Errorf("there is no command %q; try feedbackbot help", command)
	}
	var database *store.ConfigurationError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errConfiguration), errors.Is(err, bot.ErrConfiguration), errors.As(err, &database):
		fmt.Fprintln(stderr, "feedbackbot:", oneLine(err))
		return exitConfiguration
	}
	fmt.Fprintln(stderr, "feedbackbot:", oneLine(err))
	return exitFailure
}

// oneLine is what an error says, however many lines a library gave it.
func oneLine(err error) string {
	var parts []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			parts = append(parts, line)
		}
	}
	return strings.ReplaceAll(strings.Join(parts, "; "), ":; ", ": ")
}

func newLogger(c Config, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.logLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// version returns the version that the Go tool stamped into the binary.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v == "(devel)" {
			v = "devel " + s.Value
		}
	}
	return v + " " + info.GoVersion
}
