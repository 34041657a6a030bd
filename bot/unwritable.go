package bot

import (
	"context"
	"fmt"
	"net/http"
)

// textCannotWrite is sent to a person who asked where the bot may only read.
const textCannotWrite = "I'm not allowed to write in <#%s>, so I couldn't answer you there. Please ask me in another channel, or tell the people who run the server."

// tellPrivately tells whoever asked that the bot may not write there, in a
// direct message, and not again soon. It does nothing when err is something
// else, or a part of the answer is on the screen.
func (b *Bot) tellPrivately(ctx context.Context, r *reply, err error) {
	if status(err) != http.StatusForbidden || len(r.ids) > 0 || r.q.userID == "" || r.q.GuildID == "" {
		return
	}
	if _, told := b.told.get(r.q.userID); told {
		return
	}
	b.told.put(r.q.userID, true)
	c, err := b.out.openDirect(ctx, r.q.userID)
	if err == nil {
		_, err = b.out.postMessage(ctx, c.ID, urgent, func() body {
			return body{Content: fmt.Sprintf(textCannotWrite, r.q.ChannelID), Nonce: r.nonce("p", 0)}
		})
	}
	if err != nil {
		b.log.Info("a person could not be told that the bot may not write in a channel", "channel", r.q.ChannelID, "error", err)
	}
}
