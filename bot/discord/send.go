package discord

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/bwmarrin/discordgo"
)

// UserAgent is how requests name themselves, as Discord wants bots to.
const UserAgent = "DiscordBot (https://github.com/bwmarrin/discordgo, " + discordgo.VERSION + ")"

// Body is every message that leaves, whether new, an edit or an answer to an
// interaction. Its allowed_mentions cannot be left out, and allow none: what a
// model writes must not ping anybody.
type Body struct {
	Content         string     `json:"content"`
	Components      *[]Row     `json:"components,omitempty"` // nil leaves them as they are, empty removes them
	AllowedMentions mentions   `json:"allowed_mentions"`
	Flags           int        `json:"flags,omitempty"`
	Nonce           string     `json:"nonce,omitempty"`
	EnforceNonce    bool       `json:"enforce_nonce,omitempty"`
	Reference       *Reference `json:"message_reference,omitempty"`
}

// mentions always marshals to an empty list of what may be mentioned.
type mentions struct{}

func (mentions) MarshalJSON() ([]byte, error) { return []byte(`{"parse":[]}`), nil }

// Types of the answer to an interaction.
const (
	ReplyMessage  = 4
	ReplyDeferred = 5
	ReplyNothing  = 6 // a click on a component is taken, and nothing changes yet
	ReplyUpdate   = 7
	ReplyForm     = 9
)

// Callback is the first answer to an interaction.
type Callback struct {
	Type int `json:"type"`
	Data any `json:"data,omitempty"`
}

// Post sends a new message. The nonce makes Discord return the earlier
// message when it had arrived before, so it may be repeated.
func (o *Client) Post(ctx context.Context, channelID string, l Lane, make func() Body) (Message, error) {
	var m Message
	path := "/channels/" + channelID + "/messages"
	err := o.do(ctx, call{method: http.MethodPost, path: path, route: "POST /channels/messages",
		bucket: "POST " + path, lane: l, repeat: true, out: &m, body: func() any {
			b := make()
			b.EnforceNonce = b.Nonce != ""
			b.Flags |= FlagSuppressEmbeds
			return b
		}})
	return m, err
}

// Edit changes one of our messages. grantBy, when not nil, ends the wait
// for a turn, but not an edit that has begun.
func (o *Client) Edit(ctx, grantBy context.Context, channelID, id string, l Lane, make func() Body) error {
	path := "/channels/" + channelID + "/messages/"
	return o.do(ctx, call{method: http.MethodPatch, path: path + id, route: "PATCH /channels/messages/id",
		bucket: "PATCH " + path, lane: l, repeat: true, grantBy: grantBy, body: func() any {
			b := make()
			b.Flags |= FlagSuppressEmbeds
			return b
		}})
}

// EditOriginal changes our first answer to an interaction. It is outside the
// global budget; each interaction has a limit of its own.
func (o *Client) EditOriginal(ctx, grantBy context.Context, appID, token string, l Lane, make func() Body) (Message, error) {
	var m Message
	path := "/webhooks/" + appID + "/" + token + "/messages/@original"
	err := o.do(ctx, call{method: http.MethodPatch, path: path, route: "PATCH /webhooks/messages/@original",
		bucket: path, free: true, lane: l, repeat: true, grantBy: grantBy, out: &m, body: func() any { return make() }})
	return m, err
}

// FollowUp sends a further answer to an interaction. Discord offers no nonce
// here, so it is not repeated when it is unclear whether it arrived.
func (o *Client) FollowUp(ctx context.Context, appID, token string, make func() Body) (Message, error) {
	var m Message
	path := "/webhooks/" + appID + "/" + token
	err := o.do(ctx, call{method: http.MethodPost, path: path + "?wait=true", route: "POST /webhooks", bucket: path,
		free: true, out: &m, body: func() any {
			b := make()
			b.Flags |= FlagSuppressEmbeds
			return b
		}})
	return m, err
}

// EditFollowUp changes a further answer to an interaction, also where the bot may
// not look.
func (o *Client) EditFollowUp(ctx, grantBy context.Context, appID, token, id string, l Lane, make func() Body) error {
	path := "/webhooks/" + appID + "/" + token + "/messages/"
	return o.do(ctx, call{method: http.MethodPatch, path: path + id, route: "PATCH /webhooks/messages/id",
		bucket: path, free: true, lane: l, repeat: true, grantBy: grantBy, body: func() any {
			b := make()
			b.Flags |= FlagSuppressEmbeds
			return b
		}})
}

// DeleteFollowUp deletes an answer to an interaction, also where the bot may not
// look.
func (o *Client) DeleteFollowUp(ctx context.Context, appID, token, id string) error {
	path := "/webhooks/" + appID + "/" + token + "/messages/"
	return o.do(ctx, call{method: http.MethodDelete, path: path + id, route: "DELETE /webhooks/messages/id",
		bucket: path, free: true, lane: Urgent, repeat: true})
}

// Respond acknowledges an interaction. It leaves at once, never behind
// messages. It may be repeated: Discord takes only the first.
func (o *Client) Respond(ctx context.Context, i *Interaction, c Callback) error {
	err := o.do(ctx, call{method: http.MethodPost, path: "/interactions/" + i.ID + "/" + i.Token + "/callback",
		route: "POST /interactions/callback", free: true, repeat: true, body: func() any { return c }})
	if Code(err) == codeAcknowledged {
		return nil // an earlier try had arrived
	}
	return err
}

// Delete deletes a message.
func (o *Client) Delete(ctx context.Context, channelID, id string) error {
	path := "/channels/" + channelID + "/messages/"
	return o.do(ctx, call{method: http.MethodDelete, path: path + id, route: "DELETE /channels/messages/id",
		bucket: "DELETE " + path, lane: Urgent, repeat: true})
}

// Discord's error codes that the bot tells apart.
const (
	codeUnknownChannel     = 10003
	CodeUnknownMessage     = 10008
	CodeUnknownInteraction = 10062
	codeAcknowledged       = 40060
)

// Typing shows for ten seconds that the bot is writing. grantBy, when not nil,
// ends the wait for a turn.
func (o *Client) Typing(ctx, grantBy context.Context, channelID string) error {
	path := "/channels/" + channelID + "/typing"
	return o.do(ctx, call{method: http.MethodPost, path: path, route: "POST /channels/typing", bucket: path,
		lane: Spare, grantBy: grantBy})
}

// PageSize is how many messages Discord lists at once.
const PageSize = 100

// MessagesAfter returns the page of a channel's messages that follows an id,
// newest first, as Discord lists them.
func (o *Client) MessagesAfter(ctx context.Context, channelID, after string) ([]Message, error) {
	var list []Message
	path := "/channels/" + channelID + "/messages"
	err := o.do(ctx, call{method: http.MethodGet, path: path + "?limit=" + strconv.Itoa(PageSize) + "&after=" + after,
		route: "GET /channels/messages", bucket: "GET " + path, lane: Spare, repeat: true, out: &list})
	return list, err
}

// MessagesBefore returns the n messages that precede an id, newest first.
func (o *Client) MessagesBefore(ctx context.Context, channelID, before string, n int) ([]Message, error) {
	var list []Message
	path := "/channels/" + channelID + "/messages"
	err := o.do(ctx, call{method: http.MethodGet, path: path + "?limit=" + strconv.Itoa(n) + "&before=" + before,
		route: "GET /channels/messages", bucket: "GET " + path, lane: Urgent, repeat: true, out: &list})
	return list, err
}

// Message returns one message.
func (o *Client) Message(ctx context.Context, channelID, id string) (m Message, err error) {
	path := "/channels/" + channelID + "/messages/"
	err = o.do(ctx, call{method: http.MethodGet, path: path + id, route: "GET /channels/messages/id",
		bucket: "GET " + path, lane: Urgent, repeat: true, out: &m})
	return m, err
}

// get reads one resource.
func (o *Client) get(ctx context.Context, path, route string, out any) error {
	if err := o.do(ctx, call{method: http.MethodGet, path: path, route: "GET " + route, bucket: "GET " + route,
		repeat: true, out: out}); err != nil {
		return fmt.Errorf("ask Discord for %s: %w", route, err)
	}
	return nil
}

// OpenThread opens a public thread at a message.
func (o *Client) OpenThread(ctx context.Context, channelID, messageID, name string) (c Channel, err error) {
	path := "/channels/" + channelID + "/messages/" + messageID + "/threads"
	err = o.do(ctx, call{method: http.MethodPost, path: path, route: "POST /channels/messages/threads",
		bucket: "POST /channels/" + channelID + "/threads", lane: Urgent, out: &c, body: func() any {
			return struct {
				Name string `json:"name"`
			}{name}
		}})
	return c, err
}

// OpenDirect returns the channel of direct messages with a person.
func (o *Client) OpenDirect(ctx context.Context, userID string) (c Channel, err error) {
	const route = "/users/@me/channels"
	err = o.do(ctx, call{method: http.MethodPost, path: route, route: "POST " + route, bucket: "POST " + route,
		lane: Urgent, repeat: true, out: &c, body: func() any { return map[string]string{"recipient_id": userID} }})
	return c, err
}
