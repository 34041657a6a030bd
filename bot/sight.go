package bot

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

const (
	// maxSights is in how many servers it is looked whether somebody is there, and
	// sightsAtOnce in how many at the same time.
	maxSights    = 200
	sightsAtOnce = 8
)

// Sight asks Discord what somebody may see: their roles, and which channels they
// may read in the bot's servers.
func (b *Bot) Sight(ctx context.Context, userID string) (feedback.Sight, error) {
	servers, err := b.store.Servers(ctx)
	if err != nil {
		return feedback.Sight{}, err
	}
	for id := range b.serverNames() {
		if !slices.Contains(servers, id) { // nothing was asked there yet
			servers = append(servers, id)
		}
	}
	if len(servers) > maxSights {
		b.log.Warn("a reviewer is looked for in some of the servers only", "servers", len(servers), "in", maxSights)
		servers = servers[:maxSights]
	}
	sight := feedback.Sight{Servers: map[string]feedback.Server{}}
	var mu sync.Mutex
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(sightsAtOnce)
	for _, id := range servers {
		all.Go(func() error {
			server, roles, err := b.sightIn(ctx, id, userID)
			if s := discord.Status(err); s == http.StatusNotFound || s == http.StatusForbidden {
				return nil // not a member, or the bot has left
			} else if err != nil {
				return fmt.Errorf("ask Discord what a reviewer may see: %w", err)
			}
			mu.Lock()
			defer mu.Unlock()
			sight.Servers[id] = server
			sight.Roles = append(sight.Roles, roles...)
			return nil
		})
	}
	return sight, all.Wait()
}

// serverNames returns the names of the servers of this process's shards, by id.
func (b *Bot) serverNames() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.guilds)
}

func (b *Bot) sightIn(ctx context.Context, guildID, userID string) (s feedback.Server, roles []string, err error) {
	member, err := b.out.Member(ctx, guildID, userID)
	if err != nil {
		return s, nil, err
	}
	rights, err := b.out.Rights(ctx, guildID)
	if err != nil {
		return s, nil, err
	}
	channels, err := b.out.Channels(ctx, guildID)
	if err != nil {
		return s, nil, err
	}
	s = feedback.Server{Name: rights.Name, Channels: map[string]string{}}
	for _, c := range channels {
		if rights.MayRead(member, c) {
			s.Channels[c.ID] = c.Name
		}
	}
	return s, slices.Clone(member.Roles), nil
}

// Thread returns the name of a thread and the channel it belongs to, which is ""
// for a private thread, and for what is no thread or is gone.
func (b *Bot) Thread(ctx context.Context, id string) (name, parentID string, err error) {
	c, err := b.out.Channel(ctx, id)
	switch s := discord.Status(err); {
	case s == http.StatusNotFound || s == http.StatusForbidden:
		return "", "", nil
	case err != nil:
		return "", "", err
	case !c.IsThread() || c.IsPrivate():
		return c.Name, "", nil
	}
	return c.Name, c.ParentID, nil
}
