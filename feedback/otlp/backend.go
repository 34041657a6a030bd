package otlp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"feedbackbot/feedback"
	"feedbackbot/feedback/rest"
)

// Options configure a [Client] with the values of OpenTelemetry's standard
// variables, as they are written there. One of the endpoints is required.
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
type Options struct {
	Endpoint       string       // OTEL_EXPORTER_OTLP_ENDPOINT; /v1/traces is appended
	TracesEndpoint string       // OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, used as it is
	Headers        string       // ..._HEADERS: name=value,name=value
	Compression    string       // ..._COMPRESSION: gzip, the default, or none
	Timeout        string       // ..._TIMEOUT: milliseconds for one request; default 10000
	Certificate    string       // ..._CERTIFICATE: file with who vouches for the collector; default: the system's
	ClientCert     string       // ..._CLIENT_CERTIFICATE: file with who we are
	ClientKey      string       // ..._CLIENT_KEY: file with the key to it
	ServiceName    string       // OTEL_SERVICE_NAME
	Resource       string       // OTEL_RESOURCE_ATTRIBUTES: name=value,name=value; what is not is left out
	Log            *slog.Logger // is told of that; may be nil
}

// Client delivers to one collector. It is safe for concurrent use.
type Client struct{ exporter *Exporter }

var _ feedback.Backend = (*Client)(nil)

// New returns a client, or an error when the options cannot work.
func New(o Options) (*Client, error) {
	base, path, err := o.address()
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	headers, err := pairs(o.Headers)
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_HEADERS: %w", err)
	}
	resource, dropped := goodPairs(o.Resource)
	if dropped > 0 && o.Log != nil {
		o.Log.Warn("OTEL_RESOURCE_ATTRIBUTES has pairs that are not name=value; they are left out", "pairs", dropped)
	}
	if o.ServiceName != "" {
		resource["service.name"] = o.ServiceName
	}
	if o.Compression != "" && o.Compression != "gzip" && o.Compression != "none" {
		return nil, errors.New("OTEL_EXPORTER_OTLP_COMPRESSION must be gzip or none")
	}
	httpClient, err := o.httpClient()
	if err != nil {
		return nil, err
	}
	client := &rest.Client{Base: base, Header: http.Header{}, HTTPClient: httpClient, Mend: "are OTEL_EXPORTER_OTLP_ENDPOINT and its headers right?"}
	for name, value := range headers {
		client.Header.Set(name, value)
		client.Secrets = append(client.Secrets, value)
	}
	return &Client{&Exporter{Client: client, Path: path, Resource: resource, Plain: o.Compression == "none"}}, nil
}

// httpClient returns a client with the deadline and the certificates of o.
func (o Options) httpClient() (*http.Client, error) {
	client := rest.NewHTTPClient()
	ms, err := strconv.Atoi(cmp.Or(o.Timeout, "10000"))
	if err != nil || ms <= 0 {
		return nil, errors.New("OTEL_EXPORTER_OTLP_TIMEOUT must be a number of milliseconds")
	}
	client.Timeout = time.Duration(ms) * time.Millisecond
	if o.Certificate == "" && o.ClientCert == "" && o.ClientKey == "" {
		return client, nil
	}
	config := &tls.Config{}
	if o.Certificate != "" {
		pem, err := os.ReadFile(o.Certificate)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CERTIFICATE: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("OTEL_EXPORTER_OTLP_CERTIFICATE names a file without a certificate in PEM")
		}
	}
	if o.ClientCert != "" || o.ClientKey != "" {
		pair, err := tls.LoadX509KeyPair(o.ClientCert, o.ClientKey)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and ..._CLIENT_KEY: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = config
	client.Transport = transport
	return client, nil
}

// address returns where traces go, as a base and the path behind it. What has a
// query cannot have a path appended.
func (o Options) address() (base, path string, err error) {
	base = cmp.Or(o.TracesEndpoint, o.Endpoint)
	if err := rest.Valid(base); err != nil {
		return "", "", err
	}
	if o.TracesEndpoint != "" {
		return base, "", nil
	}
	if u, err := url.Parse(base); err == nil && u.RawQuery != "" {
		return u.JoinPath("v1/traces").String(), "", nil
	}
	base, err = rest.Address(base)
	return base, "/v1/traces", err
}

// pair reads name=value, with a value that may be percent-encoded.
func pair(text string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(text, "=")
	name = strings.TrimSpace(name)
	value, err := url.PathUnescape(strings.TrimSpace(value))
	return name, value, ok && name != "" && err == nil && !strings.ContainsFunc(name+value, unicode.IsControl)
}

// pairs reads name=value,name=value.
func pairs(list string) (map[string]string, error) {
	found, dropped := goodPairs(list)
	if dropped > 0 {
		return nil, errors.New("must look like name=value,name=value") // the value may be a secret
	}
	return found, nil
}

// goodPairs reads the pairs that are well formed, and counts the others.
func goodPairs(list string) (found map[string]string, dropped int) {
	found = map[string]string{}
	for text := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(text) == "" {
			continue
		}
		if name, value, ok := pair(text); ok {
			found[name] = value
		} else {
			dropped++
		}
	}
	return found, dropped
}

// Name is otlp.
func (c *Client) Name() string { return "otlp" }

// Check sends a request without spans.
func (c *Client) Check(ctx context.Context) error {
	err := c.exporter.Export(ctx)
	if errors.Is(err, errNoOTLP) || errors.Is(err, errGRPC) {
		err = &rest.Mended{Err: err, Mend: "set OTEL_EXPORTER_OTLP_ENDPOINT to where the collector takes OTLP over HTTP, mostly port 4318; /v1/traces is appended to it"}
	}
	return err
}

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
