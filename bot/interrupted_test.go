package bot_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"encoding/json"

	"feedbackbot/bot/discordtest"
	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
	"feedbackbot/llm/llmtest"
)

// posted shows a message as an earlier process of the bot would have.
func (w *world) posted(to discordtest.Message, nonce, content string) string {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"content": content, "nonce": nonce, "enforce_nonce": true,
		"allowed_mentions": map[string]any{"parse": []string{}}, "message_reference": map[string]any{"message_id": to.ID}})
	if err != nil {
		w.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(w.ctx(), "POST", w.discord.URL()+"/channels/"+to.ChannelID+"/messages", strings.NewReader(string(body)))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bot " + discordToken}, "User-Agent": {"DiscordBot (test, 1)"}, "Content-Type": {"application/json"}}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var m discordtest.Message
	if data, err := io.ReadAll(resp.Body); err != nil || json.Unmarshal(data, &m) != nil || m.ID == "" {
		w.t.Fatalf("post: %v, %s", err, data)
	}
	return m.ID
}

// An answer of which messages stand there already is completed or marked on
// those very messages: nobody is ever shown a second reply.
func TestInterruptedAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		leave  func(w *world, s *store.Store, a feedback.Ask, asked discordtest.Message) error
		says   string
		finish feedback.Finish // "" for a message without buttons
	}{
		{"begun", func(w *world, s *store.Store, a feedback.Ask, asked discordtest.Message) error {
			return s.Posted(w.ctx(), a, w.posted(asked, asked.ID+"a0", "It began"), 0)
		}, "It began\n\n-# ✂️ I had to restart here", feedback.Cut},
		{"begun, not stored", func(w *world, s *store.Store, a feedback.Ask, asked discordtest.Message) error {
			w.posted(asked, asked.ID+"a0", "It began")
			return nil
		}, "It began\n\n-# ✂️ I had to restart here", feedback.Cut},
		{"stored, half shown", func(w *world, s *store.Store, a feedback.Ask, asked discordtest.Message) error {
			if err := s.Posted(w.ctx(), a, w.posted(asked, asked.ID+"a0", "It be"), 0); err != nil {
				return err
			}
			return s.Monitor(w.ctx(), whole(a, feedback.Complete))
		}, "It began and ended.", feedback.Complete},
		{"stored as cut, not shown", func(w *world, s *store.Store, a feedback.Ask, _ discordtest.Message) error {
			return s.Monitor(w.ctx(), whole(a, feedback.Cut))
		}, "It began and ended.\n\n-# ✂️ The answer broke off", feedback.Cut},
		{"failed and told", func(w *world, s *store.Store, a feedback.Ask, asked discordtest.Message) error {
			w.posted(asked, asked.ID+"e0", "The model is busy.")
			return s.Fail(w.ctx(), a.ID)
		}, "The model is busy.", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, discordtest.Options{})
			asked := w.ask(w.discord.AddUser("ada").ID, "what is 2+2?")
			s := w.open()
			a := feedback.Ask{ID: asked.ID, ResponseID: feedback.NewID(), GuildID: asked.GuildID, ChannelID: asked.ChannelID,
				Asker: s.Rater("ada"), Question: "what is 2+2?", AskedAt: time.Now()}
			if taken, err := s.Take(w.ctx(), a); err != nil || !taken {
				t.Fatalf("Take() = %t, %v", taken, err)
			}
			if err := tt.leave(w, s, a, asked); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			w.start()
			m := w.replied(asked.ID, tt.says)
			if tt.finish != "" {
				m = w.answered(asked.ID)
			}
			w.stop()
			if m, _ = w.discord.Message(m.ID); m.Content != tt.says && tt.finish == "" || rateable(m) != (tt.finish != "") {
				t.Errorf("shown %q with %d rows", m.Content, len(m.Components))
			}
			if n := len(w.replies(asked.ChannelID)); n != 1 {
				t.Errorf("%d replies, want 1", n)
			}
			if n := len(w.model.Requests()); n != 0 {
				t.Errorf("the model was asked %d times, want not at all", n)
			}
			w.checkStored(m.ID, tt.finish)
		})
	}
}

func whole(a feedback.Ask, finish feedback.Finish) feedback.Response {
	return feedback.Response{ID: a.ResponseID, AskID: a.ID, GuildID: a.GuildID, ChannelID: a.ChannelID, Asker: a.Asker,
		ConversationID: a.ResponseID, Question: a.Question, Answer: "It began and ended.", Finish: finish, FinishedAt: time.Now()}
}

// An answer whose messages were deleted meanwhile is let go.
func TestInterruptedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	asked := w.ask(w.discord.AddUser("ada").ID, "what is 2+2?")
	s := w.open()
	a := feedback.Ask{ID: asked.ID, ResponseID: feedback.NewID(), GuildID: asked.GuildID, ChannelID: asked.ChannelID, AskedAt: time.Now()}
	if _, err := s.Take(w.ctx(), a); err != nil {
		t.Fatal(err)
	}
	if err := s.Posted(w.ctx(), a, asked.ID[:17]+"7", 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.alive()
	w.stop()
	s = w.open()
	defer s.Close()
	if left, err := s.Unfinished(w.ctx()); err != nil || len(left) > 0 {
		t.Errorf("Unfinished() = %v, %v, want none", left, err)
	}
}

// A process that is killed in the middle of its answers leaves them to the next
// one, which marks them: of a mention, of a direct message and of /ask.
func TestKilledWhileAnswering(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.model.SetAnswer(func(llmtest.Request) llmtest.Script {
		return llmtest.Script{Tokens: []string{"It begins here, and it goes on for long.", "x"}, StallAfter: 1}
	})
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
	ada := w.discord.AddUser("ada")
	w.ask(ada.ID, "first")
	w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "second")
	w.discord.Command(ada.ID, w.discord.AddChannel(w.discord.Guild().ID, "other").ID, "ask", map[string]any{"prompt": "third"})
	seen := map[string]bool{}
	for range 3 {
		m := w.message("the beginning of three answers", func(m discordtest.Message) bool {
			return strings.Contains(m.Content, "begins") && !seen[m.ID]
		})
		seen[m.ID] = true
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.Wait() // which tells of the kill
	w.start()
	for id := range seen {
		w.message("a mark under "+id, func(m discordtest.Message) bool {
			return m.ID == id && strings.Contains(m.Content, "I had to restart here") && rateable(m)
		})
		if r := w.response(id); r.Finish != feedback.Cut || !strings.HasPrefix(r.Answer, "It begins here") {
			t.Errorf("stored %q with finish %s, want the beginning as cut", r.Answer, r.Finish)
		}
	}
	if n := len(w.model.Requests()); n != 3 {
		t.Errorf("the model was asked %d times, want 3", n)
	}
}

// A process leaves the unfinished work of shards that it does not run to the
// process that runs them.
func TestUnfinishedWorkOfOtherShards(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{Shards: 2, MaxConcurrency: 2})
	other := w.discord.AddGuild("Other")
	s := w.open()
	var asked []discordtest.Message
	for n, channel := range []string{w.discord.Channel().ID, w.discord.AddChannel(other.ID, "elsewhere").ID} {
		m := w.discord.Say(w.discord.AddUser("ada").ID, channel, w.mention(fmt.Sprintf("what is %d+2?", n)))
		asked = append(asked, m)
		a := feedback.Ask{ID: m.ID, ResponseID: feedback.NewID(), GuildID: m.GuildID, ChannelID: channel, Question: "what is 2+2?", AskedAt: time.Now()}
		if _, err := s.Take(w.ctx(), a); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	shardOf := func(m discordtest.Message) int { return int(snowflakeOf(t, m.GuildID)>>22) % 2 }
	w.options.Shards.First, w.options.Shards.Last, w.options.Shards.Total = shardOf(asked[0]), shardOf(asked[0]), 2
	w.start()
	w.answered(asked[0].ID)
	w.stop()
	if n := len(w.replies(asked[1].ChannelID)); n != 0 {
		t.Errorf("%d replies to a question that another process may be answering, want none", n)
	}
}

func snowflakeOf(t *testing.T, id string) (n int64) {
	t.Helper()
	if _, err := fmt.Sscan(id, &n); err != nil {
		t.Fatal(err)
	}
	return n
}
