package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strconv"
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
	reviewed(t, s)
	_, err = s.Forget(ctx, "ada")
	must(err)
	must(s.ForgetServer(ctx, "g"))
	must(s.Expire(ctx, feedback.Retention{Texts: time.Hour, Votes: 2 * time.Hour}, time.Now().Add(24*time.Hour)))
}

// No statement looks through a table that grows: every one finds its rows by an
// index, also without statistics, which SQLite has none of in production. With
// FEEDBACK_PLAN_ROWS=1000000 the tables have grown, and Postgres has statistics, as
// there it does.
func TestStatementsUseIndexes(t *testing.T) {
	t.Parallel()
	size, _ := strconv.Atoi(os.Getenv("FEEDBACK_PLAN_ROWS"))
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		isSQLite := strings.HasPrefix(url, "sqlite:")
		traced := store.Trace(t)
		options := traced.Options()
		options.Reviewing = store.Reviewing{Times: 1, Sample: 1}
		s := open(t, url, options)
		everything(t, s)
		if size > 0 {
			grow(t, s.DB(), size)
		}
		if size > 0 && !isSQLite {
			rows(t, s.DB(), `ANALYZE`)
		}
		statements := traced.Statements()
		if len(statements) < 60 {
			t.Fatalf("saw %d statements only", len(statements))
		}
		conn, err := s.DB().Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if size == 0 && !isSQLite { // it reads small tables as a whole in any case
			if _, err := conn.ExecContext(t.Context(), `SET enable_seqscan = off`); err != nil {
				t.Fatal(err)
			}
		}
		for _, one := range statements {
			for _, table := range grown {
				if plan := scans(t, conn, isSQLite, one, table); plan != "" {
					t.Errorf("looks through %s:\n%s\n%s", table, one.Query, plan)
				}
			}
		}
	})
}

// scans returns the plan of a statement if it reads the whole of a table, or else
// "".
func scans(t *testing.T, conn *sql.Conn, isSQLite bool, one store.Traced, table string) string {
	t.Helper()
	if !strings.Contains(one.Query, table) || strings.HasPrefix(one.Query, "INSERT INTO "+table+" ") && !strings.Contains(one.Query, "SELECT") {
		return ""
	}
	ctx := context.Background()
	explain := "EXPLAIN QUERY PLAN "
	if !isSQLite {
		explain = "EXPLAIN "
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

// grow pours so many answers with a vote each into the tables, with what comes
// with them: of 50,000 members in 2,500 servers, all delivered.
func grow(t *testing.T, db *sql.DB, size int) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO asks (id, response_id, state, guild_id, channel_id, asker, token, conversation_id, parent_id, question, asked_at)
			SELECT 'a' || i, 'r' || i, 'done', 'g' || i % 2500, 'c' || i % 10000, 'm' || i % 50000, '', 'k' || i / 5, '', '', 1700000000000 + i * 1000`,
		`INSERT INTO messages (id, ask_id, response_id, part) SELECT 's' || i, 'a' || i, 'r' || i, 0`,
		`INSERT INTO responses (id, rev, ask_id, guild_id, channel_id, asker, conversation_id, parent_id, question, answer, context, model, provider,
				prompt_version, finish, input_tokens, output_tokens, cost, asked_at, first_text_at, finished_at)
			SELECT 'r' || i, 1, 'a' || i, 'g' || i % 2500, 'c' || i % 10000, 'm' || i % 50000, 'k' || i / 5, '', 'question', 'answer', '[]', 'model', 'provider',
				'version', 'stop', 0, 0, 0, 1700000000000 + i * 1000, 0, 1700000000000 + i * 1000`,
		`INSERT INTO submissions (response_id, rater, source, rating, kind, withdrawn, by_asker, explanation, expected, version, texts_version, rev, created_at, updated_at)
			SELECT 'r' || i, 'm' || i % 50000, 'user', 5, 'thumbs', 0, 1, '', '', i, 0, 1, 1700000000000 + i * 1000, 1700000000000 + i * 1000`,
		`INSERT INTO submission_history (response_id, rater, source, version, rating, kind, withdrawn, at)
			SELECT 'r' || i, 'm' || i % 50000, 'user', i, 5, 'thumbs', 0, 1700000000000 + i * 1000`,
		`INSERT INTO deliveries (backend, response_id, rater, source, wanted_rev, delivered_rev, remote_id, due_at, leased_until, attempts, strikes, tried_at, dead, last_error, changed_at)
			SELECT 'backend', 'r' || i, '', '', 1, 1, 'x' || i, NULL, 0, 0, 0, 0, '', '', 0`,
		`INSERT INTO deliveries (backend, response_id, rater, source, wanted_rev, delivered_rev, remote_id, due_at, leased_until, attempts, strikes, tried_at, dead, last_error, changed_at)
			SELECT 'backend', 'r' || i, 'm' || i % 50000, 'user', 1, 1, 'x' || i, NULL, 0, 0, 0, 0, '', '', 0`,
		`INSERT INTO usage (day, scope, questions, tokens, cost) SELECT '2026-01-' || i % 28, 'member:m' || i, 1, 1, 1`,
		`INSERT INTO reservations (ask_id, day, guild_id, asker, tokens, cost, settled) SELECT 'a' || i, '2026-01-01', 'g' || i % 2500, 'm' || i % 50000, 1, 1, 1`,
		`INSERT INTO erasures (backend, item, due_at) SELECT 'another', 'x' || i, 0`,
		`INSERT INTO turns (ask_id, place, owner, message_id, turn, asked_at) SELECT 'a' || i, 1, 'm' || i % 50000, 'd' || i, '{}', 1700000000000 + i * 1000`,
		`INSERT INTO review_queue (response_id, queue, guild_id, channel_id, asker, since, probability, missing)
			SELECT 'r' || i, 'sample', 'g' || i % 2500, 'c' || i % 10000, 'm' || i % 50000, 1700000000000 + i * 1000, 1, i % 2`,
		`INSERT INTO reviews (response_id, reviewer, state, revision, claimed_until, rating, kind, reasons, explanation, expected, queue, probability,
				first_rating, first_at, changed, began_at, updated_at)
			SELECT 'r' || i, 'q' || i % 20, 'done', 1, 0, 5, 'stars', '[]', '', '', 'sample', 1, 5, 1, 0, 1, 1700000000000 + i * 1000`,
	} {
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) %s FROM n`, size, statement)); err != nil {
			t.Fatal(err)
		}
	}
}
