package main

import (
	"log/slog"

	"feedbackbot/feedback"
	"feedbackbot/feedback/phoenix"
)

// PhoenixConfig is Arize Phoenix.
type PhoenixConfig struct {
	PhoenixBaseURL string `env:"PHOENIX_BASE_URL"`
	PhoenixKey     Secret `env:"PHOENIX_API_KEY"`
	PhoenixProject string `env:"PHOENIX_PROJECT_NAME" envDefault:"feedbackbot"`
}

func (c PhoenixConfig) backend(*slog.Logger) (feedback.Backend, error) {
	if c.PhoenixBaseURL == "" {
		return nil, nil
	}
	return phoenix.New(phoenix.Options{BaseURL: c.PhoenixBaseURL, Key: c.PhoenixKey.Reveal(), Project: c.PhoenixProject})
}
