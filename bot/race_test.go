//go:build race

package bot

// UnderRace says that everything takes many times as long as it does in earnest.
const UnderRace = true
