package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// What a server or a channel has chosen: a system prompt of its own with
// /persona, and one of the operator's models with /model. A thread takes part in
// its channel's choice, a channel in its category's and its server's.

const (
	commandPersona = "persona"
	commandModel   = "model"
	optionName     = "name"
	optionReset    = "reset"
	optionServer   = "server"
	maxPersona     = 4000

	personaSetting = "persona_"
	modelSetting   = "model_"
)

const (
	textNotManager = "Only people who manage this %s can do that."
	textPersonaSet = "Done. From now on I follow this persona %s."
	textReset      = "Done. %s I'm as usual again."
	textNoPersona  = "I have no persona %s; I'm as usual."
	textPersonaIs  = "My persona %s:\n>>> %s"
	textModelSet   = "Done. From now on **%s** answers %s."
	textModelIs    = "**%s** answers %s. There is a choice of: %s."
	textNoModel    = "There is no such model. There is a choice of: %s."
)

// choices keep what was chosen, by setting.
type choices interface {
	Choices(ctx context.Context, names ...string) (map[string]string, error)
}

// chosen is how the bot answers somewhere.
type chosen struct {
	prompt string // the system prompt, before anything in it is replaced
	model  string // "" for the usual one
}

// chosenFor returns what holds in a channel: the nearest choice wins.
func (b *Bot) chosenFor(ctx context.Context, guildID, channelID string) chosen {
	c := chosen{prompt: b.options.SystemPrompt}
	if guildID == "" {
		return c
	}
	where := b.whereabouts(guildID, channelID)
	where = append(where[1:], where[0]) // the server comes last
	var names []string
	for _, id := range where {
		names = append(names, personaSetting+id, modelSetting+id)
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	found, err := b.store.Choices(ctx, names...)
	if err != nil {
		b.log.Error("cannot read the persona of a channel; answering as usual", "error", err)
		return c
	}
	for _, id := range slices.Backward(where) {
		if text := found[personaSetting+id]; text != "" {
			c.prompt = text
		}
		if name := found[modelSetting+id]; name != "" {
			c.model = name
		}
	}
	return c
}

func (b *Bot) personaCommands() []command {
	server := commandOption{Type: 5, Name: optionServer, Description: "For the whole server, not only this channel?"}
	reset := commandOption{Type: 5, Name: optionReset, Description: "Go back to the usual?"}
	persona := command{Name: commandPersona, Type: 1, Description: "See or change how I behave in this channel.", Contexts: []int{0}, Installs: []int{0},
		Options: []commandOption{{Type: 3, Name: optionPrompt, Description: "What I should be like.", MaxLength: maxPersona}, server, reset}}
	models := b.model.Names()
	if len(models) < 2 {
		return []command{persona}
	}
	var list []choice
	for _, name := range models[:min(len(models), 25)] { // Discord's limit
		list = append(list, choice{name, name})
	}
	return []command{persona, {Name: commandModel, Type: 1, Description: "See or change which model answers in this channel.", Contexts: []int{0}, Installs: []int{0},
		Options: []commandOption{{Type: 3, Name: optionName, Description: "Which model.", Choices: list}, server, reset}}}
}

// scope returns what a command is about, and whether the member may change it.
func scopeOf(i *interaction) (id, words string, may bool) {
	if i.flag(optionServer) {
		return i.GuildID, "on this server", i.may(manageServer)
	}
	return i.ChannelID, "in this channel", i.may(manageChannels) || i.may(manageServer)
}

func (b *Bot) onPersona(ctx context.Context, i *interaction) {
	id, words, may := scopeOf(i)
	text := strings.TrimSpace(plainText(i.option(optionPrompt)))
	b.choose(ctx, i, may, personaSetting+id, text, textsOfChoice{
		words: words,
		set:   fmt.Sprintf(textPersonaSet, words),
		is: func(c chosen) string {
			if c.prompt == b.options.SystemPrompt {
				return fmt.Sprintf(textNoPersona, words)
			}
			return fmt.Sprintf(textPersonaIs, words, clip(c.prompt, 1500))
		},
	})
}

func (b *Bot) onModel(ctx context.Context, i *interaction) {
	id, words, may := scopeOf(i)
	name, offered := i.option(optionName), strings.Join(b.model.Names(), ", ")
	if name != "" && !slices.Contains(b.model.Names(), name) {
		b.say(ctx, i, fmt.Sprintf(textNoModel, offered))
		return
	}
	b.choose(ctx, i, may, modelSetting+id, name, textsOfChoice{
		words: words,
		set:   fmt.Sprintf(textModelSet, name, words),
		is: func(c chosen) string {
			if c.model == "" {
				c.model = b.model.Model()
			}
			return fmt.Sprintf(textModelIs, c.model, words, offered)
		},
	})
}

type textsOfChoice struct {
	words, set string
	is         func(chosen) string
}

// choose shows, stores or resets a choice.
func (b *Bot) choose(ctx context.Context, i *interaction, may bool, setting, value string, texts textsOfChoice) {
	storeCtx, cancel := context.WithTimeout(ctx, b.commitBudget)
	defer cancel()
	reset := i.flag(optionReset)
	if value == "" && !reset {
		b.say(ctx, i, texts.is(b.chosenFor(storeCtx, i.GuildID, i.ChannelID)))
		return
	}
	if !may {
		what := "channel"
		if i.flag(optionServer) {
			what = "server"
		}
		b.say(ctx, i, fmt.Sprintf(textNotManager, what))
		return
	}
	var err error
	said := texts.set
	if reset {
		said = fmt.Sprintf(textReset, strings.ToUpper(texts.words[:1])+texts.words[1:])
		err = b.store.DeleteSetting(storeCtx, setting)
	} else {
		err = b.store.SetSetting(storeCtx, setting, value)
	}
	if err != nil {
		b.log.Error("a choice was not saved", "error", err)
		said = textNotSaved
	}
	b.say(ctx, i, said)
}
