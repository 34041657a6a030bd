package bot_test

import (
	"strings"
	"testing"

	"feedbackbot/bot"
	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// A mention in a server is answered under the question, and is not part of
// what the model is asked.
func TestMentionIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.SystemPrompt = "Be kind on {server}, {date}."
	w.start()
	ada := w.discord.AddUser("ada")
	m := w.answered(w.ask(ada.ID, "what is 2+2?").ID)
	if !strings.Contains(m.Content, "4") {
		t.Errorf("answer = %q, want one with 4", m.Content)
	}
	requests := w.model.Requests()
	if got := requests[0].LastUser(); got != "what is 2+2?" {
		t.Errorf("the model was asked %q, want the question alone", got)
	}
	system := requests[0].Messages[0].Content
	if !strings.HasPrefix(system, "Be kind on Test Server, ") || strings.Contains(system, "{") {
		t.Errorf("system prompt = %q, want the server's name and the date in it", system)
	}
}

// A direct message is a question without any mention.
func TestDirectMessageIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.SystemPrompt = "In {server}."
	w.start()
	ada := w.discord.AddUser("ada")
	m := w.answered(w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "what is 3+4?").ID)
	if !strings.Contains(m.Content, "7") {
		t.Errorf("answer = %q, want one with 7", m.Content)
	}
	if got := w.model.Requests()[0].Messages[0].Content; got != "In a direct message." {
		t.Errorf("system prompt = %q, want In a direct message.", got)
	}
	if r := w.response(m.ID); r.GuildID != "" || r.ConversationID != string(w.store.Rater(m.ChannelID)) {
		t.Errorf("stored guild %q and conversation %q, want none and the channel under a pseudonym", r.GuildID, r.ConversationID)
	}
}

// A reply to the bot is a question, with a ping or without, as long as Discord
// shows its text.
func TestReplyIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada := w.discord.AddUser("ada")
	first := w.answered(w.ask(ada.ID, "what is 1+1?").ID)
	channel := w.discord.Channel().ID
	w.answered(w.discord.Say(ada.ID, channel, "and 2+3?", discordtest.ReplyTo(first.ID)).ID)
	m := w.answered(w.discord.Say(ada.ID, channel, "and 4+4?", discordtest.ReplyTo(first.ID), discordtest.NoPing()).ID)
	if !strings.Contains(m.Content, "8") {
		t.Errorf("answer = %q, want one with 8", m.Content)
	}
}

// Without the message content intent a reply with a ping is answered, and one
// without, whose text Discord hides, is left alone.
func TestReplyWithoutTheIntent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{Intents: discordtest.NoPrivilegedIntents})
	w.start()
	ada := w.discord.AddUser("ada")
	first := w.answered(w.ask(ada.ID, "what is 1+1?").ID)
	channel := w.discord.Channel().ID
	hidden := w.discord.Say(ada.ID, channel, "and 2+2?", discordtest.ReplyTo(first.ID), discordtest.NoPing())
	w.answered(w.discord.Say(ada.ID, channel, "and 3+3?", discordtest.ReplyTo(first.ID)).ID)
	for _, m := range w.replies(channel) {
		if refersTo(m, hidden.ID) {
			t.Errorf("a hidden reply was answered with %q", m.Content)
		}
	}
	if n := len(w.model.Requests()); n != 2 {
		t.Errorf("the model was asked %d times, want 2", n)
	}
}

// /ask shows that it thinks, then the answer with its buttons.
func TestAskCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada := w.discord.AddUser("ada")
	i := w.discord.Command(ada.ID, w.discord.Channel().ID, "ask", map[string]any{"prompt": "what is 5+5?"})
	a, err := i.Wait(w.ctx())
	if err != nil || a.Type != 5 || a.Message.Ephemeral() {
		t.Fatalf("Wait() = %+v, %v, want a public deferred answer", a, err)
	}
	m := w.message("the answer", func(m discordtest.Message) bool { return m.ID == a.Message.ID && rateable(m) })
	if !strings.Contains(m.Content, "10") {
		t.Errorf("answer = %q, want one with 10", m.Content)
	}
	if got := answer(t, w, w.discord.Click(ada.ID, m.ID, thumb(m, 0))); got.Type != 4 {
		t.Errorf("a vote was acknowledged with type %d, want 4", got.Type)
	}
	if r := w.response(m.ID); r.Question != "what is 5+5?" || r.AskID != i.ID {
		t.Errorf("stored question %q of ask %s, want that of %s", r.Question, r.AskID, i.ID)
	}
}

// /ask in a channel where the bot may not write is still answered, however long
// the answer.
func TestAskCommandWhereTheBotMayNotWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada := w.discord.AddUser("ada")
	closed := w.discord.AddChannel(w.discord.Guild().ID, "closed", discordtest.ViewChannel)
	w.model.Queue(llmtest.Script{Text: strings.Repeat("A sentence of some length. ", 100)})
	w.discord.Command(ada.ID, closed.ID, "ask", map[string]any{"prompt": "write a lot"})
	m := w.message("the last part", func(m discordtest.Message) bool { return rateable(m) })
	if m.ChannelID != closed.ID || len(w.replies(closed.ID)) != 2 {
		t.Errorf("%d messages, want 2", len(w.replies(closed.ID)))
	}
}

// Bots, webhooks, system messages and @everyone are not questions.
func TestWhoIsIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada, bert := w.discord.AddUser("ada"), w.discord.AddUser("bert")
	channel := w.discord.Channel().ID
	w.discord.Say(bert.ID, channel, w.mention("from a bot"), discordtest.AsBot())
	w.discord.Say(bert.ID, channel, w.mention("from a webhook"), discordtest.AsWebhook("hook"))
	w.discord.Say(bert.ID, channel, "@everyone hello")
	w.discord.Say(bert.ID, channel, "<@"+ada.ID+"> just us")
	w.discord.Say(bert.ID, w.discord.DM(bert.ID).ID, "a bot's direct message", discordtest.AsBot())
	for id, event := range map[string]map[string]any{
		"pinned":    {"type": 6, "author": bert, "content": w.mention("pinned"), "mentions": []any{w.discord.Bot()}},
		"no author": {"type": 0, "content": w.mention("nobody"), "mentions": []any{w.discord.Bot()}},
		"ourselves": {"type": 0, "author": w.discord.Bot(), "content": "me"},
	} {
		event["id"], event["channel_id"] = "1"+ada.ID[:17], channel
		if id != "ourselves" {
			event["guild_id"] = w.discord.Guild().ID
		}
		if err := w.discord.Emit("MESSAGE_CREATE", event); err != nil {
			t.Fatal(err)
		}
	}
	w.answered(w.ask(ada.ID, "what is 2+2?").ID)
	if n := len(w.model.Requests()); n != 1 {
		t.Errorf("the model was asked %d times, want once", n)
	}
	if n := len(w.replies(channel)); n != 1 {
		t.Errorf("%d replies, want 1", n)
	}
}

// A mention without a question gets a friendly sentence, and costs nothing.
func TestBareMention(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.start()
	ada := w.discord.AddUser("ada")
	m := w.replied(w.ask(ada.ID, " \u200b").ID, "Mention me together with a question")
	if rateable(m) || len(w.model.Requests()) != 0 {
		t.Errorf("%d rows and %d model requests, want none", len(m.Components), len(w.model.Requests()))
	}
	i := w.discord.Command(ada.ID, w.discord.Channel().ID, "ask", map[string]any{"prompt": "\u200b"})
	if a := answer(t, w, i); a.Type != 4 || !a.Message.Ephemeral() {
		t.Errorf("/ask with nothing was answered with type %d, want a sentence for the person alone", a.Type)
	}
}

// With DISCORD_MESSAGE_CONTENT=off the intent is not asked for, so an
// application without it works.
func TestContentIntentOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{Intents: discordtest.NoPrivilegedIntents})
	w.options.MessageContent = bot.ContentOff
	w.start()
	ada := w.discord.AddUser("ada")
	w.answered(w.ask(ada.ID, "what is 2+2?").ID)
}
