//go:build !race

package bot

import "time"

const UnderRace = false

const AckTimeout time.Duration = 0 // as Discord does

func Slow(*Bot) {}
