package bot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

// What Discord sends while a shard has no session is lost. When a new session
// begins, the missed messages are fetched: of the channels in which somebody
// asked lately, and of every channel whose server, when it is announced, tells
// of a message that is newer than the gap's beginning.
// Questions that were answered before are known to the store, so a gap that is
// taken too wide does no harm.

const (
	// maxGap is how old a missed question may be and still be answered.
	maxGap = 10 * time.Minute
	// gapMargin widens a gap, for clocks that differ.
	gapMargin = 5 * time.Second
	// maxCatchUp is how many channels of one server are looked into.
	maxCatchUp = 50
	// maxPages is how many pages of messages of one channel are looked into.
	maxPages = 20
	// maxPlaces is how many channels of recent questions are looked into.
	maxPlaces = 50
	// aliveEvery is how often it is stored that a shard is connected.
	aliveEvery = 30 * time.Second
)

func aliveSetting(shard int) string { return fmt.Sprintf("shard_%d_alive", shard) }

// lastAlive returns when an earlier process was last connected; the zero time
// if there was none, and long ago if it cannot be read.
func (b *Bot) lastAlive(ctx context.Context, shard int) time.Time {
	text, err := b.store.Setting(ctx, aliveSetting(shard))
	if err != nil {
		b.log.Warn("cannot read when the bot was last connected", "error", err)
		return time.Now().Add(-maxGap)
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{} // the first start
	}
	return at
}

// keepAlive stores now and then that the shards are connected. It stops when
// questions are no longer taken, so that those are caught up with.
func (b *Bot) keepAlive(ctx context.Context) {
	for ctx.Err() == nil {
		pause(ctx, aliveEvery)
		b.mu.Lock()
		shards := slices.Clone(b.shards)
		b.mu.Unlock()
		for _, g := range shards {
			if last := g.Fresh(); !last.IsZero() && !b.stopping() {
				b.storeAlive(ctx, g.Shard, b.caughtUp(g.Shard, last))
			}
		}
	}
}

func (b *Bot) storeAlive(ctx context.Context, shard int, at time.Time) {
	if err := b.store.SetSetting(ctx, aliveSetting(shard), at.UTC().Format(time.RFC3339)); err != nil {
		b.log.Warn("cannot store that the bot is connected", "error", err)
	}
}

// onReady begins a session: from now on a shard's servers are announced.
// lastGood is when the session before was last seen to work.
func (b *Bot) onReady(shard int, lastGood time.Time) {
	if !lastGood.IsZero() {
		b.mu.Lock()
		b.missing[shard] = lastGood
		b.mu.Unlock()
	}
	b.begin("commands", func() { b.registerCommands(b.requests) })
	since := b.gap(shard)
	if since.IsZero() {
		// Nothing was missed: if this process dies young, the gap begins here.
		b.begin("alive", func() { b.storeAlive(b.requests, shard, time.Now()) })
		return
	}
	b.beginCatchingUp(shard, since, func() {
		var places []feedback.Place
		b.insistOn("look for missed messages", func() (err error) {
			places, err = b.recentPlaces(b.requests, shard)
			return err
		})
		for _, p := range places {
			b.catchUp(b.requests, p.GuildID, p.ChannelID, since)
		}
	})
}

// beginCatchingUp looks for what was missed since a moment. Until it has, the
// shard counts as connected no later than then, so that the next process looks
// as well if this one dies.
func (b *Bot) beginCatchingUp(shard int, since time.Time, do func()) {
	b.mu.Lock()
	b.behind[shard] = append(b.behind[shard], since)
	b.mu.Unlock()
	b.begin("catching up", func() {
		do()
		if b.intake.Err() != nil {
			return // it may have been cut short
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		n := slices.Index(b.behind[shard], since)
		b.behind[shard] = slices.Delete(b.behind[shard], n, n+1)
	})
}

// caughtUp returns up to when a shard has missed nothing: the last time it was
// connected, or the beginning of a gap that is being looked into.
func (b *Bot) caughtUp(shard int, last time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.MinFunc(append(slices.Clone(b.behind[shard]), last), time.Time.Compare)
}

// recentPlaces returns the channels in which a shard's members asked lately.
// Direct messages, which Discord does not announce, belong to shard 0.
func (b *Bot) recentPlaces(ctx context.Context, shard int) ([]feedback.Place, error) {
	places, err := b.store.RecentPlaces(ctx, false, maxPlaces)
	if err == nil && shard == 0 {
		var direct []feedback.Place
		direct, err = b.store.RecentPlaces(ctx, true, maxPlaces)
		places = append(places, direct...)
	}
	return slices.DeleteFunc(places, func(p feedback.Place) bool { return b.shardOf(p.GuildID) != shard }), err
}

// shardOf returns which shard a server's events come on, as Discord computes it.
func (b *Bot) shardOf(guildID string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return shardOf(guildID, b.total)
}

func shardOf(guildID string, total int) int { return int(discord.Number(guildID)>>22) % max(total, 1) }

// gap returns since when a shard may have missed messages, as far back as they
// are still answered; the zero time when it cannot have missed any.
func (b *Bot) gap(shard int) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	since := b.missing[shard]
	if since.IsZero() {
		return since
	}
	if oldest := time.Now().Add(-maxGap); since.Before(oldest) {
		return oldest
	}
	return since.Add(-gapMargin)
}

func (b *Bot) onGuild(shard int, g discord.Guild) {
	b.mu.Lock()
	b.guilds[g.ID] = g.Name
	b.mu.Unlock()
	b.roles.set(g.ID, b.me.ID, g.Roles...)
	b.places.put(g.ID, slices.Concat(g.Channels, g.Threads)...)
	since := b.gap(shard)
	if since.IsZero() {
		return
	}
	var behind []string
	for _, c := range slices.Concat(g.Channels, g.Threads) {
		if c.LastMessageID != "" && !c.IsForum() && discord.Number(c.LastMessageID) > b.out.SnowflakeOf(since) {
			behind = append(behind, c.ID)
		}
	}
	if len(behind) > maxCatchUp {
		b.metrics.dropped.WithLabelValues("channel_not_caught_up").Add(float64(len(behind) - maxCatchUp))
		behind = behind[:maxCatchUp]
	}
	if len(behind) == 0 {
		return
	}
	b.beginCatchingUp(shard, since, func() {
		for _, channelID := range behind {
			b.catchUp(b.requests, g.ID, channelID, since)
		}
	})
}

// catchUp fetches the messages of a channel since a moment and treats them as
// if they had just come.
func (b *Bot) catchUp(ctx context.Context, guildID, channelID string, since time.Time) {
	after := strconv.FormatInt(b.out.SnowflakeOf(since), 10)
	for range maxPages {
		list, err := b.out.MessagesAfter(ctx, channelID, after)
		if err != nil {
			b.metrics.dropped.WithLabelValues("channel_not_caught_up").Inc()
			b.log.Warn("cannot fetch missed messages", "channel", channelID, "error", err)
			return
		}
		for _, m := range slices.Backward(list) { // Discord lists the newest first
			m.GuildID, m.At = guildID, b.out.MadeHere(m.ID)
			b.onMessage(&m)
		}
		if len(list) < discord.PageSize {
			return
		}
		after = list[0].ID
	}
	b.metrics.dropped.WithLabelValues("channel_not_caught_up").Inc()
	b.log.Warn("too many missed messages in a channel; the newest are not looked at", "channel", channelID)
}
