package bot

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

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
