// Command interop tries the bot against the real things that its backends and
// providers are, wherever a package brings them: see README.md.
//
// Each pair prints one line, PASS, SKIP or FAIL. A pair is skipped with a sentence
// when what it needs cannot be had here; it fails when the two do not understand
// each other, and then the exit code is 1.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A pair is the bot, or what it sends, and one real counterpart.
type pair struct {
	name string
	what string // holds when try returns nil
	try  func(ctx context.Context, b *bench) error
}

var pairs = []pair{
	{"phoenix", "Arize Phoenix shows answers, votes, changes and undo through its own client", phoenix},
	{"litellm", "LiteLLM's proxy stands before the model: streams, limits, errors and keys are understood", litellm},
	{"collector", "the OpenTelemetry Collector takes answers and votes, and hands them on as they were sent", collector},
	{"prometheus", "Prometheus' own parser and linter have nothing against /metrics", prometheus},
	{"langfuse", "Langfuse's own client sends the scores, deletions and headers that the bot sends", langfuse},
	{"deepeval", "deepeval sends the traces and annotations that the bot sends", deepeval},
	{"deepeval2", "deepeval 2 sends the events and feedback that the bot sends", deepeval2},
	{"pgbouncer", "PgBouncer stands before Postgres in session mode, and is refused in transaction mode", pgbouncer},
}

// skip is why a pair cannot be tried here.
type skip struct{ why string }

func (s skip) Error() string { return s.why }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout io.Writer) int {
	flags := flag.NewFlagSet("interop", flag.ContinueOnError)
	flags.SetOutput(stdout)
	home, _ := os.UserCacheDir() // without one, the temporary folder serves
	cache := flags.String("cache", filepath.Join(cmp.Or(home, os.TempDir()), "feedbackbot-interop"), "folder that keeps what is installed")
	install := flags.Duration("install", 5*time.Minute, "the most time that installing may take, for all pairs together")
	limit := flags.Duration("limit", 3*time.Minute, "the most time for one pair, once it is installed")
	verbose := flags.Bool("v", false, "show what the counterparts write")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	for _, name := range flags.Args() {
		if !slices.ContainsFunc(pairs, func(p pair) bool { return p.name == name }) {
			fmt.Fprintf(stdout, "no pair is called %q\n", name)
			return 2
		}
	}
	shop, err := newShop(ctx, *cache, *install)
	if err != nil {
		fmt.Fprintln(stdout, "FAIL", err)
		return 1
	}
	defer os.RemoveAll(shop.dir)
	defer shop.close()
	count := map[string]int{}
	for _, p := range pairs {
		if flags.NArg() > 0 && !slices.Contains(flags.Args(), p.name) {
			continue
		}
		began := time.Now()
		word, text := shop.try(ctx, p, *limit, *verbose, stdout)
		count[word]++
		fmt.Fprintf(stdout, "%s %s (%.0fs): %s\n", word, p.name, time.Since(began).Seconds(), text)
	}
	fmt.Fprintf(stdout, "%d passed, %d failed, %d skipped\n", count["PASS"], count["FAIL"], count["SKIP"])
	if count["FAIL"] > 0 {
		return 1
	}
	return 0
}

// try runs one pair and says how it ended, in a word and a sentence.
func (s *shop) try(ctx context.Context, p pair, limit time.Duration, verbose bool, stdout io.Writer) (word, text string) {
	b, err := s.bench(p.name)
	if err != nil {
		return "FAIL", err.Error()
	}
	b.limit = limit
	err = p.try(ctx, b)
	late := b.late()
	b.clear()
	var s2 skip
	switch {
	case err == nil:
		word, text = "PASS", p.what
	case errors.As(err, &s2):
		word, text = "SKIP", s2.why
	case late:
		word, text = "SKIP", errTooLong.Error()
	default:
		word, text = "FAIL", strings.TrimSpace(err.Error())
	}
	if verbose || word == "FAIL" {
		fmt.Fprint(stdout, b.logs())
	}
	return word, text
}
