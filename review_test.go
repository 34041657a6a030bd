package main

import (
	"strings"
	"testing"

	"feedbackbot/feedback/store"
)

// Reviewing is off without reviewers; what is wrong with its variables is told by
// their names. What others can reach has to be https.
func TestReviewConfig(t *testing.T) {
	from := func(set ...string) (Config, error) {
		return loadConfig(append([]string{"DISCORD_TOKEN=x", "OPENAI_API_KEY=x"}, set...))
	}
	for want, set := range map[store.Reviewing][]string{
		{}:                       {"REVIEW_SAMPLE=1"},
		{Sample: 0.05, Times: 1}: {"REVIEWERS=1, 2"},
		{Sample: 1, Times: 3}:    {"REVIEW_LEADS=1", "REVIEW_SAMPLE=1", "REVIEW_TIMES=3", "REVIEW_ADDR=0.0.0.0:8081", "PUBLIC_URL=https://review.example"},
	} {
		c, err := from(set...)
		if got := c.reviewing(); err != nil || got != want {
			t.Errorf("%v puts %+v, %v before reviewers, want %+v", set, got, err, want)
		}
	}
	for variable, set := range map[string][]string{
		"REVIEWERS must":         {"REVIEWERS=moderators"},
		"REVIEW_LEADS must":      {"REVIEW_LEADS=x"},
		"REVIEW_ADDR must":       {"REVIEW_ADDR=8081"},
		"PUBLIC_URL is missing":  {"REVIEWERS=1", "REVIEW_ADDR=:8081"},
		"PUBLIC_URL must begin":  {"REVIEWERS=1", "PUBLIC_URL=http://review.example"},
		"PUBLIC_URL must be":     {"REVIEWERS=1", "PUBLIC_URL=review.example"},
		"PUBLIC_URL must have":   {"REVIEWERS=1", "PUBLIC_URL=https://example.com/review"},
		"REVIEW_SAMPLE must":     {"REVIEW_SAMPLE=5"},
		"REVIEW_TIMES must":      {"REVIEW_TIMES=0"},
		"REVIEW_DIRECT_MESSAGES": {"REVIEW_DIRECT_MESSAGES=yes"},
	} {
		if _, err := from(set...); err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("%v = %v, want an error with %q", set, err, variable)
		}
	}
}
