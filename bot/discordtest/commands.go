package discordtest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// command is a registered application command.
type command struct {
	id, guild, name string
	kind            int // 1 slash, 2 user, 3 message
	options         []commandOption
	shown           object // as REST shows it
}

type commandOption struct {
	Name    string          `json:"name"`
	Type    int             `json:"type"`
	Options []commandOption `json:"options"`
	Choices []any           `json:"choices"`
}

// optionFile is the type of an option that takes a file.
const optionFile = 11

// Command lets a user run a slash command that the app has registered. An Attachment is the value of an option that
// takes a file. Options of a subcommand are not supported.
func (s *Server) Command(userID, channelID, name string, options map[string]any) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[channelID]
	if ch == nil {
		return s.impossible("there is no channel %q", channelID)
	}
	cmd := s.findCommand(name, ch.GuildID, 1)
	if cmd == nil {
		return s.impossible("the app has registered no slash command %q; see WaitCommand", name)
	}
	list, files := []object{}, object{}
	for _, key := range slices.Sorted(maps.Keys(options)) {
		n := slices.IndexFunc(cmd.options, func(o commandOption) bool { return o.Name == key })
		if n < 0 {
			return s.impossible("command %q has no option %q", name, key)
		}
		value := options[key]
		a, isFile := value.(Attachment)
		if isFile != (cmd.options[n].Type == optionFile) {
			return s.impossible("option %q of command %q is of another type", key, name)
		}
		if isFile {
			a = s.keepFile(ch.ID, s.snowflake(time.Now()), a)
			files[a.ID], value = a, a.ID
		}
		list = append(list, object{"name": key, "type": cmd.options[n].Type, "value": value})
	}
	data := object{"id": cmd.id, "name": name, "type": 1, "options": list}
	if len(files) > 0 {
		data["resolved"] = object{"attachments": files}
	}
	return s.interact(&Interaction{Type: TypeCommand, UserID: userID, Command: name, data: data}, ch)
}

// MessageCommand lets a user run a message context-menu command. The app gets the message with its content, whatever
// its intents.
func (s *Server) MessageCommand(userID, messageID, name string) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[messageID]
	if m == nil || m.VisibleTo != "" && m.VisibleTo != userID {
		return s.impossible("user %q sees no message %q", userID, messageID)
	}
	cmd := s.findCommand(name, m.GuildID, 3)
	if cmd == nil {
		return s.impossible("the app has registered no message command %q; see WaitCommand", name)
	}
	data := object{
		"id": cmd.id, "name": name, "type": 3, "target_id": m.ID,
		"resolved": object{"messages": object{m.ID: plain(m)}},
	}
	return s.interact(&Interaction{Type: TypeCommand, UserID: userID, Command: name, data: data}, s.channels[m.ChannelID])
}

func (s *Server) findCommand(name, guildID string, kind int) *command {
	for i := range s.commands {
		c := &s.commands[i]
		if c.name == name && c.kind == kind && (c.guild == "" || c.guild == guildID) {
			return c
		}
	}
	return nil
}

// WaitCommand waits until the app has registered a command of that name, of any kind and for any guild.
func (s *Server) WaitCommand(ctx context.Context, name string) error {
	for {
		s.mu.Lock()
		known := slices.ContainsFunc(s.commands, func(c command) bool { return c.name == name })
		registered := s.registered
		s.mu.Unlock()
		if known {
			return nil
		}
		select {
		case <-registered:
		case <-ctx.Done():
			return fmt.Errorf("wait for command %q: %w", name, ctx.Err())
		case <-s.done:
			return ErrClosed
		}
	}
}

// Commands lists what the app has registered, for all guilds, as REST shows it.
func (s *Server) Commands() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]json.RawMessage, 0, len(s.commands))
	for _, cmd := range s.commands {
		raw, err := json.Marshal(cmd.shown)
		if err != nil {
			s.problem("fake: command %q cannot be encoded: %v", cmd.name, err)
			continue
		}
		list = append(list, raw)
	}
	return list
}

func (s *Server) getCommands(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shownCommands(c.PathValue("guild_id")), nil
}

func (s *Server) shownCommands(guildID string) []object {
	list := []object{}
	for _, cmd := range s.commands {
		if cmd.guild == guildID {
			list = append(list, cmd.shown)
		}
	}
	return list
}

// putCommands replaces all commands of a guild, or all global ones.
func (s *Server) putCommands(c *call) (any, error) {
	var sent []object
	if err := decode(c.data, &sent); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	guild := c.PathValue("guild_id")
	count := map[int]int{}
	var list []command
	for _, o := range sent {
		cmd, err := s.newCommand(c, o)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(list, func(l command) bool { return l.name == cmd.name && l.kind == cmd.kind }) {
			return nil, invalidForm("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
		}
		if count[cmd.kind]++; count[cmd.kind] > map[int]int{1: 100, 2: 15, 3: 15}[cmd.kind] {
			return nil, refuse(400, 30032, "Maximum number of application commands reached")
		}
		list = append(list, cmd)
	}
	s.commands = slices.DeleteFunc(s.commands, func(cmd command) bool { return cmd.guild == guild })
	s.register(list...)
	return s.shownCommands(guild), nil
}

// postCommand adds one command, or replaces the one of the same name.
func (s *Server) postCommand(c *call) (any, error) {
	var o object
	if err := decode(c.data, &o); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cmd, err := s.newCommand(c, o)
	if err != nil {
		return nil, err
	}
	s.commands = slices.DeleteFunc(s.commands, func(old command) bool {
		return old.guild == cmd.guild && old.name == cmd.name && old.kind == cmd.kind
	})
	s.register(cmd)
	c.status = 201
	return cmd.shown, nil
}

// register adds commands and wakes WaitCommand. The caller holds s.mu.
func (s *Server) register(list ...command) {
	s.commands = append(s.commands, list...)
	close(s.registered)
	s.registered = make(chan struct{})
	s.emit(KindCommands, nil)
}

var slashName = regexp.MustCompile(`^[-_'\p{L}\p{N}]{1,32}$`)

func (s *Server) newCommand(c *call, o object) (command, error) {
	cmd := command{guild: c.PathValue("guild_id"), kind: 1}
	cmd.name, _ = o["name"].(string)
	if kind, ok := o["type"].(float64); ok {
		cmd.kind = int(kind)
	}
	raw, _ := json.Marshal(o["options"])
	if err := json.Unmarshal(raw, &cmd.options); err != nil {
		return cmd, invalidForm("options", "MODEL_TYPE_CONVERT", err.Error())
	}
	description, _ := o["description"].(string)
	length := utf8.RuneCountInString(description)
	switch {
	case cmd.kind < 1 || cmd.kind > 3:
		return cmd, invalidForm("type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3}.")
	case cmd.kind == 1 && (!slashName.MatchString(cmd.name) || cmd.name != strings.ToLower(cmd.name)),
		cmd.name == "" || utf8.RuneCountInString(cmd.name) > 32:
		return cmd, invalidForm("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
	case cmd.kind == 1 && (length < 1 || length > 100):
		return cmd, invalidForm("description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
	case cmd.kind != 1 && length > 0:
		return cmd, invalidForm("description", "APPLICATION_COMMAND_INVALID_DESCRIPTION", "Context menu commands cannot have description")
	case len(cmd.options) > 25 || slices.ContainsFunc(cmd.options, func(o commandOption) bool { return len(o.Choices) > 25 }):
		return cmd, tooLong("options", 25)
	}
	cmd.id = s.snowflake(c.now)
	for key, value := range o { // Discord leaves out what is null
		if value == nil {
			delete(o, key)
		}
	}
	o["id"], o["application_id"], o["version"] = cmd.id, s.bot.ID, s.snowflake(c.now)
	o["type"], o["description"] = cmd.kind, description
	if _, ok := o["default_member_permissions"]; !ok {
		o["default_member_permissions"] = nil
	}
	if cmd.guild != "" {
		o["guild_id"] = cmd.guild
	}
	cmd.shown = o
	return cmd, nil
}
