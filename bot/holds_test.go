package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// What a message holds, as Discord writes it, and how the model is told.
var held = []struct{ name, fields, want string }{
	{"a forward", `{"flags":16384,"message_reference":{"type":1,"message_id":"1234567890123456780","channel_id":"1234567890123456700",
		"guild_id":"1234567890123456600"},"message_snapshots":[{"message":{"content":"The server moves on Friday, says <@5>.","type":0,"flags":0,
		"timestamp":"2026-11-20T12:00:00.000000+00:00","edited_timestamp":null,"mentions":[],"mention_roles":[],"attachments":[],"embeds":[],
		"components":[]}}]}`, "Forwarded message:\nThe server moves on Friday, says @someone."},
	{"a forwarded box and sticker", `{"flags":16384,"message_snapshots":[{"message":{"content":"","type":0,"flags":0,"timestamp":"2026-11-20T12:00:00+00:00",
		"edited_timestamp":null,"mentions":[],"mention_roles":[],"attachments":[],"embeds":[{"type":"rich","title":"Down"}],"components":[],
		"sticker_items":[{"id":"5","name":"Sigh","format_type":1}]}}]}`, "Forwarded message:\nEmbed:\nDown\n[sticker: Sigh]"},
	{"a box", `{"embeds":[{"type":"rich","title":"checkout-api is DOWN","description":"503 from <#5>","url":"https://status.example/1","color":15158332,
		"fields":[{"name":"region","value":"eu-west-1","inline":true}],"footer":{"text":"alerts"},"author":{"name":"StatusBot"}}]}`,
		"Embed:\nStatusBot\ncheckout-api is DOWN https://status.example/1\n503 from #some-channel\nregion: eu-west-1\nalerts"},
	{"a picture in a box", `{"embeds":[{"type":"image","image":{"url":"https://x.example/a.png"}}]}`, "[embedded picture]"},
	{"a poll", `{"poll":{"question":{"text":"Which day?"},"answers":[{"answer_id":1,"poll_media":{"text":"Saturday","emoji":{"id":null,"name":"🎉"}}},
		{"answer_id":2,"poll_media":{"text":"Sunday"}}],"expiry":"2026-12-01T00:00:00.000000+00:00","allow_multiselect":true,"layout_type":1,
		"results":{"is_finalized":false,"answer_counts":[]}}}`,
		"Poll: Which day? (open until 1 December 2026 00:00 UTC) (several answers may be chosen)\n- 🎉 Saturday\n- Sunday"},
	{"a closed poll", `{"poll":{"question":{"text":"Which day?"},"answers":[{"answer_id":1,"poll_media":{"text":"Saturday"}},{"answer_id":2,"poll_media":
		{"text":"Sunday"}}],"expiry":"2026-12-01T00:00:00.000000+00:00","allow_multiselect":false,"layout_type":1,
		"results":{"is_finalized":true,"answer_counts":[{"id":1,"count":1,"me_voted":false}]}}}`,
		"Poll: Which day? (closed)\n- Saturday (1 vote)\n- Sunday (0 votes)"},
	{"how a poll ended", `{"embeds":[{"type":"poll_result","fields":[{"name":"poll_question_text","value":"Which day?","inline":false},{"name":"victor_answer_votes",
		"value":"3","inline":false},{"name":"total_votes","value":"5","inline":false},{"name":"victor_answer_text","value":"Sunday","inline":false}]}]}`,
		"Poll closed: Which day?\nWinner: Sunday (3 of 5 votes)"},
	{"a sticker", `{"sticker_items":[{"id":"749054660769218631","name":"Wave","format_type":3}]}`, "[sticker: Wave]"},
	{"what is laid out with components", `{"flags":32768,"components":[{"type":17,"id":1,"accent_color":255,"spoiler":false,"components":[
		{"type":10,"id":2,"content":"# Build failed"},{"type":9,"id":3,"components":[{"type":10,"id":4,"content":"step 3 of 5"}],
		"accessory":{"type":11,"id":5,"description":"a red cross","spoiler":false,"media":{"id":"7","url":"https://x.example/a.png","proxy_url":"https://x.example/a.png"}}}]}]}`,
		"# Build failed\nstep 3 of 5\na red cross"},
	{"a voice message", `{"flags":8192,"attachments":[{"id":"6","filename":"voice-message.ogg","size":9,"url":"https://cdn.example/v","proxy_url":
		"https://cdn.example/v","content_type":"audio/ogg","duration_secs":11.4,"waveform":"AAAA"}]}`,
		"[attached: voice-message.ogg (voice message, 12 seconds)]"},
	{"a described file", `{"content":"look","attachments":[{"id":"6","filename":"a.bin","size":9,"url":"https://cdn.example/a.bin","proxy_url":
		"https://cdn.example/a.bin","description":"a chart\nof sales"}]}`, "look\n[attached"},
}

// What a message holds reaches the model wherever the message stands: as a question,
// as what a question replies to, in a thread too and whoever wrote it, in a thread's
// history, and behind the menu command.
func TestWhatMessagesHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	w.options.GlobalRPS = 1000
	w.start()
	general := w.discord.Channel().ID
	asksMenu := func(ada, m string) {
		i := w.discord.MessageCommand(ada, m, "Ask about this")
		if form, err := i.Wait(w.ctx()); err != nil || form.Modal == nil {
			t.Fatalf("the menu opens %+v, %v, want a form", form, err)
		}
		w.answerTo(w.discord.Submit(ada, i, map[string]string{"question": "well?"}))
	}
	if err := w.discord.WaitCommand(w.ctx(), "Ask about this"); err != nil {
		t.Fatal(err)
	}
	for _, test := range held {
		ada, bert := w.discord.AddUser("Ada"), w.discord.AddUser("Bert")
		holding := discordtest.Holding(test.fields)
		check := func(where, want string) {
			t.Helper()
			if got := strings.Join(w.lastShown(), "\n"); !strings.Contains(got, want) {
				t.Errorf("%s %s: the model was shown %q, want %q in it", test.name, where, got, want)
			}
		}
		if test.name == "a voice message" {
			m := w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "", holding)
			w.replied(m.ID, "can't listen to voice messages")
		} else {
			w.answered(w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "", holding).ID)
			check("as a question", "user: "+test.want)
		}
		theirs := w.discord.Say(bert.ID, general, "", holding)
		w.answered(w.discord.Say(ada.ID, general, w.mention("what is this?"), discordtest.ReplyTo(theirs.ID)).ID)
		check("quoted", "user: Bert wrote:\n"+test.want)
		asksMenu(ada.ID, theirs.ID)
		check("from the menu", "user: Bert wrote:\n"+test.want)

		thread := w.discord.AddThread(ada.ID, general, "talk")
		w.discord.Say(bert.ID, thread.ID, "", holding)
		w.answered(w.discord.Say(ada.ID, thread.ID, w.mention("what is this?")).ID)
		check("in a thread", "user: Bert: "+test.want)
		hook := w.discord.Say(bert.ID, thread.ID, "", holding, discordtest.AsWebhook("Alerts"))
		w.answered(w.discord.Say(ada.ID, thread.ID, w.mention("and this?"), discordtest.ReplyTo(hook.ID)).ID)
		check("of a webhook, quoted in a thread", "Alerts wrote:\n"+test.want)
		began := w.discord.Say(bert.ID, general, "", holding, discordtest.AsBot())
		about := w.discord.AddThreadAt(ada.ID, began.ID, "about that")
		w.answered(w.discord.Say(ada.ID, about.ID, w.mention("what is this?")).ID)
		check("at which a thread was opened", "user: Bert: "+test.want)
	}
}

// The files of a forward are loaded as the question's own, also when it is replied
// to; so are those of what another bot wrote.
func TestForwardedFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1, ChannelLimit: -1})
	w.start()
	ada, bert, general := w.discord.AddUser("Ada"), w.discord.AddUser("Bert"), w.discord.Channel().ID
	first := w.discord.Say(bert.ID, general, "read this", attach("notes.txt", []byte("sesame")))
	forward := w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "", discordtest.Forward(first.ID))
	m := w.answered(forward.ID)
	if got, want := w.lastShown(), "user: Forwarded message:\nread this\n[attached: notes.txt]\n\nFile notes.txt:\nsesame"; !slices.Equal(got, []string{want}) {
		t.Errorf("of a forward the model was shown %q, want %q", got, want)
	}
	if r := w.response(m.ID); r.Question != "Forwarded message:\nread this\n[attached: notes.txt]" {
		t.Errorf("stored as %q", r.Question)
	}
	again := w.discord.Say(bert.ID, general, "", discordtest.Forward(first.ID))
	w.answered(w.discord.Say(ada.ID, general, w.mention("why?"), discordtest.ReplyTo(again.ID)).ID)
	if got := w.prompted(); !strings.Contains(got, "Bert wrote:\nForwarded message:\nread this\n[attached: notes.txt]") || !strings.Contains(got, "sesame") {
		t.Errorf("of a reply to a forward the model was shown %q", got)
	}
	alert := w.discord.Say(bert.ID, general, "", attach("log.txt", []byte("out of memory")), discordtest.AsWebhook("Alerts"))
	w.answered(w.discord.Say(ada.ID, general, w.mention("why?"), discordtest.ReplyTo(alert.ID)).ID)
	if got := w.prompted(); !strings.Contains(got, "Alerts wrote:\n[attached: log.txt]") || !strings.Contains(got, "out of memory") {
		t.Errorf("of a reply to a webhook the model was shown %q", got)
	}
}

// A forward of one of the bot's answers is a new question in a direct message's
// conversation, and no reply to that answer.
func TestForwardOfAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada := w.discord.AddUser("Ada")
	w.model.Queue(llmtest.Script{Text: "Hello."}, llmtest.Script{Text: "It is blue."}, llmtest.Script{Text: "Yes."})
	w.answered(w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "hi").ID)
	m := w.answered(w.ask(ada.ID, "what colour is the sky?").ID)
	w.answered(w.discord.Say(ada.ID, w.discord.DM(ada.ID).ID, "", discordtest.Forward(m.ID)).ID)
	if got, want := w.lastShown(), []string{"user: hi", "assistant: Hello.", "user: Forwarded message:\nIt is blue."}; !slices.Equal(got, want) {
		t.Errorf("the model was shown %q, want %q", got, want)
	}
}

// The model reads names where Discord writes numbers.
func TestNamesForNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{IdentifyWindow: -1})
	w.start()
	ada, guild := w.discord.AddUser("Ada"), w.discord.Guild().ID
	bert, room, role := w.discord.AddUser("Bert"), w.discord.AddChannel(guild, "announcements"), w.discord.AddRole(guild, "Crew")
	gone := w.discord.AddRole(guild, "Gone")
	w.discord.DeleteRole(guild, gone.ID)
	bot := w.discord.Bot()
	asked := fmt.Sprintf("<@%s> does <@%s> or <@!%s> see <#%s>, <@&%s>, <@&%s>? <:party:5> <a:wave:6> <t:1764000000:D> </ask:7> <id:browse> `<@5>` <@%s>",
		bot.ID, bot.ID, bert.ID, room.ID, role.ID, gone.ID, bot.ID)
	m := w.answered(w.ask(ada.ID, asked).ID)
	want := "does @" + bot.Username + " or @Bert see #announcements, @Crew, @some-role? :party: :wave: 24 November 2025 /ask Browse Channels `<@5>`"
	if got := w.lastShown(); !slices.Equal(got, []string{"user: " + want}) {
		t.Errorf("the model was shown %q, want %q", got, want)
	}
	if r := w.response(m.ID); r.Question != want {
		t.Errorf("stored as %q, want %q", r.Question, want)
	}
}
