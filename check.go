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
	"feedbackbot/feedback/store"
	"feedbackbot/llm"
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
	part(func(ctx context.Context) []bot.Finding { return []bot.Finding{checkModel(ctx, c, silent)} })
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
	if err != nil {
		f.Cause, f.Mend = err.Error(), "see that DATABASE_URL names a place that this user can write to"
	}
	return f
}

func checkModel(ctx context.Context, c Config, log *slog.Logger) bot.Finding {
	f := bot.Finding{What: "model " + c.OpenAIModel}
	model, err := newModel(c, log)
	if err == nil {
		err = model.Ping(ctx)
	}
	var e *llm.Error
	switch {
	case err == nil:
		return f
	case !errors.As(err, &e):
		f.Mend = "correct OPENAI_BASE_URL and OPENAI_MODEL"
	case e.Kind == llm.Empty:
		return f // it answers; a single word is not what some models are made for
	case e.Kind == llm.BadKey || e.Kind == llm.NoPermission:
		f.Mend = "set OPENAI_API_KEY to a key that may use this model"
	case e.Kind == llm.NoCredit:
		f.Mend = "add credit to the account at the provider"
	case e.Kind == llm.UnknownModel:
		f.Mend = "set OPENAI_MODEL to a model that the provider has, and OPENAI_BASE_URL to its address, mostly ending in /v1"
	case e.Kind == llm.BadRequest:
		f.Mend = "see which setting the provider names; OPENAI_MAX_TOKENS=0 and an empty OPENAI_TEMPERATURE send the least"
	default:
		f.Mend = "see that OPENAI_BASE_URL is right and its server runs"
	}
	f.Cause = err.Error()
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
			f.Cause, f.Mend = err.Error(), "see that its address can be reached from here"
			if errors.Is(err, feedback.ErrUnauthorized) {
				f.Mend = "set its key to one of a project at this address"
			}
		}
		findings = append(findings, f)
	}
	return findings
}
