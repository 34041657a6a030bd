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
	"slices"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
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
	// TracesData has the wire format of ExportTraceServiceRequest, without the
	// dependency on gRPC.
	payload, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{
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
		return judge(err)
	}
	if rejected, message := partialSuccess(answer); rejected > 0 {
		return fmt.Errorf("%d of %d spans were rejected: %s: %w", rejected, len(spans), message, feedback.ErrRefused)
	}
	return nil
}

// judge applies OTLP's rule that of the errors only 429, 502, 503 and 504 are
// tried again. An address without OTLP is the operator's to mend.
func judge(err error) error {
	switch s := rest.Status(err); s {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType:
		return fmt.Errorf("%s: %w; there is no OTLP over HTTP and protobuf at this address", err.Error(), feedback.ErrUnauthorized)
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return err
	default:
		if s >= 500 && !errors.Is(err, feedback.ErrRefused) {
			return fmt.Errorf("%w: %w", err, feedback.ErrRefused)
		}
	}
	return err
}

// partialSuccess reads an ExportTraceServiceResponse: how many spans were
// rejected, and why. An answer that is none, as {}, rejects nothing.
func partialSuccess(answer []byte) (rejected uint64, message string) {
	for _, partial := range fields(answer, 1) {
		for _, n := range numbers(partial, 1) {
			rejected = n
		}
		for _, text := range fields(partial, 2) {
			message = string(text)
		}
	}
	return rejected, message
}

// fields returns the length-delimited fields of a message with a number.
func fields(message []byte, number protowire.Number) (found [][]byte) {
	walk(message, func(n protowire.Number, kind protowire.Type, value []byte) {
		if content, size := protowire.ConsumeBytes(value); n == number && kind == protowire.BytesType && size >= 0 {
			found = append(found, content)
		}
	})
	return found
}

// numbers returns the varint fields of a message with a number.
func numbers(message []byte, number protowire.Number) (found []uint64) {
	walk(message, func(n protowire.Number, kind protowire.Type, value []byte) {
		if content, size := protowire.ConsumeVarint(value); n == number && kind == protowire.VarintType && size >= 0 {
			found = append(found, content)
		}
	})
	return found
}

func walk(message []byte, visit func(protowire.Number, protowire.Type, []byte)) {
	for len(message) > 0 {
		number, kind, tag := protowire.ConsumeTag(message)
		if tag < 0 {
			return
		}
		size := protowire.ConsumeFieldValue(number, kind, message[tag:])
		if size < 0 {
			return
		}
		visit(number, kind, message[tag:tag+size])
		message = message[tag+size:]
	}
}
