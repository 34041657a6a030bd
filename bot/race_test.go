//go:build race

package bot_test

// underRace says that everything takes many times as long as it does in earnest.
const underRace = true
