package main

import (
	"cmp"
	"log/slog"

	"feedbackbot/feedback"
	"feedbackbot/feedback/otlp"
)

// OTLPConfig is a collector of OpenTelemetry.
type OTLPConfig struct {
	OTLP         otlpVariables `envPrefix:"OTEL_EXPORTER_OTLP_"`
	OTLPTraces   otlpVariables `envPrefix:"OTEL_EXPORTER_OTLP_TRACES_"`
	OTLPService  string        `env:"OTEL_SERVICE_NAME" envDefault:"feedbackbot"`
	OTLPResource string        `env:"OTEL_RESOURCE_ATTRIBUTES"`
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

// check judges nothing when no endpoint is set: the variables are then for others.
func (c OTLPConfig) check(wrong *mistakes) {
	if !c.used() {
		return
	}
	name, protocol := "OTEL_EXPORTER_OTLP_PROTOCOL", c.OTLP.Protocol
	if c.OTLPTraces.Protocol != "" {
		name, protocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", c.OTLPTraces.Protocol
	}
	if protocol != "" && protocol != "http/protobuf" {
		wrong.add(name + " must be http/protobuf, the only one that is spoken, and the endpoint the port for it, mostly 4318")
	}
}

func (c OTLPConfig) used() bool { return c.OTLP.Endpoint != "" || c.OTLPTraces.Endpoint != "" }

func (c OTLPConfig) backend(log *slog.Logger) (feedback.Backend, error) {
	if !c.used() {
		return nil, nil
	}
	o := c.options()
	o.Log = log
	return otlp.New(o)
}

// options are those for traces, or else those for all signals.
func (c OTLPConfig) options() otlp.Options {
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
