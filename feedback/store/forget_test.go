package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// asked stores a question of somebody with its answer.
func asked(t *testing.T, s *store.Store, id string, who feedback.Rater, guild, text string, at time.Time) feedback.Response {
	t.Helper()
	r := feedbacktest.NewResponse()
	r.AskID, r.Asker, r.GuildID, r.ConversationID, r.Question, r.Answer, r.Context, r.FinishedAt = id, who, guild, "talk-"+string(who), text+"-question", text+"-answer", []string{text + "-file"}, at
	a := feedback.Ask{ID: id, ResponseID: r.ID, GuildID: guild, ChannelID: "c", Asker: who, ConversationID: r.ConversationID, Question: r.Question, AskedAt: at,
		Shown: feedback.Shown{Before: []feedback.Turn{{Role: "user", Text: text + "-before", Owner: who, Message: "before-" + id}}}}
	ctx := t.Context()
	if _, err := s.Take(ctx, a); err != nil {
		t.Fatal(err)
	}
	reserve(t, s, a, at)
	if err := s.Posted(ctx, a, "message-"+r.ID, 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Monitor(ctx, r); err != nil {
		t.Fatal(err)
	}
	if err := s.Finish(ctx, id); err != nil {
		t.Fatal(err)
	}
	return r
}

// fataler is a test, of whichever kind.
type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// holds returns which of these texts stand in any file of the database.
func holds(t fataler, path string, texts ...string) (found []string) {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("files of %s: %v, %v", path, files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if bytes.Contains(data, []byte(text)) {
				found = append(found, text+" in "+filepath.Base(file))
			}
		}
	}
	return found
}

// After somebody was forgotten nothing of them is left, in the database or its
// side files; what belongs to others is.
func TestForget(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := open(t, url, store.Options{})
		now := time.Now()
		ada := asked(t, s, "1", "pseudonym-ada", "g", "ada-secret", now)
		bert := asked(t, s, "2", "pseudonym-bert", "g", "bert-words", now)
		for _, r := range []feedback.Response{ada, bert} {
			for _, who := range []feedback.Rater{"pseudonym-ada", "pseudonym-bert"} {
				v := click(r, who, 2)
				v.MessageID = "message-" + r.ID
				vote(t, s, v)
				explain(t, s, r, who, string(who)+"-why", string(who)+"-expected")
			}
		}
		if strings.HasPrefix(url, "sqlite:") {
			if err := os.WriteFile(file(url)+".before-schema-2", []byte("ada-secret-question"), 0o600); err != nil {
				t.Fatal(err)
			}
			if len(holds(t, file(url), "ada-secret", "pseudonym-ada")) == 0 {
				t.Fatal("the search finds nothing even before")
			}
		}
		f, err := s.Forget(ctx, "pseudonym-ada")
		if err != nil || f.Questions != 1 || f.Votes != 2 {
			t.Errorf("Forget = %+v, %v, want 1 question and 2 votes", f, err)
		}
		if strings.HasPrefix(url, "sqlite:") {
			if left := holds(t, file(url), "ada-secret", "pseudonym-ada", "talk-pseudonym-ada"); len(left) != 0 {
				t.Errorf("left: %q", left)
			}
		}
		if sub, err := s.Submission(ctx, bert.ID, "pseudonym-bert", feedback.User); err != nil || sub.Explanation != "pseudonym-bert-why" {
			t.Errorf("somebody else's vote = %+v, %v", sub, err)
		}
		if sub, err := s.Submission(ctx, ada.ID, "pseudonym-bert", feedback.User); err != nil || sub.Rating != 2 {
			t.Errorf("somebody else's vote on the forgotten answer = %+v, %v", sub, err)
		}
		if r, err := s.Response(ctx, bert.ID); err != nil || r.Question != "bert-words-question" {
			t.Errorf("somebody else's answer = %+v, %v", r, err)
		}
		if taken, err := s.Take(ctx, feedback.Ask{ID: "1", ResponseID: feedback.NewID()}); err != nil || taken {
			t.Errorf("the question can be taken again: %v, %v", taken, err)
		}
		if f, err := s.Forget(ctx, "pseudonym-ada"); err != nil || f.Questions+f.Votes != 0 {
			t.Errorf("Forget again = %+v, %v", f, err)
		}
	})
}

// When the bot has left a server, what was asked there goes, and nothing else.
func TestForgetServer(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		gone := asked(t, s, "1", "ada", "gone", "gone", time.Now())
		stays := asked(t, s, "2", "ada", "stays", "stays", time.Now())
		if err := s.ForgetServer(t.Context(), "gone"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Response(t.Context(), gone.ID); err == nil {
			t.Error("the server's answer is still there")
		}
		if _, err := s.Response(t.Context(), stays.ID); err != nil {
			t.Errorf("another server's answer: %v", err)
		}
	})
}

// Texts and votes go when they are old enough, and not before.
func TestExpire(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		ctx, now := t.Context(), time.Now()
		s := open(t, url, store.Options{})
		const day = 24 * time.Hour
		old, middle, fresh := asked(t, s, "1", "ada", "g", "old", now.Add(-100*day)), asked(t, s, "2", "ada", "g", "middle", now.Add(-50*day)), asked(t, s, "3", "ada", "g", "fresh", now)
		for range 2 {
			if err := s.Expire(ctx, feedback.Retention{Texts: 30 * day, Votes: 90 * day}, now); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Response(ctx, old.ID); err == nil {
			t.Error("the old answer is still there")
		}
		if r, err := s.Response(ctx, middle.ID); err != nil || r.Question+r.Answer != "" || len(r.Context) != 0 {
			t.Errorf("the text of the middle answer = %+v, %v", r, err)
		}
		if r, err := s.Response(ctx, fresh.ID); err != nil || r.Answer != "fresh-answer" {
			t.Errorf("the fresh answer = %+v, %v", r, err)
		}
		if err := s.Expire(ctx, feedback.Retention{}, now.Add(1000*day)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Response(ctx, fresh.ID); err != nil {
			t.Errorf("without retention: %v", err)
		}
	})
}

// While somebody reads, as a backup does, forgetting waits to empty the log of
// changes; the one connection that writes does not wait with it, so clicks go on.
func TestForgetKeepsNobodyFromWriting(t *testing.T) {
	t.Parallel()
	s := open(t, feedbacktest.SQLite(t), store.Options{})
	asked(t, s, "1", "ada", "g", "ada", time.Now())
	reading, err := s.ReadDB().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reading.QueryRow(`SELECT COUNT(*) FROM responses`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	forgotten := make(chan error, 1)
	go func() {
		_, err := s.Forget(t.Context(), "ada")
		forgotten <- err
	}()
	eventually(t, "the member is forgotten", func() bool {
		return rows(t, s.DB(), `SELECT 1 FROM responses WHERE asker = 'ada'`) == ""
	})
	eventually(t, "it tries to empty the log, again and again, over a connection of its own", func() bool { return s.CheckpointTries() > 2 })
	bert := asked(t, s, "2", "bert", "g", "bert", time.Now())
	vote(t, s, click(bert, "carl", 5))
	if len(forgotten) != 0 {
		t.Errorf("Forget() = %v while somebody reads what is forgotten", <-forgotten)
	}
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-forgotten; err != nil {
		t.Errorf("Forget() = %v", err)
	}
}
