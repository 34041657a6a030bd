package bot

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
)

// command is a slash command as Discord keeps it, down to what we set.
type command struct {
	Name        string          `json:"name"`
	Type        int             `json:"type"`
	Description string          `json:"description"`
	Contexts    []int           `json:"contexts"`
	Installs    []int           `json:"integration_types"`
	Options     []commandOption `json:"options,omitempty"`
}

type commandOption struct {
	Type        int      `json:"type"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Required    bool     `json:"required"`
	MaxLength   int      `json:"max_length,omitempty"`
	Choices     []choice `json:"choices,omitempty"`
}

type choice struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

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

// commandOfMessage is the type of a command in the menu of messages.
const commandOfMessage = 3

// registerCommands tells Discord the commands when it has others: Discord
// limits how often they may be set.
func (b *Bot) registerCommands(ctx context.Context) {
	path, route := "/applications/"+b.appID+"/commands", "/applications/commands"
	var have []command
	if err := b.out.get(ctx, path, route, &have); err != nil {
		b.log.Error("cannot read the slash commands", "error", err)
		return
	}
	want := b.commands()
	if reflect.DeepEqual(have, want) {
		return
	}
	err := b.out.do(ctx, call{method: http.MethodPut, path: path, route: "PUT " + route, bucket: "PUT " + route,
		repeat: true, body: func() any { return want }})
	if err != nil {
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

// UnmarshalJSON fills in what Discord leaves out when it is the default.
func (c *command) UnmarshalJSON(data []byte) error {
	type plain command
	p := plain{Type: 1}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	if len(p.Options) == 0 {
		p.Options = nil
	}
	*c = command(p)
	return nil
}
