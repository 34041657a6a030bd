package bot

import (
	"context"
	"encoding/json"
	"net/http"
)

// command is a command as Discord keeps it, down to what we set.
type command struct {
	Name        string          `json:"name"`
	Type        int             `json:"type"`
	Description string          `json:"description"`
	Contexts    []int           `json:"contexts"`
	Installs    []int           `json:"integration_types"`
	Options     []commandOption `json:"options,omitempty"`
}

// Types of commands: typed with a slash, or chosen in the menu of a message.
const (
	commandSlash     = 1
	commandOfMessage = 3
)

// Where a command is offered.
const (
	inServers = 0
	inDirect  = 1
)

// Types of options.
const (
	optionText = 3
	optionBool = 5
)

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

// UnmarshalJSON fills in what Discord leaves out when it is the default.
func (c *command) UnmarshalJSON(data []byte) error {
	type plain command
	p := plain{Type: commandSlash}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	if len(p.Options) == 0 {
		p.Options = nil
	}
	*c = command(p)
	return nil
}

// commands returns the application's global commands.
func (o *outgoing) commands(ctx context.Context, appID string) (list []command, err error) {
	return list, o.get(ctx, "/applications/"+appID+"/commands", "/applications/commands", &list)
}

// setCommands replaces the application's global commands. Discord limits how
// often that may be done.
func (o *outgoing) setCommands(ctx context.Context, appID string, list []command) error {
	const route = "PUT /applications/commands"
	return o.do(ctx, call{method: http.MethodPut, path: "/applications/" + appID + "/commands", route: route, bucket: route,
		repeat: true, body: func() any { return list }})
}
