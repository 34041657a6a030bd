package otlp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"feedbackbot/feedback"
	"feedbackbot/feedback/rest"
)

// Options configure a [Client] with the values of OpenTelemetry's standard
// variables, as they are written there. One of the endpoints is required.
type Options struct {
	Endpoint       string // OTEL_EXPORTER_OTLP_ENDPOINT; /v1/traces is appended
	TracesEndpoint string // OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, used as it is
	Headers        string // OTEL_EXPORTER_OTLP_HEADERS: name=value,name=value
	Compression    string // OTEL_EXPORTER_OTLP_COMPRESSION: gzip, the default, or none
	ServiceName    string // OTEL_SERVICE_NAME
	Resource       string // OTEL_RESOURCE_ATTRIBUTES: name=value,name=value
	HTTPClient     *http.Client
}

// Client delivers to one collector. It is safe for concurrent use.
type Client struct{ exporter *Exporter }

var _ feedback.Backend = (*Client)(nil)

// New returns a client, or an error when the options cannot work.
func New(o Options) (*Client, error) {
	address, path := o.Endpoint, "/v1/traces"
	if o.TracesEndpoint != "" {
		address, path = o.TracesEndpoint, ""
	}
	base, err := rest.Address(address)
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	headers, err := pairs(o.Headers)
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_HEADERS: %w", err)
	}
	resource, err := pairs(o.Resource)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	if o.ServiceName != "" {
		resource["service.name"] = o.ServiceName
	}
	if o.Compression != "" && o.Compression != "gzip" && o.Compression != "none" {
		return nil, errors.New("OTEL_EXPORTER_OTLP_COMPRESSION must be gzip or none")
	}
	client := &rest.Client{Base: base, Header: http.Header{}, HTTPClient: o.HTTPClient, Mend: "are OTEL_EXPORTER_OTLP_ENDPOINT and its headers right?"}
	if client.HTTPClient == nil {
		client.HTTPClient = rest.NewHTTPClient()
	}
	for name, value := range headers {
		client.Header.Set(name, value)
		client.Secrets = append(client.Secrets, value)
	}
	return &Client{&Exporter{Client: client, Path: path, Resource: resource, Plain: o.Compression == "none"}}, nil
}

// pairs reads name=value,name=value, with values that may be percent-encoded.
func pairs(list string) (map[string]string, error) {
	found := map[string]string{}
	for pair := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || name == "" || err != nil || strings.ContainsAny(name+value, "\r\n\x00") {
			return nil, errors.New("must look like name=value,name=value") // the value may be a secret
		}
		found[name] = value
	}
	return found, nil
}

// Name is otlp.
func (c *Client) Name() string { return "otlp" }

// Check sends a request without spans.
func (c *Client) Check(ctx context.Context) error { return c.exporter.Export(ctx) }

// SendResponse sends the span of an answer.
func (c *Client) SendResponse(ctx context.Context, r feedback.Response, _ feedback.Delivered) (string, error) {
	span, err := Answer(r)
	if err != nil {
		return "", err
	}
	return "", c.exporter.Export(ctx, span)
}

// SendSubmission sends the carrier span of a vote. What it replaces stays at the
// collector; the newest one of a rater counts.
func (c *Client) SendSubmission(ctx context.Context, s feedback.Submission, _ feedback.Response, _ feedback.Delivered) (string, error) {
	span, err := Vote(s)
	if err != nil {
		return "", err
	}
	return "", c.exporter.Export(ctx, span)
}
