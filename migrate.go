package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"feedbackbot/feedback/store"
)

const migrateUsage = `feedbackbot migrate copies a SQLite database to the Postgres of DATABASE_URL.

  feedbackbot migrate [-from sqlite:PATH]   the default is sqlite:feedbackbot.db

Stop the bot first. The copy is verified row by row, the old file stays as it is,
and the command can be run again until a bot has used the new database.
`

// migrateCommand is feedbackbot migrate.
func migrateCommand(ctx context.Context, args, environ []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	source := flags.String("from", "sqlite:feedbackbot.db", "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		fmt.Fprint(stdout, migrateUsage)
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return fmt.Errorf("cannot understand the arguments: %v", args)
	}
	c, err := loadToolConfig(environ)
	if err != nil {
		return err
	}
	target := c.DatabaseURL.Reveal()
	path, isSQLite := strings.CutPrefix(*source, "sqlite:")
	if !isSQLite || !c.usesPostgres() {
		return fmt.Errorf("%w: DATABASE_URL must be the postgres://... to copy to, and -from a sqlite:PATH", errConfiguration)
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	silent := slog.New(slog.DiscardHandler)
	from, err := store.Open(ctx, *source, store.Options{Log: silent})
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := store.Open(ctx, target, store.Options{Log: silent})
	if err != nil {
		return err
	}
	defer to.Close()
	bar := newBar(stderr, "copying", 1)
	var copied int64
	err = store.Transfer(ctx, from, to, func(done, total int64) {
		copied = done
		bar.ChangeMax64(total)
		bar.Set64(done) // a bar that cannot be drawn is no reason to stop
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Copied and verified %d rows. The bot can be started with the new DATABASE_URL.\n", copied)
	return nil
}
