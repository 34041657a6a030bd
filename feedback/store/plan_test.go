package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// everything calls what a bot and its worker call of the store, so that their
// statements can be looked at.
func everything(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.EnableAndFill(ctx, "backend"))
	r := asked(t, s, "1", "ada", "g", "text", time.Now())
	vote(t, s, click(r, "bert", 2))
	explain(t, s, r, "bert", "why", "expected")
	must(s.Remove(ctx, "message-"+r.ID))
	must(s.Settle(ctx, "1", feedback.Use{Tokens: 1}))
	must(s.SetChoice(ctx, "g", "persona_g", "pirate"))
	for range 2 {
		claimed, err := s.Claim(ctx, "backend", 10)
		must(err)
		for _, d := range claimed {
			_, _, err := s.Load(ctx, &d)
			must(err)
			_, _, err = s.SentResponse(ctx, "backend", d.ResponseID)
			must(err)
			must(s.SettleDelivery(ctx, d, feedback.Settlement{RemoteID: "remote"}))
		}
	}
	_, err := s.NextReady(ctx, "backend")
	must(err)
	must(s.Hurry(ctx, "backend"))
	_, err = s.Backfill(ctx, "backend", time.Unix(0, 0))
	must(err)
	_, err = s.Retry(ctx, "backend")
	must(err)
	_, err = s.Chain(ctx, r.ID, 5)
	must(err)
	_, err = s.Latest(ctx, r.ConversationID, 5)
	must(err)
	_, err = s.Shown(ctx, []string{"message-" + r.ID})
	must(err)
	_, err = s.ResponseByMessage(ctx, "message-"+r.ID)
	must(err)
	_, err = s.AskOf(ctx, r.ID)
	must(err)
	_, err = s.ShownWith(ctx, r.ID)
	must(err)
	_, err = s.Answers(ctx, []string{r.ID})
	must(err)
	_, err = s.AskedSince(ctx, "c")
	must(err)
	_, err = s.Unfinished(ctx)
	must(err)
	_, err = s.RecentPlaces(ctx, true, 5)
	must(err)
	_, err = s.Used(ctx, feedback.OfMember("ada"), time.Now())
	must(err)
	_, err = s.Servers(ctx)
	must(err)
	_, err = s.Choices(ctx, "persona_g")
	must(err)
	_, err = s.DueErasures(ctx, "backend", 5)
	must(err)
	must(s.SettleErasure(ctx, "backend", "item", time.Time{}))
	_, err = s.Forget(ctx, "ada")
	must(err)
	must(s.ForgetServer(ctx, "g"))
	must(s.Expire(ctx, feedback.Retention{Texts: time.Hour, Votes: 2 * time.Hour}, time.Now().Add(24*time.Hour)))
}

// No statement looks through a table that grows: every one finds its rows by an
// index, also without statistics, which nobody gathers in production.
func TestStatementsUseIndexes(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		traced := store.Trace(t)
		s := open(t, url, traced.Options())
		everything(t, s)
		statements := traced.Statements()
		if len(statements) < 60 {
			t.Fatalf("saw %d statements only", len(statements))
		}
		conn, err := s.DB().Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for _, one := range statements {
			for _, table := range grown {
				if plan := scans(t, conn, strings.HasPrefix(url, "sqlite:"), one, table); plan != "" {
					t.Errorf("looks through %s:\n%s\n%s", table, one.Query, plan)
				}
			}
		}
	})
}

// scans returns the plan of a statement if it reads the whole of a table, or else
// "". In Postgres, where a small table is read so in any case, only what no index
// could serve counts.
func scans(t *testing.T, conn *sql.Conn, isSQLite bool, one store.Traced, table string) string {
	t.Helper()
	if !strings.Contains(one.Query, table) || strings.HasPrefix(one.Query, "INSERT INTO "+table+" ") && !strings.Contains(one.Query, "SELECT") {
		return ""
	}
	ctx := context.Background()
	explain := "EXPLAIN QUERY PLAN "
	if !isSQLite {
		explain = "EXPLAIN "
		if _, err := conn.ExecContext(ctx, `SET enable_seqscan = off`); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.QueryContext(ctx, explain+one.Query, one.Args...)
	if err != nil {
		t.Fatalf("%v: %s", err, one.Query)
	}
	defer rows.Close()
	var plan strings.Builder
	bad := false
	for rows.Next() {
		var a, b, c any
		var line string
		into := []any{&line}
		if isSQLite {
			into = []any{&a, &b, &c, &line}
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, line)
		words := strings.Fields(line)
		for n, w := range words {
			// An index that is read in its order, up to a limit, is not read whole.
			whole := isSQLite && w == "SCAN" && !(strings.Contains(line, "USING") && strings.Contains(one.Query, "LIMIT")) || !isSQLite && w == "Scan" && n > 0 && strings.HasSuffix(words[n-1], "Seq")
			// The index of what is unfinished holds nothing else.
			if whole && !strings.Contains(line, "asks_unfinished") && strings.Contains(line, " "+aliasOf(one.Query, table, isSQLite)) {
				bad = true
			}
		}
	}
	if !bad {
		return ""
	}
	return plan.String()
}

// aliasOf is what a plan calls a table: SQLite by the statement's alias.
func aliasOf(query, table string, isSQLite bool) string {
	if !isSQLite {
		return table
	}
	for _, before := range []string{"FROM ", "JOIN "} {
		if _, after, found := strings.Cut(query, before+table+" "); found {
			if words := strings.Fields(after); len(words) > 0 && len(words[0]) == 1 {
				return words[0]
			}
		}
	}
	return table
}
