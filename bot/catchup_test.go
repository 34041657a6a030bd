package bot_test

import (
	"fmt"
	"testing"
	"time"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
)

// Where a session cannot be resumed, what was asked meanwhile is fetched and
// answered, in servers and in direct messages; what was answered is not
// answered again.
func TestMissedQuestions(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(w *world){
		"session lost": func(w *world) {
			w.discord.ForgetSessions()
			w.discord.DropConnections()
		},
		"restart": func(w *world) { w.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
			w.start()
			ada, bert := w.discord.AddUser("ada"), w.discord.AddUser("bert")
			quiet := w.discord.AddChannel(w.discord.Guild().ID, "quiet")
			dm := w.discord.DM(ada.ID).ID
			w.answered(w.ask(ada.ID, "what is 1+1?").ID)
			w.answered(w.discord.Say(ada.ID, dm, "what is 1+2?").ID)
			lose(w)
			missed := []discordtest.Message{
				w.ask(ada.ID, "what is 2+2?"),
				w.discord.Say(bert.ID, quiet.ID, w.mention("what is 2+3?")),
				w.discord.Say(ada.ID, dm, "what is 2+4?"),
			}
			w.discord.Say(bert.ID, quiet.ID, "not for the bot")
			if name == "restart" {
				w.start()
			}
			for _, m := range missed {
				w.answered(m.ID)
			}
			w.alive()
			if n := len(w.model.Requests()); n != 6 {
				t.Errorf("the model was asked %d times for 6 questions", n)
			}
		})
	}
}

// A message that comes again, at once or to the next process, is answered once.
func TestDuplicateQuestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	w.discord.Duplicate(20)
	ada := w.discord.AddUser("ada")
	asked := w.ask(ada.ID, "what is 1+1?")
	w.answered(asked.ID)
	w.discord.Duplicate(1)
	w.stop()
	w.start()
	if err := w.discord.Emit("MESSAGE_CREATE", asked); err != nil {
		t.Fatal(err)
	}
	w.alive()
	w.stop()
	if n := len(w.replies(asked.ChannelID)); n != 2 {
		t.Errorf("%d replies to 2 questions", n)
	}
	if n := len(w.model.Requests()); n != 2 {
		t.Errorf("the model was asked %d times for 2 questions", n)
	}
}

// twin starts a second process beside the first.
func (w *world) twin(change func(*world)) *world {
	v := *w
	if change != nil {
		change(&v)
	}
	v.start()
	return &v
}

// Two processes on one database answer a question once.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	v := w.twin(nil)
	ada := w.discord.AddUser("ada")
	for n := range 10 {
		asked := w.discord.Say(ada.ID, w.discord.AddChannel(w.discord.Guild().ID, fmt.Sprint("c", n)).ID, w.mention("what is 2+2?"))
		w.answered(asked.ID)
	}
	v.stop()
	w.stop()
	if n := len(w.model.Requests()); n != 10 {
		t.Errorf("the model was asked %d times for 10 questions", n)
	}
}

// Even two processes that share nothing show one message for one question,
// because its nonce derives from the question.
func TestTwoProcessesWithoutACommonDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	v := w.twin(func(v *world) { v.path += "2" })
	asked := w.ask(w.discord.AddUser("ada").ID, "what is 2+2?")
	w.answered(asked.ID)
	if _, err := w.model.WaitRequests(w.ctx(), 2); err != nil {
		t.Fatal(err)
	}
	v.stop()
	w.stop()
	if n := len(w.replies(asked.ChannelID)); n != 1 {
		t.Errorf("%d replies to one question", n)
	}
}

// The shards of one process share its work, and the shards of two processes
// share one database.
func TestShards(t *testing.T) {
	t.Parallel()
	for name, processes := range map[string][]string{"one process": {"auto"}, "two processes": {"0-0/2", "1/2"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{Shards: 2, MaxConcurrency: 2})
			other := w.discord.AddGuild("Other")
			elsewhere := w.discord.AddChannel(other.ID, "elsewhere")
			identified := w.watch(discordtest.KindIdentify)
			last := w
			for n, text := range processes {
				shards, err := bot.ParseShards(text)
				if err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					w.options.Shards = shards
					w.start()
					continue
				}
				last = w.twin(func(v *world) { v.options.Shards = shards })
			}
			w.next(identified, "a first shard", nil)
			w.next(identified, "a second shard", nil)
			ada := w.discord.AddUser("ada")
			m := w.answered(w.discord.Say(ada.ID, elsewhere.ID, w.mention("what is 1+1?")).ID)
			w.answered(w.ask(ada.ID, "what is 2+2?").ID)
			w.answered(w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "what is 3+3?").ID)
			if a := answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))); a.Type != 4 {
				t.Errorf("a vote was acknowledged with type %d, want 4", a.Type)
			}
			for _, b := range []*bot.Bot{w.bot, last.bot} {
				if err := b.Ready(); err != nil {
					t.Errorf("Ready() = %v, want nil", err)
				}
			}
		})
	}
}

// DISCORD_SHARDS is auto, one shard, or a range of them.
func TestParseShards(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bot.Shards{"auto": {}, "": {}, "0-3/8": {First: 0, Last: 3, Total: 8}, "2/3": {First: 2, Last: 2, Total: 3},
		"0:2/8": {First: 0, Last: 3, Total: 8}, "1:2/8": {First: 4, Last: 7, Total: 8}, "2:3/7": {First: 4, Last: 6, Total: 7}} {
		if got, err := bot.ParseShards(text); err != nil || got != want {
			t.Errorf("ParseShards(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "1", "3-1/4", "0-4/4", "-1/2", "0-1/", "0-1/2/3", "0x0/1", "2:2/4", "-1:2/4", "0:5/4", "0:0/4", "a:b/4", "0:2/x"} {
		if got, err := bot.ParseShards(text); err == nil {
			t.Errorf("ParseShards(%q) = %v, want an error", text, got)
		}
	}
}

// An earlier process that was last connected long ago widens nothing: the bot
// looks back as far as an answer still makes sense.
func TestOldGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	s := w.open()
	if err := s.SetSetting(w.ctx(), "shard_0_alive", time.Now().Add(-24*time.Hour).UTC().Format(time.RFC3339)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	asked := w.ask(w.discord.AddUser("ada").ID, "what is 2+2?")
	w.start()
	w.answered(asked.ID)
}

// Who may ask by their roles is answered also when their message was missed, and
// who may not is told so: messages that are read come without roles.
func TestMissedQuestionsByRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.options.Access.AllowPeople = []string{"700"}
	ada, eve := w.discord.AddUser("ada"), w.discord.AddUser("eve")
	w.discord.SetRoles(ada.ID, "700")
	w.start()
	w.answered(w.ask(ada.ID, "what is 1+1?").ID)
	w.stop()
	missed, refused := w.ask(ada.ID, "what is 2+2?"), w.ask(eve.ID, "what is 2+3?")
	w.start()
	w.answered(missed.ID)
	w.replied(refused.ID, "you can't ask me")
}
