package bot_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/llm/llmtest"
)

// A command's question stands above its answer while that is written and in the
// end, and above another answer to it, whoever wants it. It is no part of what is
// stored, nor of what the model is shown.
func TestQuestionOfACommandIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	w.start()
	ada, channel := w.discord.AddUser("Ada_L"), w.discord.Channel().ID
	moderator := w.discord.AddUser("moderator")
	w.discord.SetMemberPermissions(moderator.ID, discordtest.DefaultPermissions|discordtest.ManageMessages)
	edits := w.watch(discordtest.KindEdit)
	const above = `> **Ada\_L** asks: is \*this\* \<@1> safe?` + "\n"
	w.model.Queue(slowly("Yes, it is as safe as ", "can be, I think.", " Really."), llmtest.Script{Text: "> No."}, llmtest.Script{Text: strings.Repeat("Maybe. ", 400)},
		llmtest.Script{Text: "Well."}, llmtest.Script{Text: "Because."})
	m := w.answerTo(w.discord.Command(ada.ID, channel, "ask", map[string]any{"prompt": "is *this*\n<@1> safe?"}))
	for len(edits) > 0 {
		if e := w.next(edits, "an edit", nil).Data.(discordtest.Message); !strings.HasPrefix(e.Content, above) {
			t.Errorf("on the way %q is shown", e.Content)
		}
	}
	for n, want := range []string{"Yes, it is as safe as can be, I think. Really.", "\n> No.", "", "Well."} {
		first := m
		if n == 2 { // of two messages
			list := w.replies(channel)
			first = list[len(list)-2]
			want = strings.TrimPrefix(first.Content, above)
		}
		if first.Content != above+want {
			t.Errorf("answer %d says %q, want %q", n, first.Content, above+want)
		}
		if r := w.response(m.ID); r.Question != "is *this*\n<@1> safe?" || strings.Contains(r.Answer, "asks") || strings.HasPrefix(r.Answer, "\n") {
			t.Errorf("stored %q as the answer to %q", r.Answer, r.Question)
		}
		if n < 3 {
			old := m.ID
			w.discord.Click(moderator.ID, old, labelled(m, "Regenerate"))
			m = w.message("another answer", func(m discordtest.Message) bool { return m.ID > old && rateable(m) })
		}
	}
	w.answered(w.discord.Say(ada.ID, channel, w.mention("why?"), discordtest.ReplyTo(m.ID)).ID)
	if got := strings.Join(w.lastShown(), "|"); strings.Contains(got, "asks:") || !strings.Contains(got, "assistant: Well.") {
		t.Errorf("the model was shown %q", got)
	}
}

// A command that failed is tried again below its question, a message without one.
func TestQuestionIsShownWhenTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	w.start()
	ada, channel := w.discord.AddUser("Ada"), w.discord.Channel().ID
	for above, ask := range map[string]func(){
		"> **Ada** asks: so?\n": func() { w.discord.Command(ada.ID, channel, "ask", map[string]any{"prompt": "so?"}) },
		"":                      func() { w.ask(ada.ID, "so?") },
	} {
		w.model.Queue(llmtest.Error(401, "no such key"), llmtest.Script{Text: "Because."})
		before := w.discord.Bot().ID
		if list := w.replies(channel); len(list) > 0 {
			before = list[len(list)-1].ID
		}
		ask()
		failed := w.message("a notice", func(m discordtest.Message) bool { return m.ID > before && labelled(m, "Try again") != "" })
		if m := w.answerTo(w.discord.Click(ada.ID, failed.ID, labelled(failed, "Try again"))); m.Content != above+"Because." {
			t.Errorf("the second try says %q, want %q", m.Content, above+"Because.")
		}
	}
}

// A long question is shown in short; what has no words has no line.
func TestLongQuestionOfACommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	w.start()
	ada := w.discord.AddUser("Ada")
	w.model.Queue(llmtest.Script{Text: "No."})
	m := w.answerTo(w.discord.Command(ada.ID, w.discord.DM(ada.ID).ID, "ask", map[string]any{"prompt": strings.Repeat("why `so` ", 600)}))
	if line, answer, _ := strings.Cut(m.Content, "\n"); answer != "No." || !strings.HasPrefix(line, "> **Ada** asks: why \\`so\\` why") || !strings.HasSuffix(line, "…") || len(line) > 500 {
		t.Errorf("shown %q", m.Content)
	}
}

// Where the store keeps no texts, the line is not taken for a part of the answer
// when that is read again; and a message of ours that the store does not know is
// quoted without it.
func TestShownQuestionIsNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	w.options.NoText = true
	w.start()
	ada, channel := w.discord.AddUser("Ada"), w.discord.Channel().ID
	w.model.Queue(llmtest.Script{Text: "Well."}, llmtest.Script{Text: "Because."})
	m := w.answerTo(w.discord.Command(ada.ID, channel, "ask", map[string]any{"prompt": "so?"}))
	w.answered(w.discord.Say(ada.ID, channel, w.mention("why?"), discordtest.ReplyTo(m.ID)).ID)
	if got := strings.Join(w.lastShown(), "|"); got != "user: so?|assistant: Well.|user: why?" {
		t.Errorf("the model was shown %q", got)
	}
}

// What an earlier process began to show below a question stays below it.
func TestShownQuestionIsKept(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		shown, want string
		stored      bool
	}{
		"begun":        {"> **Ada** asks: so?\nIt began", "> **Ada** asks: so?\nIt began\n\n-# ✂️ I had to restart", false},
		"stored":       {"> **Ada** asks: so?\nIt be", "> **Ada** asks: so?\nIt began and ended.", true},
		"before shown": {"", "> **Asked:** so?\nIt began and ended.", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{ChannelLimit: -1})
			w.putCommands(map[string]any{"name": "ask", "description": "ask", "options": []any{map[string]any{"type": 3, "name": "prompt", "description": "p"}}})
			ada := w.discord.AddUser("Ada")
			i := w.discord.Command(ada.ID, w.discord.Channel().ID, "ask", map[string]any{"prompt": "so?"})
			w.send("POST", "/interactions/"+i.ID+"/"+i.Token+"/callback", map[string]any{"type": 5})
			thinking, err := i.Wait(w.ctx())
			if err != nil {
				t.Fatal(err)
			}
			s := w.open()
			a := feedback.Ask{ID: i.ID, ResponseID: feedback.NewID(), GuildID: i.GuildID, ChannelID: i.ChannelID, Token: i.Token,
				Asker: s.Rater(ada.ID), Question: "so?", AskedAt: time.Now()}
			if _, err = s.Take(w.ctx(), a); err != nil {
				t.Fatal(err)
			}
			if test.shown != "" {
				w.send("PATCH", "/webhooks/"+w.discord.Bot().ID+"/"+i.Token+"/messages/@original",
					map[string]any{"content": test.shown, "allowed_mentions": map[string]any{"parse": []string{}}})
				err = s.Posted(w.ctx(), a, thinking.Message.ID, 0)
			}
			if err == nil && test.stored {
				err = s.Monitor(w.ctx(), whole(a, feedback.Complete))
			}
			if err = errors.Join(err, s.Close()); err != nil {
				t.Fatal(err)
			}
			w.start()
			m := w.message("the end", rateable)
			if !strings.HasPrefix(m.Content, test.want) {
				t.Errorf("shown %q, want %q", m.Content, test.want)
			}
			if r := w.response(m.ID); !strings.HasPrefix(r.Answer, "It began") {
				t.Errorf("stored %q", r.Answer)
			}
		})
	}
}
