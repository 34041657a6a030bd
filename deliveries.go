package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"feedbackbot/feedback"
	"feedbackbot/feedback/delivery"
	"feedbackbot/feedback/store"
)

const deliveriesUsage = `feedbackbot deliveries shows what the backends have got, and why not.

  feedbackbot deliveries                        what is pending, delivered and refused
  feedbackbot deliveries retry [-backend NAME]  send what was refused once more
  feedbackbot deliveries backfill -backend NAME -since DATE [-again]
                                                send everything since a day once more;
                                                -again where that makes doubles

A running bot does the sending; backfill sends as well, and may be interrupted.
`

// deliveriesCommand is feedbackbot deliveries.
func deliveriesCommand(ctx context.Context, args, environ []string, stdout, stderr io.Writer) error {
	sub := ""
	if len(args) > 0 {
		sub, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet("deliveries "+sub, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	backend := flags.String("backend", "", "")
	since := flags.String("since", "", "")
	again := flags.Bool("again", false, "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || sub == "help" {
		fmt.Fprint(stdout, deliveriesUsage)
		if errors.Is(err, flag.ErrHelp) || sub == "help" {
			return nil
		}
		return fmt.Errorf("cannot understand the arguments: %v", args)
	}
	c, err := loadToolConfig(environ)
	if err != nil {
		return err
	}
	kept, err := store.Open(ctx, c.DatabaseURL.Reveal(), store.Options{Settle: c.FeedbackSettle, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer kept.Close()
	switch sub {
	case "":
		return showDeliveries(ctx, kept, stdout)
	case "retry":
		return retry(ctx, kept, *backend, stdout)
	case "backfill":
		day, err := time.ParseInLocation(time.DateOnly, *since, time.UTC)
		if err != nil || *backend == "" {
			return errors.New("backfill needs -backend NAME and -since YYYY-MM-DD")
		}
		return backfill(ctx, c, kept, *backend, day, *again, stdout, stderr)
	}
	fmt.Fprint(stdout, deliveriesUsage)
	return fmt.Errorf("there is no command deliveries %q", sub)
}

func showDeliveries(ctx context.Context, kept *store.Store, stdout io.Writer) error {
	list, err := kept.Summaries(ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(stdout, "No backend has been configured yet, so everything waits in the database.")
		return nil
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "BACKEND\tDELIVERED\tPENDING\tREFUSED\tOLDEST PENDING")
	for _, m := range list {
		oldest := "-"
		if m.Pending > 0 {
			oldest = m.Oldest.Round(time.Second).String()
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\n", m.Backend, m.Delivered, m.Pending, m.Refused, oldest)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, m := range list {
		if m.LastError != "" {
			fmt.Fprintf(stdout, "\n%s, last error of what is pending:\n  %s\n", m.Backend, m.LastError)
		}
		if len(m.Reasons) > 0 {
			fmt.Fprintf(stdout, "\n%s refused:\n", m.Backend)
		}
		for _, r := range m.Reasons {
			fmt.Fprintf(stdout, "  %d × %s\n", r.Items, r.Text)
		}
	}
	return nil
}

func retry(ctx context.Context, kept *store.Store, backend string, stdout io.Writer) error {
	list, err := kept.Summaries(ctx)
	if err != nil {
		return err
	}
	if backend != "" && !slices.ContainsFunc(list, func(m store.Summary) bool { return m.Backend == backend }) {
		return fmt.Errorf("nothing was ever due at a backend %q; feedbackbot deliveries lists them", backend)
	}
	n, err := kept.Retry(ctx, backend)
	switch {
	case err != nil:
		return err
	case n == 0:
		fmt.Fprintln(stdout, "Nothing was refused, so there is nothing to send again.")
	default:
		fmt.Fprintf(stdout, "%d will be sent again; a running bot begins within seconds.\n", n)
	}
	return nil
}

// backfill makes everything since a day due again and delivers it behind a
// progress bar.
func backfill(ctx context.Context, c Config, kept *store.Store, name string, since time.Time, doubles bool, stdout, stderr io.Writer) error {
	all, err := newBackends(c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	var backend feedback.Backend
	var names []string
	for _, b := range all {
		names = append(names, b.Name())
		if b.Name() == name {
			backend = b
		}
	}
	if backend == nil {
		return fmt.Errorf("%w: there is no backend %q, only %v", errConfiguration, name, names)
	}
	if d, can := backend.(feedback.Doubler); can && d.Doubles() && !doubles {
		return fmt.Errorf("%s cannot tell what it has already, so what it has would be there twice; with -again everything is sent all the same", name)
	}
	if err := backend.Check(ctx); err != nil && !errors.Is(err, feedback.ErrRefused) {
		return fmt.Errorf("%s: %w", name, err)
	}
	again, err := kept.Backfill(ctx, name, since)
	if err != nil {
		return err
	}
	before, err := summaryOf(ctx, kept, name)
	if err != nil {
		return err
	}
	if before.Pending == 0 {
		fmt.Fprintf(stdout, "Nothing has been answered since %s.\n", since.Format(time.DateOnly))
		return nil
	}
	if more := before.Pending - again; more > 0 {
		fmt.Fprintf(stdout, "%d more wait for %s already, and are sent as well.\n", more, name)
	}
	left, err := deliverAll(ctx, kept, backend, before.Pending, c.FeedbackRate, stderr)
	if err != nil {
		return err
	}
	if left.Pending > 0 {
		fmt.Fprintf(stdout, "Interrupted: %d are left, which a running bot goes on with.\n", left.Pending)
		return nil
	}
	refused := left.Refused - before.Refused
	fmt.Fprintf(stdout, "Sent %d to %s.", before.Pending-refused, name)
	if refused > 0 {
		fmt.Fprintf(stdout, " %d were refused; feedbackbot deliveries says why.", refused)
	}
	fmt.Fprintln(stdout)
	return nil
}

// summaryOf returns how the deliveries to one backend stand.
func summaryOf(ctx context.Context, kept *store.Store, name string) (store.Summary, error) {
	list, err := kept.Summaries(ctx)
	for _, m := range list {
		if m.Backend == name {
			return m, nil
		}
	}
	return store.Summary{Backend: name}, err
}

// deliverAll delivers what is due at a backend until nothing is, or ctx ends.
func deliverAll(ctx context.Context, kept *store.Store, backend feedback.Backend, total int64, perSecond float64, stderr io.Writer) (store.Summary, error) {
	bar := newBar(stderr, "to "+backend.Name(), total)
	workCtx, stop := context.WithCancel(ctx)
	var worker sync.WaitGroup
	defer worker.Wait()
	defer stop()
	worker.Go(func() {
		delivery.NewWorker(kept, []feedback.Backend{backend}, delivery.Options{Rate: perSecond, Drain: 5 * time.Second}).Run(workCtx)
	})
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		left, err := summaryOf(context.WithoutCancel(ctx), kept, backend.Name())
		if err != nil {
			return left, err
		}
		bar.Set64(max(0, total-left.Pending)) // a bar that cannot be drawn is no reason to stop
		if left.Pending == 0 || ctx.Err() != nil {
			return left, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// newBar is the progress bar of a command. It says how many, and how long it
// will take.
func newBar(stderr io.Writer, what string, total int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total, progressbar.OptionSetWriter(stderr), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(time.Second),
		progressbar.OptionOnCompletion(func() { fmt.Fprintln(stderr) }))
}
