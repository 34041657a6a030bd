package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// collectorConfig takes spans over HTTP and writes them to a file, a line for
// each batch.
const collectorConfig = `receivers:
  otlp: {protocols: {http: {endpoint: %q}}}
exporters:
  file: {path: %q, flush_interval: 100ms}
service:
  pipelines: {traces: {receivers: [otlp], exporters: [file]}}
`

// batch is a line of what the collector hands on.
type batch struct {
	ResourceSpans []struct {
		Resource   struct{ Attributes []attribute }
		ScopeSpans []struct{ Spans []span }
	}
}

type span struct {
	TraceID, SpanID, Name string
	Kind                  int
	Attributes            []attribute
	Links                 []struct{ TraceID, SpanID string }
	Events                []struct {
		Name       string
		Attributes []attribute
	}
}

type attribute struct {
	Key   string
	Value map[string]any
}

// text is an attribute's value as it would be printed.
func text(list []attribute, key string) string {
	for _, a := range list {
		for _, v := range a.Value {
			if a.Key == key {
				return fmt.Sprint(v)
			}
		}
	}
	return ""
}

func collector(ctx context.Context, b *bench) error {
	program, err := b.built("collector")
	if err != nil {
		return err
	}
	ctx = b.begin(ctx)
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	config, out := filepath.Join(b.dir, "collector.yaml"), filepath.Join(b.dir, "spans.jsonl")
	if err := os.WriteFile(config, fmt.Appendf(nil, collectorConfig, addr, out), 0o600); err != nil {
		return err
	}
	server, err := b.start(nil, program, "--config", "file:"+config)
	if err != nil {
		return err
	}
	s, err := b.fakes("OTEL_EXPORTER_OTLP_ENDPOINT=http://"+addr, "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=interop")
	if err != nil {
		return err
	}
	if err := until(ctx, server, func() error { // check sends a request without spans
		if out, err := output(ctx, b.dir, s.environ, b.bot, "check"); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := s.enter(ctx, b); err != nil {
		return err
	}
	ada := s.discord.AddUser("ada").ID
	answer, err := s.ask(ctx, ada, "what is 2+2?", rateable)
	if err != nil {
		return err
	}
	if _, err := s.press(ctx, ada, answer, "star4"); err != nil {
		return err
	}
	return until(ctx, server, func() error { return handedOn(out, answer.Content, strings.ReplaceAll(responseID(answer), "-", "")) })
}

// handedOn reports what is wrong with the spans in the collector's file.
func handedOn(file, answer, id string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	spans := map[string]span{}
	for line := range strings.Lines(string(data)) {
		var got batch
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			return fmt.Errorf("the collector wrote %q: %w", line, err)
		}
		for _, rs := range got.ResourceSpans {
			if text(rs.Resource.Attributes, "service.name") != "feedbackbot" || text(rs.Resource.Attributes, "deployment.environment.name") != "interop" {
				return fmt.Errorf("the resource is %v", rs.Resource)
			}
			for _, ss := range rs.ScopeSpans {
				for _, one := range ss.Spans {
					spans[one.Name] = one
				}
			}
		}
	}
	chat, vote := spans["chat scripted-mini"], spans["user_feedback"]
	switch {
	case len(spans) != 2 || len(vote.Links) != 1 || len(vote.Events) != 1:
		return fmt.Errorf("there is %+v, want an answer and a vote with a link and an event", spans)
	case chat.TraceID != id || chat.SpanID != id[16:] || chat.Kind != 3:
		return fmt.Errorf("the answer's span is %+v, want the ids of %s and kind 3", chat, id)
	case text(chat.Attributes, "output.value") != answer || text(chat.Attributes, "gen_ai.operation.name") != "chat":
		return fmt.Errorf("the answer's attributes are %+v", chat.Attributes)
	case vote.Links[0].TraceID != id || vote.Links[0].SpanID != id[16:]:
		return fmt.Errorf("the vote links to %+v, want %s", vote.Links, id)
	case vote.Events[0].Name != "gen_ai.evaluation.result" || text(vote.Events[0].Attributes, "gen_ai.evaluation.score.value") != "4":
		return fmt.Errorf("the vote's event is %+v", vote.Events)
	}
	return resultNames(vote)
}

// resultNames holds the names that the GenAI conventions have for an evaluation.
func resultNames(vote span) error {
	for _, name := range []string{"gen_ai.evaluation.name", "gen_ai.evaluation.score.label"} {
		if text(vote.Events[0].Attributes, name) == "" {
			return fmt.Errorf("the vote's event has no %s", name)
		}
	}
	return nil
}
