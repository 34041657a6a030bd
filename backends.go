package main

import (
	"fmt"
	"log/slog"

	"feedbackbot/feedback"
)

// newBackends returns a backend for every one that is configured. Each has a
// file of its own and says nil when it is off.
func newBackends(c Config, log *slog.Logger) (backends []feedback.Backend, err error) {
	for _, backend := range []func(*slog.Logger) (feedback.Backend, error){
		c.ConfidentConfig.backend,
		c.LangfuseConfig.backend,
		c.OTLPConfig.backend,
		c.PhoenixConfig.backend,
		c.WebhookConfig.backend,
	} {
		b, failed := backend(log)
		if failed != nil && err == nil {
			err = fmt.Errorf("%w: %w", errConfiguration, failed)
		}
		if b != nil {
			backends = append(backends, b)
		}
	}
	return backends, err
}
