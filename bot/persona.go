package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
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

// onServers is where these commands are offered.
var onServers = []int{discord.InServers}

// choices keep what was chosen, by setting.
type choices interface {
	Choices(ctx context.Context, names ...string) (map[string]string, error)
	SetChoice(ctx context.Context, guildID, name, value string) error
}

// choose puts in c what holds in a channel: the nearest choice wins.
func (b *Bot) choose(ctx context.Context, c *chosen, guildID, channelID string) {
	if guildID == "" {
		return
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
		return
	}
	for _, id := range slices.Backward(where) {
		if text := found[personaSetting+id]; text != "" {
			c.prompt = text
		}
		if name := found[modelSetting+id]; name != "" {
			c.model = name
		}
	}
}

func (b *Bot) personaCommands() []command {
	server := discord.Option{Type: discord.OptionBool, Name: optionServer, Description: describeServer}
	reset := discord.Option{Type: discord.OptionBool, Name: optionReset, Description: describeReset}
	list := []command{{slash(commandPersona, describePersona, onServers, discord.Option{Type: discord.OptionText, Name: optionPrompt,
		Description: describePersonaPrompt, MaxLength: maxPersona}, server, reset), b.onPersona}}
	models := b.model.Names()
	if len(models) < 2 {
		return list
	}
	var offered []discord.Choice
	for _, name := range models[:min(len(models), 25)] { // Discord's limit
		offered = append(offered, discord.Choice{Name: name, Value: name})
	}
	return append(list, command{slash(commandModel, describeModel, onServers, discord.Option{Type: discord.OptionText, Name: optionName,
		Description: describeModelName, Choices: offered}, server, reset), b.onModel})
}

// scopeOf returns what a command is about, and whether the member may change it.
func scopeOf(i *discord.Interaction) (id string, words scopeWords, may bool) {
	if i.Flag(optionServer) {
		return i.GuildID, serverWords, i.May(discord.ManageServer)
	}
	return i.ChannelID, channelWords, i.May(discord.ManageChannels) || i.May(discord.ManageServer)
}

func (b *Bot) onPersona(ctx context.Context, i *discord.Interaction) {
	id, words, may := scopeOf(i)
	prompt := strings.TrimSpace(text.Plain(i.Option(optionPrompt)))
	b.setChoice(ctx, i, may, personaSetting+id, prompt, textsOfChoice{
		words: words,
		set:   fmt.Sprintf(textPersonaSet, words.where),
		is: func(c chosen) string {
			if c.prompt == b.options.SystemPrompt {
				return fmt.Sprintf(textNoPersona, words.where)
			}
			return fmt.Sprintf(textPersonaIs, words.where, text.Clip(c.prompt, 1500))
		},
	})
}

func (b *Bot) onModel(ctx context.Context, i *discord.Interaction) {
	id, words, may := scopeOf(i)
	name, offered := i.Option(optionName), strings.Join(b.model.Names(), ", ")
	if name != "" && !slices.Contains(b.model.Names(), name) {
		b.tell(ctx, i, fmt.Sprintf(textNoModel, offered))
		return
	}
	b.setChoice(ctx, i, may, modelSetting+id, name, textsOfChoice{
		words: words,
		set:   fmt.Sprintf(textModelSet, name, words.where),
		is: func(c chosen) string {
			if c.model == "" {
				c.model = b.model.Model()
			}
			return fmt.Sprintf(textModelIs, c.model, words.where, offered)
		},
	})
}

type textsOfChoice struct {
	words scopeWords
	set   string
	is    func(chosen) string
}

// setChoice shows, stores or resets a choice.
func (b *Bot) setChoice(ctx context.Context, i *discord.Interaction, may bool, setting, value string, texts textsOfChoice) {
	storeCtx, cancel := context.WithTimeout(ctx, b.commitBudget)
	defer cancel()
	reset := i.Flag(optionReset)
	if value == "" && !reset {
		b.tell(ctx, i, texts.is(b.chosenFor(storeCtx, i.GuildID, i.ChannelID)))
		return
	}
	if !may {
		b.tell(ctx, i, fmt.Sprintf(textNotManager, texts.words.what))
		return
	}
	var err error
	said := texts.set
	if reset {
		said = fmt.Sprintf(textReset, strings.ToUpper(texts.words.where[:1])+texts.words.where[1:])
		err = b.store.DeleteSetting(storeCtx, setting)
	} else {
		err = b.store.SetChoice(storeCtx, i.GuildID, setting, value)
	}
	if err != nil {
		b.log.Error("a choice was not saved", "error", err)
		said = textNotSaved
	}
	b.tell(ctx, i, said)
}
