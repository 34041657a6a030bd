package discord

import (
	"context"
	"encoding/json"
	"net/http"
)

// Command is a command as Discord keeps it, down to what we set.
type Command struct {
	Name        string   `json:"name"`
	Type        int      `json:"type"`
	Description string   `json:"description"`
	Contexts    []int    `json:"contexts"`
	Installs    []int    `json:"integration_types"`
	Options     []Option `json:"options,omitempty"`
}

// Types of commands: typed with a slash, or chosen in the menu of a message.
const (
	CommandSlash     = 1
	CommandOfMessage = 3
)

// Where a command is offered.
const (
	InServers = 0
	InDirect  = 1
)

// Types of options.
const (
	OptionText = 3
	OptionBool = 5
	OptionFile = 11
)

// Option is one value that a command takes.
type Option struct {
	Type        int      `json:"type"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Required    bool     `json:"required"`
	MaxLength   int      `json:"max_length,omitempty"`
	Choices     []Choice `json:"choices,omitempty"`
}

// Choice is one of the values that an option offers.
type Choice struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// UnmarshalJSON fills in what Discord leaves out when it is the default.
func (c *Command) UnmarshalJSON(data []byte) error {
	type plain Command
	p := plain{Type: CommandSlash}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	if len(p.Options) == 0 {
		p.Options = nil
	}
	*c = Command(p)
	return nil
}

// Commands returns the application's global commands.
func (o *Client) Commands(ctx context.Context, appID string) (list []Command, err error) {
	return list, o.get(ctx, "/applications/"+appID+"/commands", "/applications/commands", &list)
}

// SetCommands replaces the application's global commands. Discord limits how
// often that may be done.
func (o *Client) SetCommands(ctx context.Context, appID string, list []Command) error {
	const route = "PUT /applications/commands"
	return o.do(ctx, call{method: http.MethodPut, path: "/applications/" + appID + "/commands", route: route, bucket: route,
		repeat: true, body: func() any { return list }})
}
