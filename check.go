package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"feedbackbot/bot"
	"feedbackbot/feedback"
	"feedbackbot/feedback/rest"
	"feedbackbot/feedback/store"
)

// checkTimeout bounds each part of the check.
const checkTimeout = 40 * time.Second

// check tries everything that running needs, and prints a table with the cause
// and the mend of each failure.
func check(ctx context.Context, c Config, stdout io.Writer) int {
	findings := []bot.Finding{{What: "configuration"}}
	findings = append(findings, checkDatabase(ctx, c))
	silent := slog.New(slog.DiscardHandler)
	part := func(look func(ctx context.Context) []bot.Finding) {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		findings = append(findings, look(ctx)...)
	}
	part(func(ctx context.Context) []bot.Finding { return bot.Check(ctx, botOptions(c, nil, silent)) })
	part(func(ctx context.Context) []bot.Finding { return checkModel(ctx, c, silent) })
	part(func(ctx context.Context) []bot.Finding { return checkBackends(ctx, c, silent) })
	part(func(ctx context.Context) []bot.Finding { return c.ReviewConfig.look(ctx, botOptions(c, nil, silent)) })

	code := exitOK
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		if f.Cause == "" {
			fmt.Fprintf(w, "ok\t%s\n", f.What)
			continue
		}
		code = exitFailure
		fmt.Fprintf(w, "FAIL\t%s\t%s\n\t\t→ %s\n", f.What, f.Cause, f.Mend)
	}
	if err := w.Flush(); err != nil {
		return exitFailure
	}
	return code
}

func checkDatabase(ctx context.Context, c Config) bot.Finding {
	f := bot.Finding{What: "database"}
	kept, err := store.Open(ctx, c.DatabaseURL.Reveal(), store.Options{})
	if err == nil {
		err = errors.Join(kept.Ping(ctx), kept.Close())
	}
	var never *store.ConfigurationError
	switch {
	case errors.As(err, &never):
		f.Cause, f.Mend = oneLine(never.Err), never.Mend
	case err != nil:
		f.Cause, f.Mend = oneLine(err), "see that the server at DATABASE_URL runs and can be reached from here, or that the file can be written to"
	}
	return f
}

func checkBackends(ctx context.Context, c Config, log *slog.Logger) []bot.Finding {
	backends, err := newBackends(c, log)
	if err != nil {
		return []bot.Finding{{What: "backends", Cause: err.Error(), Mend: "correct the variable it names"}}
	}
	if len(backends) == 0 {
		return []bot.Finding{{What: "backends (none: feedback waits in the database)"}}
	}
	var findings []bot.Finding
	for _, b := range backends {
		f := bot.Finding{What: "backend " + b.Name()}
		if err := b.Check(ctx); err != nil {
			f.Cause, f.Mend = err.Error(), "see that its address can be reached from here, through HTTPS_PROXY where that is set"
			if errors.Is(err, feedback.ErrUnauthorized) {
				f.Mend = "set its key to one of a project at this address"
			}
			if e := new(rest.Mended); errors.As(err, &e) {
				f.Cause, f.Mend = e.Err.Error(), e.Mend
			}
		}
		findings = append(findings, f)
	}
	return findings
}
