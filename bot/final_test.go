package bot_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/llm/llmtest"
)

// volumes is an answer of more than ten messages.
func volumes() string {
	var b strings.Builder
	for n := range 900 {
		fmt.Fprintf(&b, "%d. Very much of the same.\n", n)
	}
	return b.String() // 26,000 code points
}

// attached reads what stands beside a message.
func (w *world) attached(m discordtest.Message) (name, text string) {
	w.t.Helper()
	if len(m.Attachments) != 1 {
		w.t.Fatalf("%d attachments, want 1", len(m.Attachments))
	}
	req, err := http.NewRequestWithContext(w.ctx(), http.MethodGet, m.Attachments[0].URL, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		w.t.Fatalf("HTTP %d, %v", resp.StatusCode, err)
	}
	return m.Attachments[0].Filename, string(data)
}

// checkWhole holds an answer that is too long for ten messages against what it
// promises: ten of them, the last with the buttons and, as a file, all of it.
func (w *world) checkWhole(channelID, text string) discordtest.Message {
	w.t.Helper()
	last := w.message("the last part", rateable)
	list := w.replies(channelID)
	if len(list) != 10 || list[9].ID != last.ID {
		w.t.Errorf("%d messages, want 10", len(list))
	}
	if !strings.HasSuffix(last.Content, "The file has all of it.") {
		w.t.Errorf("the last message ends with %q, want it to name the file", last.Content[max(0, len(last.Content)-80):])
	}
	if name, got := w.attached(last); name != "answer.md" || got != strings.TrimSpace(text) && got != text {
		w.t.Errorf("%s has %d bytes, want answer.md with %d", name, len(got), len(text))
	}
	for _, m := range list[:9] {
		if len(m.Attachments) > 0 {
			w.t.Error("a message before the last has a file")
		}
	}
	if r := w.response(last.ID); r.Answer != text || r.Finish != feedback.Complete {
		w.t.Errorf("stored %d bytes as %s, want %d as complete", len(r.Answer), r.Finish, len(text))
	}
	return last
}

// What is over ten messages comes whole, as a file, wherever somebody asks; and
// another answer, which is short, has none.
func TestLongAnswerComesAsAFile(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(w *world, userID string) (channelID string){
		"message": func(w *world, userID string) string { return w.ask(userID, "tell me everything").ChannelID },
		"direct": func(w *world, userID string) string {
			return w.discord.Say(userID, w.discord.DM(userID).ID, "tell me everything").ChannelID
		},
		"command": func(w *world, userID string) string {
			w.discord.Command(userID, w.discord.Channel().ID, "ask", map[string]any{"prompt": "tell me everything"})
			return w.discord.Channel().ID
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{ChannelLimit: -1})
			w.start()
			ada := w.discord.AddUser("ada")
			w.model.Queue(llmtest.Script{Text: volumes()}, llmtest.Script{Text: "In short: no."})
			last := w.checkWhole(ask(w, ada.ID), volumes())
			if m := w.answerTo(w.discord.Click(ada.ID, last.ID, labelled(last, "Regenerate"))); len(m.Attachments) != 0 {
				t.Errorf("another answer has %d files, want none", len(m.Attachments))
			}
		})
	}
}

// Where the bot may attach nothing, a sentence stands in place of the file.
func TestLongAnswerWithoutFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	w.start()
	w.discord.SetPermissions(w.discord.Channel().ID, discordtest.DefaultPermissions&^discordtest.AttachFiles)
	w.model.Queue(llmtest.Script{Text: volumes()})
	w.ask(w.discord.AddUser("ada").ID, "tell me everything")
	last := w.message("the last part", rateable)
	if len(last.Attachments) != 0 || !strings.HasSuffix(last.Content, "I'm not allowed to attach the whole of it as a file.") {
		t.Errorf("%d files, and the last message ends with %q", len(last.Attachments), last.Content[max(0, len(last.Content)-120):])
	}
	if r := w.response(last.ID); r.Answer != volumes() {
		t.Errorf("stored %d bytes, want %d", len(r.Answer), len(volumes()))
	}
}

// The file comes also when Discord fails at first, and when another process
// completes the answer.
func TestLongAnswerAfterTrouble(t *testing.T) {
	t.Parallel()
	t.Run("faults", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, discordtest.Options{ChannelLimit: -1})
		w.start()
		w.discord.Inject(discordtest.Fault{Method: "PATCH", Path: "/channels/*/messages/*", Times: 3, DoFirst: true, Status: 502})
		w.model.Queue(llmtest.Script{Text: volumes()})
		w.checkWhole(w.ask(w.discord.AddUser("ada").ID, "tell me everything").ChannelID, volumes())
	})
	t.Run("recovery", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, discordtest.Options{ChannelLimit: -1})
		asked := w.ask(w.discord.AddUser("ada").ID, "tell me everything")
		s := w.open()
		a := w.taken(s, asked, 0)
		if err := s.Monitor(w.ctx(), feedback.Response{ID: a.ResponseID, AskID: a.ID, ChannelID: a.ChannelID, Asker: a.Asker,
			ConversationID: a.ResponseID, Question: a.Question, Answer: volumes(), Finish: feedback.Complete, FinishedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		w.start()
		w.checkWhole(asked.ChannelID, volumes())
	})
}

// A model that never ends is stopped.
func TestEndlessAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	w.start()
	w.model.Queue(llmtest.Script{Tokens: slices.Repeat([]string{strings.Repeat("Very much of the same. ", 50)}, 200), StallAfter: 190}) // 218,500 code points, and then nothing but more to come
	w.ask(w.discord.AddUser("ada").ID, "tell me everything")
	last := w.message("the last part", rateable)
	if r := w.response(last.ID); r.Finish != feedback.Length || len(r.Answer) < 200_000 || !strings.Contains(last.Content, "length limit") {
		t.Errorf("stored %d bytes as %s, want it to end after 200,000", len(r.Answer), r.Finish)
	}
}
