package bot

import (
	"context"
	"reflect"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/feedback"
)

const (
	commandAsk   = "ask"
	optionPrompt = "prompt"
	optionThread = "thread"
	// maxPrompt is Discord's limit of one text option.
	maxPrompt = 6000
)

// commands are all that the bot offers.
func (b *Bot) commands() []discord.Command {
	list := []discord.Command{slash(commandAsk, anywhere,
		discord.Option{Type: discord.OptionText, Name: optionPrompt, Description: describe(commandAsk + optionPrompt), Required: true, MaxLength: maxPrompt},
		discord.Option{Type: discord.OptionBool, Name: optionThread, Description: describe(commandAsk + optionThread)},
	), aboutCommand(), usageCommand()}
	list = append(list, privacyCommands()...)
	return append(list, b.personaCommands()...)
}

// Where a command is offered.
var (
	anywhere  = []int{discord.InServers, discord.InDirect}
	onServers = []int{discord.InServers}
)

// slash is a command that is typed.
func slash(name string, where []int, options ...discord.Option) discord.Command {
	return discord.Command{Name: name, Type: discord.CommandSlash, Description: describe(name), Contexts: where,
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
	want := b.commands()
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
	switch i.Data.Name {
	case commandAsk:
		b.onAskCommand(ctx, i)
	case commandAbout:
		b.onAbout(ctx, i)
	case commandUsage:
		b.onUsage(ctx, i)
	case commandPersona:
		b.onPersona(ctx, i)
	case commandModel:
		b.onModel(ctx, i)
	case commandPrivacy:
		b.onPrivacy(ctx, i)
	case commandForget:
		b.onForgetMe(ctx, i)
	default:
		b.tell(ctx, i, textNoCommand)
	}
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
	var c conversation
	if i.GuildID == "" {
		b.think(ctx, i)
		recallCtx, cancel := context.WithTimeout(ctx, storeTimeout)
		var err error
		c, err = b.recallDirect(recallCtx, i.ChannelID)
		cancel()
		if err != nil {
			b.log.Error("cannot read a conversation; answering without it", "error", err)
		}
	}
	b.askByInteraction(ctx, i, feedback.Ask{Asker: b.store.Rater(i.UserID()), Question: prompt}, c)
}
