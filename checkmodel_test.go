package main

import (
	"log/slog"
	"strings"
	"testing"

	"feedbackbot/llm/llmtest"
)

// check asks the model as members do, and says what mends what it finds.
func TestCheckModel(t *testing.T) {
	model, err := llmtest.New(llmtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(model.Close)
	for dialect, want := range map[string]string{
		"openai-stop":                 "",
		"vllm-max-tokens":             "", // it asks for less, as it does for members
		"openai-key":                  "OPENAI_API_KEY",
		"anthropic-permission":        "OPENAI_API_KEY",
		"deepseek-credit":             "add credit",
		"groq-day-quota":              "wait until tomorrow",
		"ollama-model":                "OPENAI_MODEL",
		"azure-not-supported":         "which setting",
		"all-thought-no-answer":       "raise OPENAI_MAX_TOKENS",
		"anthropic-request-too-large": "", // not for a short question
		"openai-policy":               "SYSTEM_PROMPT",
		"lmstudio-no-pictures":        "OPENAI_IMAGES=false",
		"nobody-knows-it":             "",
	} {
		t.Run(dialect, func(t *testing.T) {
			c, err := loadConfig([]string{"DISCORD_TOKEN=t", "OPENAI_API_KEY=" + llmtest.DefaultKey, "OPENAI_BASE_URL=" + model.URL(), "OPENAI_MODEL=" + dialect})
			if err != nil {
				t.Fatal(err)
			}
			findings := checkModel(t.Context(), c, slog.New(slog.DiscardHandler))
			last := findings[len(findings)-1]
			if (last.Cause == "") != (want == "") || !strings.Contains(last.Mend, want) {
				t.Errorf("found %q, mend %q, want %q", last.Cause, last.Mend, want)
			}
		})
	}
	pictures := 0
	for _, r := range model.Requests() {
		if len(r.Messages) != 2 || r.Messages[0].Role != "system" || !r.Stream || max(r.MaxTokens, r.MaxCompletionTokens) == 0 {
			t.Errorf("a question without system prompt, stream or limit: %.200s", r.Raw)
		}
		pictures += strings.Count(string(r.Raw), "image_url\":{")
	}
	if pictures < 3 {
		t.Errorf("%d questions have a picture, want at least 3", pictures)
	}
}

// A limit that the model does not take at all, however small, is named.
func TestCheckModelLimit(t *testing.T) {
	model, err := llmtest.New(llmtest.Options{Answer: func(llmtest.Request) llmtest.Script {
		return llmtest.Error(400, "This model's maximum context length is 4096 tokens. However, you requested 8292 tokens (100 in the messages, 8192 in the completion).")
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(model.Close)
	c, err := loadConfig([]string{"DISCORD_TOKEN=t", "OPENAI_BASE_URL=" + model.URL(), "OPENAI_API_KEY=" + llmtest.DefaultKey, "OPENAI_MODEL=m"})
	if err != nil {
		t.Fatal(err)
	}
	if f := checkModel(t.Context(), c, slog.New(slog.DiscardHandler))[0]; !strings.Contains(f.Mend, "lower OPENAI_MAX_TOKENS") {
		t.Errorf("found %q, mend %q, want to lower OPENAI_MAX_TOKENS", f.Cause, f.Mend)
	}
}
