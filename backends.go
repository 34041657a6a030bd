package main

import (
	"fmt"
	"log/slog"

	"feedbackbot/feedback"
	"feedbackbot/feedback/confident"
	"feedbackbot/feedback/langfuse"
	"feedbackbot/feedback/otlp"
	"feedbackbot/feedback/phoenix"
	"feedbackbot/feedback/webhook"
)

// newBackends returns a backend for every one that is configured.
func newBackends(c Config, log *slog.Logger) (backends []feedback.Backend, err error) {
	add := func(b feedback.Backend, failed error) {
		if failed != nil && err == nil {
			err = fmt.Errorf("%w: %w", errConfiguration, failed)
		}
		backends = append(backends, b)
	}
	if c.ConfidentKey != "" {
		b, err := confident.New(confident.Options{Key: c.ConfidentKey.Reveal(), BaseURL: c.ConfidentBaseURL,
			API: confident.API(c.ConfidentAPI), Environment: c.ConfidentEnvironment, Log: log})
		if err != nil {
			err = fmt.Errorf("CONFIDENT_API_KEY or CONFIDENT_BASE_URL: %w", err)
		}
		add(b, err)
	}
	if c.LangfusePublicKey != "" || c.LangfuseSecretKey != "" {
		add(langfuse.New(langfuse.Options{PublicKey: c.LangfusePublicKey, SecretKey: c.LangfuseSecretKey.Reveal(), BaseURL: c.LangfuseBaseURL,
			Environment: c.LangfuseEnvironment, ThumbsName: c.LangfuseThumbs, StarsName: c.LangfuseStars}))
	}
	if c.OTLPEndpoint != "" || c.OTLPTracesEndpoint != "" {
		add(otlp.New(otlp.Options{Endpoint: c.OTLPEndpoint, TracesEndpoint: c.OTLPTracesEndpoint, Headers: c.OTLPHeaders.Reveal(),
			Compression: c.OTLPCompression, ServiceName: c.OTLPService, Resource: c.OTLPResource}))
	}
	if c.PhoenixBaseURL != "" {
		add(phoenix.New(phoenix.Options{BaseURL: c.PhoenixBaseURL, Key: c.PhoenixKey.Reveal(), Project: c.PhoenixProject}))
	}
	if c.WebhookURL != "" {
		add(webhook.New(c.WebhookURL.Reveal(), c.WebhookSecret.Reveal()))
	}
	return backends, err
}

// titleOf is what people call a backend.
func titleOf(b feedback.Backend) string {
	switch b.(type) {
	case *confident.Client:
		return "Confident AI"
	case *langfuse.Client:
		return "Langfuse"
	case *otlp.Client:
		return "a collector of OpenTelemetry"
	case *phoenix.Client:
		return "Arize Phoenix"
	}
	return "a server of the people who run me"
}
