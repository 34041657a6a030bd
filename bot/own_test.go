package bot_test

import (
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback/feedbacktest"
)

// Of two processes that are told to run the same shards, by mistake or as a
// reserve, one stands by, says so, and takes over when the other ends.
func TestStandBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.database = feedbacktest.Postgres(t)
	w.start()
	standsBy := w.logs.await("standing by")
	v := *w
	v.boot()
	<-standsBy
	ada := w.discord.AddUser("ada")
	w.answered(w.ask(ada.ID, "what is 2+2?").ID)
	if err := v.bot.Ready(); err == nil {
		t.Error("the process that stands by says that it is ready")
	}
	if err := v.bot.Healthy(); err != nil {
		t.Errorf("the process that stands by is not well: %v", err)
	}
	if n := w.discord.Identifies(); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
	identified := w.watch(discordtest.KindIdentify)
	w.stop()
	missed := w.ask(ada.ID, "what is 3+3?")
	v.next(identified, "a session of the other process", nil)
	v.answered(missed.ID)
	v.answered(v.ask(ada.ID, "what is 4+4?").ID)
	v.stop()
	if n := len(w.model.Requests()); n != 3 {
		t.Errorf("the model was asked %d times for 3 questions", n)
	}
}

// Processes with different shards on one Postgres keep to Discord's pace of new
// sessions together: Discord finds nothing wrong with it.
func TestProcessesShareTheIdentifyLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{Shards: 2, MaxConcurrency: 1})
	w.database = feedbacktest.Postgres(t)
	identified := w.watch(discordtest.KindIdentify)
	w.options.Shards = bot.Shards{First: 0, Last: 0, Total: 2}
	w.boot()
	v := *w
	v.options.Shards = bot.Shards{First: 1, Last: 1, Total: 2}
	v.boot()
	w.next(identified, "a first session", nil)
	w.next(identified, "a second session", nil)
	v.stop()
}
