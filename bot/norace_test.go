//go:build !race

package bot

const UnderRace = false
