package main

import (
	"log/slog"
	"strings"
	"testing"
)

// Each backend is on when its variables are set, with a name of its own; what is
// wrong with one is told by the variable's name, without a secret.
func TestBackends(t *testing.T) {
	from := func(set ...string) ([]string, error) {
		c, err := loadConfig(append([]string{"DISCORD_TOKEN=x", "OPENAI_API_KEY=x"}, set...))
		if err != nil {
			return nil, err
		}
		backends, err := newBackends(c, slog.New(slog.DiscardHandler))
		var names []string
		for _, b := range backends {
			if err == nil {
				names = append(names, b.Name())
			}
		}
		return names, err
	}
	for want, set := range map[string][]string{
		"confident":        {"CONFIDENT_API_KEY=confident_us_1"},
		"confident-events": {"CONFIDENT_API_KEY=confident_us_1", "CONFIDENT_API=events"},
		"langfuse":         {"LANGFUSE_PUBLIC_KEY=pk", "LANGFUSE_SECRET_KEY=sk"},
		"otlp":             {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://collector:4318/v1/traces"},
		"phoenix":          {"PHOENIX_BASE_URL=http://phoenix:6006"},
		"webhook":          {"WEBHOOK_URL=https://example.com/hook", "WEBHOOK_SECRET=whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"},
	} {
		if got, err := from(set...); err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%v makes %q, %v, want %q", set, got, err, want)
		}
	}
	for variable, set := range map[string][]string{
		"LANGFUSE_SECRET_KEY":         {"LANGFUSE_PUBLIC_KEY=canary"},
		"OTEL_EXPORTER_OTLP_ENDPOINT": {"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318"},
		"OTEL_EXPORTER_OTLP_PROTOCOL": {"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317"},
		"OTEL_EXPORTER_OTLP_HEADERS":  {"OTEL_EXPORTER_OTLP_HEADERS=canary\ncanary", "OTEL_EXPORTER_OTLP_ENDPOINT=http://c"},
		"PHOENIX_BASE_URL":            {"PHOENIX_BASE_URL=phoenix"},
		"WEBHOOK_SECRET":              {"WEBHOOK_URL=https://example.com", "WEBHOOK_SECRET=canary"},
	} {
		if _, err := from(set...); err == nil || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v = %v, want an error that names %s and no secret", set, err, variable)
		}
	}
	// What is not used does not matter, however wrong it is.
	names, err := from(
		"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json", "OTEL_EXPORTER_OTLP_HEADERS=canary\ncanary",
		"OTEL_EXPORTER_OTLP_TIMEOUT=10s", "OTEL_EXPORTER_OTLP_COMPRESSION=zstd", "OTEL_EXPORTER_OTLP_CERTIFICATE=/nowhere", "OTEL_RESOURCE_ATTRIBUTES=canary",
		"CONFIDENT_API=canary", "CONFIDENT_BASE_URL=canary",
		"LANGFUSE_BASE_URL=canary", "LANGFUSE_TRACING_ENVIRONMENT=Canary",
		"WEBHOOK_SECRET=canary",
	)
	if err != nil || len(names) > 0 {
		t.Errorf("without one that is on: %v, %v, want none and no error", names, err)
	}
}
