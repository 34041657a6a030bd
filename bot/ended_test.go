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
	"feedbackbot/feedback/store"
)

// slowGate is a store that takes its time to say whether there is room in the
// budget, and tells when it is asked.
type slowGate struct {
	*store.Store
	asked func()
}

func (g slowGate) Reserve(ctx context.Context, a feedback.Ask, u feedback.Use, b feedback.Budget, now time.Time) (feedback.Verdict, error) {
	v, err := g.Store.Reserve(ctx, a, u, b, now)
	g.asked()
	return v, err
}

// A question that is deleted before the model is asked costs nothing, and gets no
// sentence.
func TestDeletedBeforeTheModelIsAsked(t *testing.T) {
	var s *stage
	never := func(context.Context, func(string)) { t.Error("the model was asked") }
	gate := func(kept *store.Store) database {
		return slowGate{kept, func() { s.flights.stop(errDeleted, func(feedback.Ask) bool { return true }) }}
	}
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), never, gate, func(t *testing.T, on *stage) {
		s = on
		s.tell(t.Context(), s.question(t))
		if used, err := s.kept.Used(t.Context(), feedback.OfMember("a"), time.Now()); err != nil || used.Tokens != 0 {
			t.Errorf("used %+v, %v, want nothing", used, err)
		}
		if sent := s.left("/messages"); len(sent) != 0 {
			t.Errorf("said %+v", sent)
		}
	})
}

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

// A command in a thread makes the bot take part there: what follows needs no
// mention.
func TestCommandJoinsItsThread(t *testing.T) {
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), func(_ context.Context, say func(string)) { say("It is four, as far as I can tell.") }, nil, func(t *testing.T, s *stage) {
		s.places.put("6", discord.Channel{ID: "8", Type: 11, ParentID: "5"})
		if s.takesPart(t.Context(), "8", time.Now()) {
			t.Fatal("it takes part before anybody asked")
		}
		i := &discord.Interaction{ID: "1", Token: "token", AppID: "7", GuildID: "6", ChannelID: "8", User: &discord.User{ID: "2"}, Received: time.Now()}
		s.askByInteraction(t.Context(), i, feedback.Ask{Asker: "a", Question: "what is 2+2?"}, func(context.Context) conversation { return conversation{} })
		s.running.Wait()
		if !s.takesPart(t.Context(), "8", time.Now().Add(time.Second)) {
			t.Error("it does not take part after a command")
		}
	})
}

// The message with which a command shows its question before a thread is opened is
// no answer: after a crash the question is answered.
func TestShownQuestionIsNoAnswer(t *testing.T) {
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), nil, nil, func(t *testing.T, s *stage) {
		s.me.ID = "5"
		s.serve = func(r *http.Request) (int, string) {
			if r.Method == http.MethodGet {
				return 200, `[{"id":"43","channel_id":"8","author":{"id":"5"},"content":"**Ada** asks: what is 2+2?","interaction_metadata":{"id":"9"}}]`
			}
			return 0, ""
		}
		ids, err := s.findAnswer(t.Context(), question{Ask: feedback.Ask{ID: "9", ChannelID: "8", Token: "token"}})
		if err != nil || len(ids) != 0 {
			t.Errorf("findAnswer() = %q, %v, want none", ids, err)
		}
		s.serve = func(*http.Request) (int, string) {
			return 200, `[{"id":"43","channel_id":"8","author":{"id":"5"},"content":"It is four.","interaction_metadata":{"id":"9"}}]`
		}
		if ids, err := s.findAnswer(t.Context(), question{Ask: feedback.Ask{ID: "9", ChannelID: "8", Token: "token"}}); err != nil || len(ids) != 1 {
			t.Errorf("findAnswer() = %q, %v, want the answer", ids, err)
		}
	})
}
