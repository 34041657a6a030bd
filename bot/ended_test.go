package bot

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

// A file that cannot be loaded because its question was deleted is no reason to
// say anything.
func TestDeletedWhileAFileIsLoaded(t *testing.T) {
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), nil, nil, func(t *testing.T, s *stage) {
		q := s.question(t)
		q.Question, q.attachments = "[attached: a.txt]", []discord.Attachment{{Filename: "a.txt", URL: "https://cdn.discordapp.com/a.txt"}}
		flown := s.flights.begin(s.models, q.Ask)
		defer flown.land()
		flown.stop(errDeleted)
		s.answer(t.Context(), flown, newReply(s.Bot, q))
		if sent := s.left("/messages"); len(sent) != 0 {
			t.Errorf("said %+v", sent)
		}
	})
}

// An answer that goes wrong again and again is tried again with the question that
// asked at first, in one flight at a time.
func TestTryAgainAndAgain(t *testing.T) {
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), func(context.Context, func(string)) {}, nil, func(t *testing.T, s *stage) {
		q := s.question(t)
		s.tell(t.Context(), q) // which says nothing, so there is no answer
		responseID := q.ResponseID
		for n := range 3 {
			a, err := s.earlier(t.Context(), responseID)
			if err != nil || a.Source != q.ID {
				t.Fatalf("try %d: the source is %q, %v, want %s", n, a.Source, err, q.ID)
			}
			other := s.flights.begin(s.models, feedback.Ask{ID: "other", Source: q.ID})
			other.write()
			if s.flights.beginOnly(s.models, a) != nil {
				t.Errorf("try %d: begun although another try is under way", n)
			}
			other.land()
			i := &discord.Interaction{ID: string(rune('1' + n)), Token: "token", AppID: "7", ChannelID: "8", User: &discord.User{ID: "2"}, Received: time.Now()}
			s.askByInteraction(t.Context(), i, a, func(context.Context) conversation { return conversation{source: a.Source} })
			s.running.Wait()
			synctest.Wait()
			again, err := s.kept.Unfinished(t.Context())
			if err != nil || len(again) != 0 {
				t.Fatalf("unfinished %+v, %v", again, err)
			}
			responseID = lastButton(t, s)
		}
	})
}

// lastButton returns the response that the latest "Try again" names.
func lastButton(t *testing.T, s *stage) string {
	t.Helper()
	all := s.left("")
	for n := len(all) - 1; n >= 0; n-- {
		if _, after, found := strings.Cut(all[n].raw, "fb1:again:"); found {
			return after[:36]
		}
	}
	t.Fatal("nothing offers to try again")
	return ""
}

// A question that is regenerated waits for nothing before it is acknowledged, and
// ends when the question that asked at first is deleted.
func TestRegeneratedQuestionIsDeleted(t *testing.T) {
	began := make(chan struct{})
	endless := func(ctx context.Context, say func(string)) {
		say("It begins here, and it goes on and on and on.")
		close(began)
		<-ctx.Done()
	}
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), endless, nil, func(t *testing.T, s *stage) {
		s.serve = func(r *http.Request) (int, string) { return 0, "" }
		i := &discord.Interaction{ID: "1", Token: "token", AppID: "7", ChannelID: "8", User: &discord.User{ID: "2"}, Received: time.Now()}
		s.askByInteraction(t.Context(), i, feedback.Ask{Asker: "a", Question: "why?", Source: "9"}, func(context.Context) conversation { return conversation{} })
		<-began
		s.onDelete("9")
		s.running.Wait()
		synctest.Wait()
		if r, err := s.kept.Unfinished(t.Context()); err != nil || len(r) != 0 {
			t.Errorf("unfinished %+v, %v", r, err)
		}
		for _, sent := range s.left("") {
			if sent.hasVotes() {
				t.Errorf("the answer can be rated: %+v", sent)
			}
		}
	})
}

// While it is seen to a question that another process has taken, this one is not
// held to be writing an answer: it can be regenerated.
func TestTakenElsewhereIsNotUnderWay(t *testing.T) {
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), nil, nil, func(t *testing.T, s *stage) {
		ctx, stop := context.WithCancel(t.Context())
		s.intake, s.models, s.me.ID = ctx, ctx, "5"
		m := &discord.Message{ID: "9", ChannelID: "8", Author: &discord.User{ID: "2"}, Content: "why?", At: time.Now()}
		if _, err := s.kept.Take(t.Context(), feedback.Ask{ID: m.ID, ResponseID: feedback.NewID(), ChannelID: "8"}); err != nil {
			t.Fatal(err)
		}
		s.begin("question", func() { s.ask(t.Context(), m) })
		time.Sleep(takeOverAfter / 2)
		synctest.Wait()
		again := s.flights.beginOnly(s.models, feedback.Ask{ID: "10", Source: m.ID})
		if again == nil {
			t.Error("a question that another process has taken counts as under way")
		} else {
			again.land()
		}
		s.flights.stop(errDeleted, func(feedback.Ask) bool { return true })
		stop()
		s.running.Wait()
	})
}
