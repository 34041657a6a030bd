package main

import (
	"strconv"

	"feedbackbot/bot"
)

// ModerationConfig is who judges questions and answers.
type ModerationConfig struct {
	Moderation       bool   `env:"MODERATION" envDefault:"false"`
	ModeratorChannel string `env:"MODERATOR_CHANNEL"`
}

func (c ModerationConfig) check(wrong *mistakes) {
	if c.ModeratorChannel == "" {
		return
	}
	if _, err := strconv.ParseUint(c.ModeratorChannel, 10, 64); err != nil {
		wrong.add("MODERATOR_CHANNEL must be a channel's Discord id")
	}
}

func (c ModerationConfig) options() bot.Moderation {
	return bot.Moderation{On: c.Moderation, Channel: c.ModeratorChannel}
}
