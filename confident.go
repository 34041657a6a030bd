package main

import (
	"fmt"
	"log/slog"

	"feedbackbot/feedback"
	"feedbackbot/feedback/confident"
)

// ConfidentConfig is Confident AI.
type ConfidentConfig struct {
	ConfidentKey         Secret `env:"CONFIDENT_API_KEY"`
	ConfidentBaseURL     string `env:"CONFIDENT_BASE_URL"`
	ConfidentAPI         string `env:"CONFIDENT_API" envDefault:"annotations"`
	ConfidentEnvironment string `env:"CONFIDENT_ENVIRONMENT" envDefault:"production"`
}

func (c ConfidentConfig) check(wrong *mistakes) {
	if c.ConfidentKey == "" {
		return // not used
	}
	wrong.oneOf("CONFIDENT_API", c.ConfidentAPI, "annotations", "events")
	wrong.oneOf("CONFIDENT_ENVIRONMENT", c.ConfidentEnvironment, "production", "development", "staging", "testing")
	if c.ConfidentBaseURL != "" {
		wrong.address("CONFIDENT_BASE_URL", c.ConfidentBaseURL)
	}
	if confident.IsOrganisationKey(c.ConfidentKey.Reveal()) {
		wrong.add("CONFIDENT_API_KEY is an organisation's key; a project's key is needed")
	}
}

func (c ConfidentConfig) backend(log *slog.Logger) (feedback.Backend, error) {
	if c.ConfidentKey == "" {
		return nil, nil
	}
	b, err := confident.New(confident.Options{Key: c.ConfidentKey.Reveal(), BaseURL: c.ConfidentBaseURL,
		API: confident.API(c.ConfidentAPI), Environment: c.ConfidentEnvironment, Log: log})
	if err != nil {
		return nil, fmt.Errorf("CONFIDENT_API_KEY or CONFIDENT_BASE_URL: %w", err)
	}
	return b, nil
}
