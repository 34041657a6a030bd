package bot

import (
	"context"
	"reflect"
	"strings"
)

const (
	commandAsk   = "ask"
	optionPrompt = "prompt"
	optionThread = "thread"
	// maxPrompt is Discord's limit of one text option.
	maxPrompt = 6000
)

func (b *Bot) commands() []command {
	list := []command{{
		Name: commandAsk, Type: 1, Description: "Ask me a question.",
		Contexts: []int{0, 1}, Installs: []int{0}, // servers and direct messages with the bot
		Options: []commandOption{{Type: 3, Name: optionPrompt, Description: "What would you like to know?", Required: true,
			MaxLength: maxPrompt},
			{Type: 5, Name: optionThread, Description: "Answer in a thread of its own?"}},
	}, aboutCommand(), usageCommand()}
	return append(append(list, privacyCommands()...), b.personaCommands()...)
}

// registerCommands tells Discord the commands when it has others: Discord
// limits how often they may be set.
func (b *Bot) registerCommands(ctx context.Context) {
	have, err := b.out.commands(ctx, b.appID)
	if err != nil {
		b.log.Error("cannot read the slash commands", "error", err)
		return
	}
	want := b.commands()
	if reflect.DeepEqual(have, want) {
		return
	}
	if err := b.out.setCommands(ctx, b.appID, want); err != nil {
		b.log.Error("cannot register the slash commands", "error", err)
		return
	}
	b.log.Info("registered the slash commands")
}

// onCommand handles a command.
func (b *Bot) onCommand(ctx context.Context, i *interaction) {
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
	case commandForgetMe:
		b.onForgetMe(ctx, i)
	default:
		b.say(ctx, i, textNoCommand)
	}
}

// onAskCommand answers /ask.
func (b *Bot) onAskCommand(ctx context.Context, i *interaction) {
	prompt := strings.TrimSpace(plainText(i.option(optionPrompt)))
	sorry, allowed := b.mayAsk(i)
	switch {
	case !allowed:
		b.say(ctx, i, sorry)
		return
	case b.stopping():
		b.say(ctx, i, textStopping)
		return
	case prompt == "":
		b.say(ctx, i, textEmptyQuestion)
		return
	}
	var c conversation
	if i.GuildID == "" {
		var err error
		if c, err = b.recallDirect(ctx, i.ChannelID); err != nil {
			b.log.Error("cannot read a conversation; answering without it", "error", err)
		}
	}
	b.answerInteraction(ctx, i, b.askOf(i, prompt), c)
}
