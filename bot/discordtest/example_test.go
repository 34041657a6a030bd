package discordtest_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"feedbackbot/bot/discordtest"
)

// A bot that echoes is tested without an account, and told what it forgets.
func Example() {
	dc, err := discordtest.New(discordtest.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer dc.Close()

	bot, _ := discordgo.New("Bot test-token")
	bot.Client = dc.Client()
	bot.StateEnabled = false
	bot.AddHandler(func(bot *discordgo.Session, m *discordgo.MessageCreate) {
		if !m.Author.Bot {
			bot.ChannelMessageSend(m.ChannelID, "echo: "+strings.ToUpper(m.Content))
		}
	})
	if err := bot.Open(); err != nil {
		fmt.Println(err)
		return
	}
	defer bot.CloseWithCode(4000)

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ann := dc.AddUser("ann")
	dc.Say(ann.ID, dc.DM(ann.ID).ID, "hello")
	reply, err := dc.WaitMessage(ctx, func(m discordtest.Message) bool { return m.Author.Bot })
	fmt.Println(reply.Content, err)
	for _, problem := range dc.Problems() {
		_, what, _ := strings.Cut(problem, "messages: ")
		fmt.Println(what)
	}
	// Output:
	// echo: HELLO <nil>
	// a message without allowed_mentions whose parse is an empty list
	// without nonce and enforce_nonce a repeated request doubles the message
}
