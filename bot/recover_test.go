package bot_test

import (
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
)

// taken stores that an earlier process has taken a question of Ada's, so long
// ago.
func (w *world) taken(s *store.Store, asked discordtest.Message, age time.Duration) feedback.Ask {
	w.t.Helper()
	a := feedback.Ask{ID: asked.ID, ResponseID: feedback.NewID(), GuildID: asked.GuildID, ChannelID: asked.ChannelID,
		Asker: s.Rater("ada"), Question: "what is 2+2?", AskedAt: time.Now().Add(-age)}
	a.ConversationID = a.ResponseID
	if _, err := s.Take(w.ctx(), a); err != nil {
		w.t.Fatal(err)
	}
	return a
}

// A question whose taking became durable only after the next process had looked
// for unfinished ones is answered when Discord repeats it.
func TestTakenInTheLastMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	asked := w.ask(w.discord.AddUser("ada").ID, "what is 2+2?")
	w.start()
	w.alive()
	s := w.open()
	w.taken(s, asked, 0)
	for range 2 {
		if err := w.discord.Emit("MESSAGE_CREATE", asked); err != nil {
			t.Fatal(err)
		}
	}
	w.answered(asked.ID)
	w.stop()
	if n := len(w.replies(asked.ChannelID)); n != 2 {
		t.Errorf("%d replies to two questions", n)
	}
	if left, err := s.Unfinished(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("Unfinished() = %v, %v, want none", left, err)
	}
}

// What an earlier process left is completed: a stored answer gets its messages
// and buttons, a begun one is marked as cut, a question nobody began is
// answered, an old one is let go.
func TestUnfinishedWork(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		age   time.Duration
		leave func(w *world, s *store.Store, a feedback.Ask) // what the dead process had done
		want  string                                         // in the answer; "" for none
	}{
		{"Taken", 0, func(*world, *store.Store, feedback.Ask) {}, "4"},
		{"TakenLongAgo", time.Hour, func(*world, *store.Store, feedback.Ask) {}, ""},
		{"Stored", 0, func(w *world, s *store.Store, a feedback.Ask) {
			err := s.Monitor(w.ctx(), feedback.Response{ID: a.ResponseID, AskID: a.ID, ChannelID: a.ChannelID, Asker: a.Asker,
				ConversationID: a.ResponseID, Question: a.Question, Answer: "the stored answer", Finish: feedback.Complete, FinishedAt: time.Now()})
			if err != nil {
				w.t.Fatal(err)
			}
		}, "the stored answer"},
		{"Failed", 0, func(w *world, s *store.Store, a feedback.Ask) {
			if err := s.Fail(w.ctx(), a.ID); err != nil {
				w.t.Fatal(err)
			}
		}, "went wrong"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{})
			asked := w.ask(w.discord.AddUser("ada").ID, "what is 2+2?")
			s := w.open()
			a := w.taken(s, asked, test.age)
			test.leave(w, s, a)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			w.start()
			if test.want != "" {
				if m := w.replied(asked.ID, test.want); test.name == "Stored" {
					w.answered(m.MessageReference.MessageID)
				}
			}
			w.stop()
			replies := w.replies(asked.ChannelID)
			if want := min(1, len(test.want)); len(replies) != want {
				t.Errorf("%d replies, want %d", len(replies), want)
			}
			if left, err := w.open().Unfinished(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("Unfinished() = %v, %v, want none", left, err)
			}
		})
	}
}

// A database or a Discord that is away while the bot starts holds up what an
// earlier process left and what was missed, and loses none of it.
func TestUnfinishedWorkWhileAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	ada := w.discord.AddUser("ada")
	dm := w.discord.DM(ada.ID).ID
	w.start()
	w.answered(w.discord.Say(ada.ID, dm, "what is 1+1?").ID)
	w.stop()
	asked := w.ask(ada.ID, "what is 2+2?")
	missed := w.discord.Say(ada.ID, dm, "what is 3+3?")
	s := w.open()
	a := w.taken(s, asked, 0)
	err := s.Monitor(w.ctx(), feedback.Response{ID: a.ResponseID, AskID: a.ID, GuildID: a.GuildID, ChannelID: a.ChannelID, Asker: a.Asker,
		ConversationID: a.ResponseID, Question: a.Question, Answer: "the stored answer", Finish: feedback.Complete, FinishedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	methods := []string{"Setting", "Unfinished", "Response", "RecentPlaces"}
	before, left := failing(1, methods...)
	w.before = before
	w.discord.Inject(discordtest.Fault{Method: "GET", Path: "/channels/" + asked.ChannelID + "/messages", Status: 500, Times: 8})
	w.start()
	w.answered(asked.ID)
	w.answered(missed.ID)
	if list := left(); len(list) > 0 {
		t.Errorf("the test shows nothing about %v", list)
	}
	w.stop()
	if left, err := w.open().Unfinished(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("Unfinished() = %v, %v, want none", left, err)
	}
}
