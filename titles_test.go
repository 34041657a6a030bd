package main

import (
	"slices"
	"testing"

	"feedbackbot/feedback"
)

type backendNamed struct {
	feedback.Backend
	name string
}

func (b backendNamed) Name() string { return b.name }

// People read of a backend what it is called, or who runs it.
func TestTitles(t *testing.T) {
	titles["own"] = "Our Own"
	defer delete(titles, "own")
	got := titlesOf([]feedback.Backend{backendNamed{name: "own"}, backendNamed{name: "nameless"}})
	if want := []string{"Our Own", "a server of the people who run me"}; !slices.Equal(got, want) {
		t.Errorf("titlesOf() = %q, want %q", got, want)
	}
}
