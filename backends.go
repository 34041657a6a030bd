package main

import (
	"cmp"
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
	if c.OTLP.Endpoint != "" || c.OTLPTraces.Endpoint != "" {
		add(otlp.New(otlpOptions(c)))
	}
	if c.PhoenixBaseURL != "" {
		add(phoenix.New(phoenix.Options{BaseURL: c.PhoenixBaseURL, Key: c.PhoenixKey.Reveal(), Project: c.PhoenixProject}))
	}
	if c.WebhookURL != "" {
		add(webhook.New(c.WebhookURL.Reveal(), c.WebhookSecret.Reveal()))
	}
	return backends, err
}

// otlpVariables are OpenTelemetry's standard variables for its exporters. Each
// exists for all signals and for traces alone.
type otlpVariables struct {
	Endpoint          string `env:"ENDPOINT"`
	Headers           Secret `env:"HEADERS"`
	Protocol          string `env:"PROTOCOL"`
	Compression       string `env:"COMPRESSION"`
	Timeout           string `env:"TIMEOUT"`
	Certificate       string `env:"CERTIFICATE"`
	ClientCertificate string `env:"CLIENT_CERTIFICATE"`
	ClientKey         string `env:"CLIENT_KEY"`
}

// otlpOptions are those for traces, or else those for all signals.
func otlpOptions(c Config) otlp.Options {
	all, traces := c.OTLP, c.OTLPTraces
	return otlp.Options{
		Endpoint: all.Endpoint, TracesEndpoint: traces.Endpoint,
		Headers:     cmp.Or(traces.Headers, all.Headers).Reveal(),
		Compression: cmp.Or(traces.Compression, all.Compression),
		Timeout:     cmp.Or(traces.Timeout, all.Timeout),
		Certificate: cmp.Or(traces.Certificate, all.Certificate),
		ClientCert:  cmp.Or(traces.ClientCertificate, all.ClientCertificate),
		ClientKey:   cmp.Or(traces.ClientKey, all.ClientKey),
		ServiceName: c.OTLPService, Resource: c.OTLPResource,
	}
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
