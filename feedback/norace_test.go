//go:build !race

package feedback_test

const underRace = false
