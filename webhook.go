package main

import (
	"log/slog"

	"feedbackbot/feedback"
	"feedbackbot/feedback/webhook"
)

// WebhookConfig is a webhook of one's own.
type WebhookConfig struct {
	WebhookURL    Secret `env:"WEBHOOK_URL"`
	WebhookSecret Secret `env:"WEBHOOK_SECRET"`
}

func (c WebhookConfig) backend(*slog.Logger) (feedback.Backend, error) {
	if c.WebhookURL == "" {
		return nil, nil
	}
	return webhook.New(c.WebhookURL.Reveal(), c.WebhookSecret.Reveal())
}
