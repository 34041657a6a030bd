package bot_test

import (
	"slices"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
)

// A mention of the bot's own role calls the bot: Discord offers both under the same
// name. Without the intent the text is hidden, and the person is told.
func TestOwnRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, role := w.discord.AddUser("Ada"), w.discord.OwnRole(w.discord.Guild().ID)
	w.answered(w.discord.Say(ada.ID, w.discord.Channel().ID, "<@&"+role.ID+"> when does the ferry leave?").ID)
	if got, want := w.lastShown(), []string{"user: when does the ferry leave?"}; !slices.Equal(got, want) {
		t.Errorf("the model was shown %q, want %q", got, want)
	}
	there := w.discord.AddGuild("another server") // one that is joined while the bot runs
	w.answered(w.discord.Say(ada.ID, w.discord.AddChannel(there.ID, "general").ID, "<@&"+w.discord.OwnRole(there.ID).ID+"> and back?").ID)

	if err := w.discord.Emit("GUILD_CREATE", map[string]any{"id": there.ID, "name": there.Name, "roles": []any{}}); err != nil { // its roles are yet to come
		t.Fatal(err)
	}
	w.answered(w.discord.Say(ada.ID, w.discord.AddChannel(there.ID, "harbour").ID, "<@&"+w.discord.OwnRole(there.ID).ID+"> and then?").ID)
	if n := w.requests("GET", "/guilds/{guild_id}/roles"); n != 1 {
		t.Errorf("the roles were read %d times, want once", n)
	}

	hidden := newWorld(t, discordtest.Options{IdentifyWindow: -1, Intents: discordtest.NoPrivilegedIntents})
	hidden.start()
	ada, role = hidden.discord.AddUser("Ada"), hidden.discord.OwnRole(hidden.discord.Guild().ID)
	hidden.replied(hidden.discord.Say(ada.ID, hidden.discord.Channel().ID, "<@&"+role.ID+"> when?").ID, "mention me by my name")
	if n := len(hidden.model.Requests()); n != 0 {
		t.Errorf("the model was asked %d times about what is hidden", n)
	}
}

// wordless are messages that say something without a word.
func wordless(answer discordtest.Message) map[string]discordtest.SayOption {
	return map[string]discordtest.SayOption{
		"[attached: notes.txt]": attach("notes.txt", []byte("hello")), "[sticker: Wave]": discordtest.WithSticker("Wave"),
		"Poll: Which day?": discordtest.WithPoll("Which day?", "Saturday", "Sunday"), "Forwarded message:": discordtest.Forward(answer.ID),
	}
}

// What holds no words is a question all the same: where every message is one, in a
// thread of the bot, in a direct message, and as a reply to an answer without a ping.
func TestWordlessQuestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	all := w.discord.AddChannel(w.discord.Guild().ID, "ask-here").ID
	w.options.Access.AnswerAll = []string{all}
	w.start()
	ada, general := w.discord.AddUser("Ada"), w.discord.Channel().ID
	thread := w.discord.AddThread(ada.ID, general, "talk").ID
	m := w.answered(w.ask(ada.ID, "hello?").ID)
	w.answered(w.discord.Say(ada.ID, thread, w.mention("hello?")).ID)
	for want, holding := range wordless(m) {
		for where, options := range map[string][]discordtest.SayOption{
			all: {holding}, thread: {holding}, w.discord.DM(ada.ID).ID: {holding}, general: {holding, discordtest.ReplyTo(m.ID), discordtest.NoPing()},
		} {
			if strings.HasPrefix(want, "Forwarded") && where == general {
				continue // a forward is no reply
			}
			w.asks(ada.ID, where, want, options)
		}
	}
}

func (w *world) asks(userID, channelID, want string, options []discordtest.SayOption) {
	w.t.Helper()
	asked := w.discord.Say(userID, channelID, "", options...)
	w.answered(asked.ID)
	if got := w.lastShown(); !strings.Contains(got[len(got)-1], want) {
		w.t.Errorf("the model was shown %q, want %q last", got, want)
	}
}

// What calls everybody, a role or somebody else is no question, where every message
// is one, in a thread of the bot, and anywhere else.
func TestCallsToOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	guild := w.discord.Guild().ID
	all := w.discord.AddChannel(guild, "ask-here").ID
	w.options.Access.AnswerAll = []string{all}
	w.start()
	ada, bert, crew := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.AddRole(guild, "Crew")
	thread := w.discord.AddThread(ada.ID, w.discord.Channel().ID, "talk").ID
	w.answered(w.discord.Say(ada.ID, thread, w.mention("hello?")).ID)
	before := len(w.model.Requests())
	for _, where := range []string{all, thread, w.discord.Channel().ID} {
		for _, call := range []string{"@everyone", "@here", "<@&" + crew.ID + ">", "<@" + bert.ID + ">"} {
			w.discord.Say(ada.ID, where, call+" shall we go?")
		}
		w.answered(w.discord.Say(ada.ID, where, w.mention("shall we?")).ID)
	}
	if n := len(w.model.Requests()) - before; n != 3 {
		t.Errorf("the model was asked %d times, want 3", n)
	}
}
