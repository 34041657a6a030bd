package main

import (
	"log/slog"
	"testing"

	"feedbackbot/llm/llmtest"
)

// SYSTEM_PROMPT=none sends none; an empty one is the default, and any other is what
// it says.
func TestNoSystemPrompt(t *testing.T) {
	def, err := loadConfig([]string{"DISCORD_TOKEN=t", "OPENAI_API_KEY=k"})
	if err != nil || def.SystemPrompt == "" {
		t.Fatal(def.SystemPrompt, err)
	}
	for value, want := range map[string]string{"none": "", " None\n": "", "": def.SystemPrompt, "None of your business.": "None of your business."} {
		c, err := loadConfig([]string{"DISCORD_TOKEN=t", "OPENAI_API_KEY=k", "SYSTEM_PROMPT=" + value})
		if err != nil {
			t.Fatal(err)
		}
		if got := botOptions(c, nil, slog.New(slog.DiscardHandler)).SystemPrompt; got != want {
			t.Errorf("SYSTEM_PROMPT=%q is %q, want %q", value, got, want)
		}
	}
}

// The check asks as the bot will: with the system prompt, which some models take
// only in the first question, or with none.
func TestCheckWithSystemPrompt(t *testing.T) {
	for prompt, requests := range map[string]int{"Be kind.": 3, "none": 2} {
		s, err := llmtest.New(llmtest.Options{Template: llmtest.WithoutSystem})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		c, err := loadConfig([]string{"DISCORD_TOKEN=t", "OPENAI_API_KEY=" + llmtest.DefaultKey, "OPENAI_BASE_URL=" + s.URL(), "SYSTEM_PROMPT=" + prompt})
		if err != nil {
			t.Fatal(err)
		}
		if f := checkModel(t.Context(), c, slog.New(slog.DiscardHandler)); f[0].Cause != "" || len(s.Requests()) != requests {
			t.Errorf("SYSTEM_PROMPT=%s: %+v after %d requests, want all well after %d", prompt, f, len(s.Requests()), requests)
		}
	}
}
