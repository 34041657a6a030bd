package bot_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/llm/llmtest"
)

// fault returns the model's fault of that name.
func fault(t *testing.T, name string) llmtest.Script {
	t.Helper()
	for _, c := range llmtest.Faults() {
		if c.Name == name {
			return c.Script
		}
	}
	t.Fatalf("llmtest knows no fault %q", name)
	return llmtest.Script{}
}

// An answer of which text arrived is shown with a mark, stored with how it
// ended, and can be rated; one of which none arrived is a sentence without
// buttons and leaves no response.
func TestHowAnswersEnd(t *testing.T) {
	t.Parallel()
	text := "one two three four"
	const stalledFor = 10 * time.Second // the text before the silence arrives much sooner
	for _, tt := range []struct {
		name    string
		scripts []llmtest.Script
		says    string
		finish  feedback.Finish // "" for no response
		idle    time.Duration   // how long the model may be silent; 0 is as usual
	}{
		{"complete", []llmtest.Script{{Text: text}}, text, feedback.Complete, 0},
		{"cut", []llmtest.Script{{Text: text, CutAfter: 2}}, "one two\n\n-# ✂️ The answer broke off", feedback.Cut, 0},
		{"reset", []llmtest.Script{{Text: text, DropAfter: 2}}, "broke off", feedback.Cut, 0},
		{"stalled", []llmtest.Script{{Text: text, StallAfter: 2}}, "stopped talking", feedback.Cut, stalledFor},
		{"error in the stream", []llmtest.Script{fault(t, "error object after text")}, "broke off", feedback.Cut, 0},
		{"length", []llmtest.Script{{Text: text, Finish: "length"}}, "length limit", feedback.Length, 0},
		{"filtered", []llmtest.Script{{Text: text, Finish: "content_filter"}}, "withheld the rest", feedback.Filtered, 0},
		{"refusal", []llmtest.Script{fault(t, "refusal")}, "I can't help with that.", feedback.Refused, 0},
		{"mark behind open code", []llmtest.Script{{Text: "```go\nx := 1\ny := 2", CutAfter: 5}}, "```\n\n-# ✂️", feedback.Cut, 0},
		{"trouble once", []llmtest.Script{llmtest.Error(500, "oops"), {Text: text}}, text, feedback.Complete, 0},
		{"busy", []llmtest.Script{llmtest.RateLimited(0), llmtest.RateLimited(0), llmtest.RateLimited(0)}, "The model is busy", "", 0},
		{"trouble", []llmtest.Script{llmtest.Error(500, "a"), llmtest.Error(502, "b"), llmtest.Error(503, "c")}, "has trouble", "", 0},
		{"wrong key", []llmtest.Script{llmtest.Error(401, "key "+modelKey)}, "not set up correctly", "", 0},
		{"unknown model", []llmtest.Script{llmtest.Error(404, "no")}, "not set up correctly", "", 0},
		{"quota of the day", []llmtest.Script{llmtest.Error(429, "Rate limit reached on requests per day (RPD).")}, "ask again tomorrow", "", 0},
		{"no credit", []llmtest.Script{llmtest.Error(402, "Insufficient credits.")}, "not set up correctly", "", 0},
		{"thought for too long", []llmtest.Script{{Text: "<think>hm", Finish: "length"}}, "no room left for an answer", "", 0},
		{"moderated", []llmtest.Script{fault(t, "400 moderation")}, "does not allow", "", 0},
		{"too much", []llmtest.Script{fault(t, "400 context too long")}, "more text than the model can take", "", 0},
		{"empty", []llmtest.Script{{}}, "nothing to say", "", 0},
		{"blank", []llmtest.Script{{Text: " \n\u200b"}}, "nothing to say", "", 0},
		{"filtered at once", []llmtest.Script{{Finish: "content_filter"}}, "does not allow", "", 0},
		{"silent", []llmtest.Script{{Text: text, StallAfter: llmtest.AtOnce}}, "took too long", "", time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{})
			w.llm.Idle = tt.idle
			w.start()
			w.model.Queue(tt.scripts...)
			asked := w.ask(w.discord.AddUser("ada").ID, "what now?")
			m := w.replied(asked.ID, tt.says)
			if tt.finish != "" {
				m = w.answered(asked.ID)
			}
			w.stop() // so that nothing more can come
			m, _ = w.discord.Message(m.ID)
			if buttons := rateable(m); buttons != (tt.finish != "") {
				t.Errorf("buttons under %q: %t", m.Content, buttons)
			}
			if n := len(w.replies(asked.ChannelID)); n != 1 {
				t.Errorf("%d messages, want 1", n)
			}
			w.checkStored(m.ID, tt.finish)
		})
	}
}

// checkStored looks into the database of a bot that has stopped: the response
// has that finish, or there is none, and nothing is left to be done.
func (w *world) checkStored(messageID string, finish feedback.Finish) {
	w.t.Helper()
	s := w.open()
	defer s.Close()
	r, err := s.ResponseByMessage(w.ctx(), messageID)
	if finish == "" && !errors.Is(err, feedback.ErrUnknownResponse) {
		w.t.Errorf("stored %+v, %v, want no response", r, err)
	}
	if finish != "" && (err != nil || r.Finish != finish) {
		w.t.Errorf("stored finish %q, %v, want %q", r.Finish, err, finish)
	}
	if left, err := s.Unfinished(w.ctx()); err != nil || len(left) > 0 {
		w.t.Errorf("unfinished = %+v, %v, want none", left, err)
	}
}

// Whatever a provider does, every person gets exactly one reply.
func TestEveryFaultIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	w.options.GlobalRPS = 1000
	w.llm.Idle, w.llm.Total = 700*time.Millisecond, 6*time.Second
	faults := llmtest.Faults()
	w.model.SetAnswer(func(r llmtest.Request) llmtest.Script {
		n, err := strconv.Atoi(r.LastUser())
		if err != nil || n >= len(faults) {
			return llmtest.Error(500, "no such fault: "+r.LastUser())
		}
		return faults[n].Script
	})
	w.start()
	ada, guild := w.discord.AddUser("ada"), w.discord.Guild().ID
	asked := make([]discordtest.Message, len(faults))
	for n := range faults {
		asked[n] = w.discord.Say(ada.ID, w.discord.AddChannel(guild, "c"+strconv.Itoa(n)).ID, w.mention(strconv.Itoa(n)))
	}
	for n, c := range faults {
		m := w.message("an outcome of "+c.Name, func(m discordtest.Message) bool {
			return m.ChannelID == asked[n].ChannelID && (rateable(m) || strings.HasSuffix(m.Content, "."))
		})
		if c.Want == llmtest.Failed && rateable(m) {
			t.Errorf("%s: buttons under %q", c.Name, m.Content)
		}
	}
	w.stop()
	for n, c := range faults {
		replies := 0
		for _, m := range w.replies(asked[n].ChannelID) {
			if refersTo(m, asked[n].ID) {
				replies++
			}
		}
		if replies != 1 {
			t.Errorf("%s: %d replies, want 1", c.Name, replies)
		}
	}
}
