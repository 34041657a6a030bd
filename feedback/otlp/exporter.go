// Package otlp delivers answers and votes to any collector of OpenTelemetry, as
// protobuf over HTTP.
//
// An answer is a span with the GenAI attributes and those of OpenInference. A
// vote comes after that span has ended, so it is a span of its own, linked to
// the answer's, with the event gen_ai.evaluation.result.
package otlp

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"feedbackbot/feedback"
	"feedbackbot/feedback/rest"
)

// Exporter sends spans to one address.
type Exporter struct {
	Client   *rest.Client // its Base is followed by Path
	Path     string
	Resource map[string]string // attributes of who sends; service.name has a default
	Plain    bool              // not compressed
	// RetryErrors says that a 500 may pass, as at platforms whose own storage is
	// behind it. OTLP itself has it final.
	RetryErrors bool
}

const (
	service = "feedbackbot"
	scope   = "feedbackbot/feedback/otlp"
)

// Export sends spans. It returns [feedback.ErrRefused] when the collector
// rejects one of them for good.
func (e *Exporter) Export(ctx context.Context, spans ...*tracepb.Span) error {
	attributes := []*commonpb.KeyValue{String("service.name", cmp.Or(e.Resource["service.name"], service))}
	for _, name := range slices.Sorted(maps.Keys(e.Resource)) {
		if name != "service.name" {
			attributes = append(attributes, String(name, e.Resource[name]))
		}
	}
	payload, err := proto.Marshal(&collectorpb.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{
		Resource:   &resourcepb.Resource{Attributes: attributes},
		ScopeSpans: []*tracepb.ScopeSpans{{Scope: &commonpb.InstrumentationScope{Name: scope}, Spans: spans}},
	}}})
	if err != nil {
		return fmt.Errorf("encode spans: %w: %w", err, feedback.ErrRefused)
	}
	header := http.Header{"Content-Type": {"application/x-protobuf"}}
	if !e.Plain {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		w.Write(payload) // a buffer takes everything
		w.Close()
		payload = packed.Bytes()
		header.Set("Content-Encoding", "gzip")
	}
	answer, err := e.Client.Send(ctx, http.MethodPost, e.Path, header, payload)
	if err != nil {
		if e.RetryErrors && rest.Status(err) >= 500 {
			return err
		}
		return e.judge(err)
	}
	if rejected := partialSuccess(answer).GetRejectedSpans(); rejected > 0 { // its message may repeat what is in them
		return fmt.Errorf("%d of %d spans were rejected: %w", rejected, len(spans), feedback.ErrRefused)
	}
	return nil
}

var (
	errNoOTLP = errors.New("there is no OTLP over HTTP and protobuf at this address")
	errGRPC   = errors.New("the port is that of gRPC, which is not spoken")
)

// judge applies OTLP's rule that of the errors only 429, 502, 503 and 504 are
// tried again. An address without OTLP is the operator's to mend.
// https://opentelemetry.io/docs/specs/otlp/#failures-1
func (e *Exporter) judge(err error) error {
	switch s := rest.Status(err); s {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType:
		return fmt.Errorf("%w: %w; %w", rest.Unjudged(err), feedback.ErrUnauthorized, errNoOTLP)
	case 0:
		// A server of gRPC begins with frames of HTTP/2, or hangs up.
		if u, bad := url.Parse(e.Client.Base); speaksOther(err) || bad == nil && u.Port() == "4317" {
			return fmt.Errorf("%w: %w", errGRPC, err)
		}
		return err
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return err
	default:
		if s < 400 || errors.Is(err, feedback.ErrRefused) || errors.Is(err, feedback.ErrUnauthorized) {
			return err
		}
		return fmt.Errorf("%w: %w", err, feedback.ErrRefused)
	}
}

// partialSuccess reads what the collector says of spans that it took only in
// part. Some answer in JSON whatever they were sent; an answer that cannot be
// read rejects nothing.
func partialSuccess(answer []byte) *collectorpb.ExportTracePartialSuccess {
	var got collectorpb.ExportTraceServiceResponse
	if bytes.HasPrefix(bytes.TrimSpace(answer), []byte("{")) {
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(answer, &got); err != nil {
			return nil
		}
	} else if err := proto.Unmarshal(answer, &got); err != nil {
		return nil
	}
	return got.PartialSuccess
}

// speaksOther reports whether a server said something that is no HTTP, as one of
// gRPC does: net/http has different words for it when that came before the request
// was written.
func speaksOther(err error) bool {
	return strings.Contains(err.Error(), "malformed HTTP response") || strings.Contains(err.Error(), "readLoopPeekFailLocked")
}
