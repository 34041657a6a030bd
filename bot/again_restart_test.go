package bot_test

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"sync/atomic"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// A question that a killed process had not begun to answer is answered by the next
// one to what it was about: a quoted message, a thread, an earlier answer.
func TestKilledBeforeTheFirstWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	c := exec.CommandContext(w.ctx(), os.Args[0])
	c.Env = append(os.Environ(), childDiscord+"="+w.discord.URL(), childModel+"="+w.model.URL(), childDatabase+"=sqlite:"+w.path)
	in, err := c.StdinPipe() // the child lives until it ends
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if err := w.discord.WaitCommand(w.ctx(), "ask"); err != nil {
		t.Fatal(err)
	}
	ada, bert, channel := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.Channel().ID
	w.model.Queue(llmtest.Script{Text: "Blue."})
	blue := w.answered(w.ask(ada.ID, "what colour is the sky?").ID)
	w.model.SetAnswer(func(llmtest.Request) llmtest.Script { return llmtest.Script{Text: "x", StallAfter: llmtest.AtOnce} })
	thread := w.discord.AddThread(ada.ID, channel, "holidays").ID
	w.discord.Say(bert.ID, thread, "I like the sun.")
	claim := w.discord.Say(bert.ID, channel, "Der Hahn kräht.")
	asked := []discordtest.Message{
		w.discord.Say(ada.ID, channel, w.mention("translate this"), discordtest.ReplyTo(claim.ID)),
		w.discord.Say(ada.ID, thread, w.mention("where to go?")),
		w.discord.Say(ada.ID, channel, "why?", discordtest.ReplyTo(blue.ID)),
	}
	want := []string{"user: Bert wrote:\nDer Hahn kräht.\n\ntranslate this", "user: Bert: I like the sun.\nAda: where to go?", "user: why?"}
	if _, err := w.model.WaitRequests(w.ctx(), 4); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.Wait() // which tells of the kill
	w.model.SetAnswer(nil)
	w.start()
	for _, m := range asked {
		w.answered(m.ID)
	}
	w.stop()
	var got []string
	for _, r := range w.model.Requests()[4:] {
		turns := shown(r)
		got = append(got, turns[len(turns)-1])
		if last := turns[len(turns)-1]; last == "user: why?" && (len(turns) != 3 || turns[1] != "assistant: Blue.") {
			t.Errorf("the follow-up was shown with %q", turns)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("after the kill the model was shown %q, want %q", got, want)
	}
}

// What could not be stored at once is stored later without a word of anybody's,
// who may have been forgotten since, and is read from Discord for another answer.
func TestQuoteOfALateQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	var failed atomic.Bool
	w.before = func(method string) error {
		if method == "Take" && failed.CompareAndSwap(false, true) {
			return errors.New("the database is away")
		}
		return nil
	}
	w.start()
	ada, bert, channel := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.Channel().ID
	claim := w.discord.Say(bert.ID, channel, "Der Hahn kräht.", attach("hahn.txt", []byte("kikeriki")))
	m := w.answered(w.discord.Say(ada.ID, channel, w.mention("translate this"), discordtest.ReplyTo(claim.ID)).ID)
	id := w.response(m.ID).ID
	all, err := w.store.ShownWith(w.ctx(), id)
	if err != nil || len(all[id].Before) != 1 {
		t.Fatal(all, err)
	}
	if kept := all[id].Before[0]; kept.Name+kept.Text+string(kept.Owner)+kept.Files[0].Name != "" || kept.Message != claim.ID {
		t.Errorf("stored late: %+v", kept)
	}
	w.again(ada.ID, m)
	if got, want := w.lastShown(), []string{"user: Bert wrote:\nDer Hahn kräht.\n[attached: hahn.txt]\n\nFile hahn.txt:\nkikeriki\n\ntranslate this"}; !slices.Equal(got, want) {
		t.Errorf("the model was shown %q, want %q", got, want)
	}
}
