package bot

import (
	"context"
	"strings"
	"time"

	"feedbackbot/bot/discord"
)

// archive is what remembering and forgetting servers needs of the store.
type archive interface {
	ForgetServer(ctx context.Context, guildID string) error
	Servers(ctx context.Context) ([]string, error)
	Settings(ctx context.Context, prefix string) (map[string]string, error)
	DeleteSetting(ctx context.Context, name string) error
}

const (
	// serverGrace is how long the data of a server is kept after the bot has
	// left: people who remove it by mistake invite it again.
	serverGrace = 30 * 24 * time.Hour
	leftSetting = "left_server_"
)

// onServers takes the list of a shard's servers with which a session begins. It
// names those that are unavailable right now, too.
func (b *Bot) onServers(shard int, list []discord.Guild) {
	here := make(map[string]string, len(list))
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range list {
		here[g.ID] = b.guilds[g.ID]
	}
	for id, name := range b.guilds {
		if shardOf(id, b.total) != shard {
			here[id] = name
		}
	}
	b.guilds = here
}

// onLeft notes that the bot is no longer in a server; its data goes after a
// while.
func (b *Bot) onLeft(guildID string) {
	b.mu.Lock()
	delete(b.guilds, guildID)
	b.mu.Unlock()
	b.begin("left a server", func() {
		if err := b.noteLeft(b.requests, guildID, time.Now()); err != nil {
			b.log.Error("cannot store that a server was left", "error", err)
		}
	})
}

func (b *Bot) noteLeft(ctx context.Context, guildID string, at time.Time) error {
	return b.store.SetSetting(ctx, leftSetting+guildID, at.UTC().Format(time.RFC3339))
}

// isIn reports whether the bot is in a server.
func (b *Bot) isIn(guildID string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, in := b.guilds[guildID]
	return in
}

// ForgetLeftServers deletes the data of the servers that were left long enough
// before now, and to which the bot did not come back. A server that was left
// while the bot was away counts from the first time this is called.
func (b *Bot) ForgetLeftServers(ctx context.Context, now time.Time) error {
	if b.Ready() != nil {
		return nil // the servers are not known yet
	}
	left, err := b.store.Settings(ctx, leftSetting)
	if err != nil {
		return err
	}
	servers, err := b.store.Servers(ctx)
	if err != nil {
		return err
	}
	for _, id := range servers {
		if _, noted := left[leftSetting+id]; noted || b.isIn(id) || !b.runsShardOf(id) {
			continue
		}
		b.log.Info("a server was left while the bot was away", "server", id)
		if err := b.noteLeft(ctx, id, now); err != nil {
			return err
		}
	}
	for name, value := range left {
		id := strings.TrimPrefix(name, leftSetting)
		back := b.isIn(id)
		at, err := time.Parse(time.RFC3339, value)
		if !b.runsShardOf(id) || !back && err == nil && now.Sub(at) < serverGrace {
			continue
		}
		if !back {
			if err := b.store.ForgetServer(ctx, id); err != nil {
				return err
			}
			b.log.Info("deleted the data of a server that was left", "server", id)
		}
		if err := b.store.DeleteSetting(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
