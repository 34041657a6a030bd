package bot

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
)

const (
	commandAsk   = "ask"
	optionPrompt = "prompt"
	// maxPrompt is Discord's limit of one text option.
	maxPrompt = 6000
)

// command is a command as Discord lists it, and what answers it.
type command struct {
	discord.Command
	do func(context.Context, *discord.Interaction)
}

// commands are all that the bot offers.
func (b *Bot) commands() (list []command) {
	for _, some := range []func() []command{
		b.askCommands,
		b.aboutCommands,
		b.usageCommands,
		b.privacyCommands,
		b.reviewCommands,
		b.personaCommands,
	} {
		list = append(list, some()...)
	}
	return list
}

func (b *Bot) askCommands() []command {
	return []command{{slash(commandAsk, describeAsk, anywhere, slices.Concat(
		[]discord.Option{{Type: discord.OptionText, Name: optionPrompt, Description: describePrompt, Required: true, MaxLength: maxPrompt}},
		fileOptions(),
		[]discord.Option{{Type: discord.OptionBool, Name: optionThread, Description: describeThread}},
	)...), b.onAskCommand}}
}

// anywhere is where most commands are offered.
var anywhere = []int{discord.InServers, discord.InDirect}

// slash is a command that is typed.
func slash(name, description string, where []int, options ...discord.Option) discord.Command {
	return discord.Command{Name: name, Type: discord.CommandSlash, Description: description, Contexts: where,
		Installs: []int{discord.InServers}, Options: options}
}

// registerCommands tells Discord the commands when it has others: Discord
// limits how often they may be set.
func (b *Bot) registerCommands(ctx context.Context) {
	have, err := b.out.Commands(ctx, b.appID)
	if err != nil {
		b.log.Error("cannot read the slash commands", "error", err)
		return
	}
	var want []discord.Command
	for _, c := range b.commands() {
		want = append(want, c.Command)
	}
	if reflect.DeepEqual(have, want) {
		return
	}
	if err := b.out.SetCommands(ctx, b.appID, want); err != nil {
		b.log.Error("cannot register the slash commands", "error", err)
		return
	}
	b.log.Info("registered the slash commands")
}

// onCommand handles a command.
func (b *Bot) onCommand(ctx context.Context, i *discord.Interaction) {
	for _, c := range b.commands() {
		if c.Name == i.Data.Name {
			c.do(ctx, i)
			return
		}
	}
	b.tell(ctx, i, textNoCommand)
}

// onAskCommand answers /ask.
func (b *Bot) onAskCommand(ctx context.Context, i *discord.Interaction) {
	prompt := strings.TrimSpace(text.Plain(i.Option(optionPrompt)))
	sorry, allowed := b.mayAsk(i)
	switch {
	case !allowed:
		b.tell(ctx, i, sorry)
		return
	case b.stopping():
		b.tell(ctx, i, textStopping)
		return
	case prompt == "":
		b.tell(ctx, i, textEmptyQuestion)
		return
	}
	asker := b.store.Rater(i.UserID())
	b.askByInteraction(ctx, i, feedback.Ask{Asker: asker, Question: prompt}, func(ctx context.Context) conversation {
		author := &discord.User{ID: i.UserID(), Username: i.Name()}
		c, err := b.recall(ctx, &discord.Message{ID: i.ID, ChannelID: i.ChannelID, GuildID: i.GuildID, Author: author}) // as of a message there
		if err != nil {
			b.log.Error("cannot read a conversation; answering without it", "error", err)
		}
		c.shown.Asked = feedback.Turn{Name: c.speaker, Channel: i.ChannelID, Owner: asker}
		c.attachments = i.Files()
		return c
	})
}
