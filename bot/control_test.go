package bot_test

import (
	"strings"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/llm/llmtest"
)

// labelled returns the custom id of a message's button by its label, "" for none.
func labelled(m discordtest.Message, label string) string {
	for _, row := range m.Components {
		for _, c := range row.Components {
			if c.Label == label {
				return c.CustomID
			}
		}
	}
	return ""
}

// drawnOut is an answer that takes its time, and never ends by itself.
func drawnOut(words string) llmtest.Script {
	return llmtest.Script{Text: words, TokenDelay: 100 * time.Millisecond, StallAfter: strings.Count(words, " ")}
}

// Stop ends an answer for its asker, and for a moderator; for nobody else. What
// has arrived stays, is monitored, and can be rated.
func TestStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada, eve := w.discord.AddUser("ada"), w.discord.AddUser("eve")
	w.model.Queue(drawnOut(strings.Repeat("It goes on and on. ", 100)))
	asked := w.ask(ada.ID, "tell me a lot")
	m := w.message("a Stop button", func(m discordtest.Message) bool { return refersTo(m, asked.ID) && labelled(m, "Stop") != "" })
	if a, err := w.discord.Click(eve.ID, m.ID, labelled(m, "Stop")).Wait(w.ctx()); err != nil || a.Message == nil || !strings.Contains(a.Message.Content, "Only the person who asked") {
		t.Errorf("a stranger's Stop = %+v, %v, want a polite no", a, err)
	}
	if _, err := w.discord.Click(ada.ID, m.ID, labelled(m, "Stop")).Wait(w.ctx()); err != nil {
		t.Fatal(err)
	}
	m = w.answered(asked.ID)
	if !strings.HasPrefix(m.Content, "It goes on") || !strings.Contains(m.Content, "Stopped here.") || labelled(m, "Stop") != "" || labelled(m, "Try again") == "" {
		t.Errorf("after Stop %q with %+v", m.Content, m.Components)
	}
	if r := w.response(m.ID); r.Finish != feedback.Cut || !strings.HasPrefix(r.Answer, "It goes on") {
		t.Errorf("stored %s %.40q, want a cut answer", r.Finish, r.Answer)
	}
}

// A moderator may stop somebody else's answer.
func TestModeratorStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada, mod := w.discord.AddUser("ada"), w.discord.AddUser("mod")
	w.discord.SetMemberPermissions(mod.ID, discordtest.ManageMessages)
	w.model.Queue(drawnOut(strings.Repeat("It goes on and on. ", 100)))
	asked := w.ask(ada.ID, "tell me a lot")
	m := w.message("a Stop button", func(m discordtest.Message) bool { return refersTo(m, asked.ID) && labelled(m, "Stop") != "" })
	if _, err := w.discord.Click(mod.ID, m.ID, labelled(m, "Stop")).Wait(w.ctx()); err != nil {
		t.Fatal(err)
	}
	if m = w.answered(asked.ID); !strings.Contains(m.Content, "Stopped here.") {
		t.Errorf("after a moderator's Stop %q", m.Content)
	}
}

// A Stop button on an answer that ended long ago, as after a restart, says so.
func TestStopTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada := w.discord.AddUser("ada")
	m := w.answered(w.ask(ada.ID, "what is 2+2?").ID)
	w.stop()
	w.start()
	stop := "fb1:stop:" + w.response(m.ID).ID
	if a, err := w.discord.ClickRaw(ada.ID, m.ID, stop).Wait(w.ctx()); err != nil || a.Message == nil || !strings.Contains(a.Message.Content, "nothing to stop") {
		t.Errorf("Stop = %+v, %v", a, err)
	}
}

// Regenerate makes a response of its own, linked to the first, after a restart
// too. Both can be rated. A moderator may press it as well.
func TestRegenerate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, eve, channel := w.discord.AddUser("ada"), w.discord.AddUser("eve"), w.discord.Channel().ID
	w.model.Queue(llmtest.Script{Text: "Before."}, llmtest.Script{Text: "First try."}, llmtest.Script{Text: "Second try."}, llmtest.Script{Text: "Third try."})
	before := w.answered(w.ask(ada.ID, "hello?").ID)
	first := w.answered(w.discord.Say(ada.ID, channel, "and then?", discordtest.ReplyTo(before.ID)).ID)
	w.stop()
	w.start()
	if a, err := w.discord.Click(eve.ID, first.ID, labelled(first, "Regenerate")).Wait(w.ctx()); err != nil || a.Message == nil || !strings.Contains(a.Message.Content, "Only the person who asked") {
		t.Errorf("a stranger's Regenerate = %+v, %v, want a polite no", a, err)
	}
	old := w.response(first.ID)
	again := func(of discordtest.Message, text string) discordtest.Message {
		t.Helper()
		i := w.discord.Click(ada.ID, of.ID, labelled(of, "Regenerate"))
		m := w.message(text, func(m discordtest.Message) bool {
			return m.InteractionMetadata != nil && m.InteractionMetadata.ID == i.ID && rateable(m)
		})
		if m.Content != text {
			t.Errorf("regenerated %q, want %q", m.Content, text)
		}
		return m
	}
	second := again(first, "Second try.")
	third := again(second, "Third try.")
	for _, m := range []discordtest.Message{second, third} {
		r := w.response(m.ID)
		if r.ID == old.ID || r.AlternativeOf != old.ID || r.ParentID != old.ParentID || r.ConversationID != old.ConversationID || r.Question != old.Question || r.Asker != old.Asker {
			t.Errorf("the alternative is %+v, of %+v", r, old)
		}
		if _, err := w.discord.Click(eve.ID, m.ID, thumb(m, 0)).Wait(w.ctx()); err != nil {
			t.Fatal(err)
		}
		if v, err := w.vote(eve.ID, m.ID); err != nil || v.Rating != 5 {
			t.Errorf("vote on the alternative = %+v, %v", v, err)
		}
	}
	if got := w.lastShown(); len(got) != 3 || got[2] != "user: and then?" || got[1] != "assistant: Before." {
		t.Errorf("the model was shown %q, want the conversation as it was", got)
	}
	if v, err := w.vote(eve.ID, first.ID); err == nil {
		t.Errorf("the first answer has a vote %+v", v)
	}
}

// A failed answer offers to try again, to a moderator too, and after a restart.
// The question stays its asker's.
func TestTryAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada := w.discord.AddUser("ada")
	w.model.Queue(llmtest.Error(401, "no such key"))
	failed := w.replied(w.ask(ada.ID, "why?").ID, "not set up correctly")
	if rateable(failed) || labelled(failed, "Try again") == "" {
		t.Fatalf("the notice has %+v", failed.Components)
	}
	w.stop()
	w.start()
	w.model.Queue(llmtest.Script{Text: "Because."})
	moderator := w.discord.AddUser("moderator")
	w.discord.SetMemberPermissions(moderator.ID, discordtest.DefaultPermissions|discordtest.ManageMessages)
	i := w.discord.Click(moderator.ID, failed.ID, labelled(failed, "Try again"))
	m := w.message("an answer", func(m discordtest.Message) bool {
		return m.InteractionMetadata != nil && m.InteractionMetadata.ID == i.ID && rateable(m)
	})
	if r := w.response(m.ID); m.Content != "Because." || r.Question != "why?" || r.AlternativeOf != "" || r.Asker != w.store.Rater(ada.ID) {
		t.Errorf("the second try says %q, stored %+v", m.Content, r)
	}
}

// A deleted question ends its answer and takes back what was shown of it.
func TestDeletedQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, channel := w.discord.AddUser("ada"), w.discord.Channel().ID
	w.model.Queue(drawnOut(strings.Repeat("It goes on and on. ", 100)))
	deleted := w.watch(discordtest.KindDelete)
	asked := w.ask(ada.ID, "tell me a lot")
	shown := w.replied(asked.ID, "It goes on")
	w.discord.Delete(asked.ID)
	w.next(deleted, "the answer deleted", func(e discordtest.Event) bool { return e.Data.(discordtest.Message).ID == shown.ID })
	w.stop()
	if left := w.replies(channel); len(left) != 0 {
		t.Errorf("%d messages are left: %+v", len(left), left)
	}
	w.start()
	if asks, err := w.store.Unfinished(w.ctx()); err != nil || len(asks) != 0 {
		t.Errorf("unfinished: %+v, %v", asks, err)
	}
}

// A deleted message is no longer part of the conversation.
func TestDeletedMessageLeavesTheConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada, channel := w.discord.AddUser("ada"), w.discord.Channel().ID
	w.model.Queue(llmtest.Script{Text: "One."}, llmtest.Script{Text: "Two."}, llmtest.Script{Text: "Three."})
	first := w.ask(ada.ID, "first secret")
	one := w.answered(first.ID)
	two := w.answered(w.discord.Say(ada.ID, channel, "second", discordtest.ReplyTo(one.ID)).ID)
	w.discord.Delete(first.ID)
	for w.response(one.ID); ; {
		if chain, err := w.store.Chain(w.ctx(), w.response(two.ID).ID, 10); err != nil || len(chain) == 1 {
			break
		}
	}
	w.answered(w.discord.Say(ada.ID, channel, "third", discordtest.ReplyTo(two.ID)).ID)
	if got := strings.Join(w.lastShown(), "\n"); strings.Contains(got, "secret") || !strings.Contains(got, "Two.") {
		t.Errorf("the model was shown %q", got)
	}
}
