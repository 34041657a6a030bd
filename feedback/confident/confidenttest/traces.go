package confidenttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Trace is a response as it is stored now.
type Trace struct {
	// ID is the server's; UUID the client's, which annotations name.
	ID   string
	UUID string

	Name        string
	Environment string
	ThreadID    string
	UserID      string
	Input       string
	Output      string
	Status      string
	Tags        []string
	Metadata    map[string]any
	StartTime   time.Time
	EndTime     time.Time
	// Spans are the UUIDs of all spans.
	Spans []string

	// Body is everything that was sent last. Posts counts how often this
	// UUID arrived: a later trace replaces an earlier one.
	Body  json.RawMessage
	Posts int
	At    time.Time
}

// spanLists are the five keys under which spans are sent, with their type.
func spanLists() map[string]string {
	return map[string]string{"baseSpans": "base", "agentSpans": "agent", "llmSpans": "llm", "retrieverSpans": "retriever", "toolSpans": "tool"}
}

func traceBody() kind {
	fields := map[string]field{
		"uuid": must(uuid()), "startTime": must(instant), "endTime": must(instant),
		"name": may(text), "metadata": may(mapOf(anything)), "tags": may(listOf(text)),
		"environment": may(oneOf("production", "development", "staging", "testing")),
		"threadId":    may(some()), "userId": may(some()), "input": may(text), "output": may(text),
		"status": may(oneOf("SUCCESS", "ERRORED")), "testCaseId": may(text), "testRunId": may(text), "turnId": may(text),
		"retrievalContext": may(listOf(text)), "context": may(listOf(text)), "expectedOutput": may(text),
		"toolsCalled": may(listOf(toolCall())), "expectedTools": may(listOf(toolCall())),
		"metricCollection": may(text), "metricsData": may(listOf(anything)),
		"attachments": may(mapOf(object(map[string]field{"url": may(link()), "dataBase64": may(text), "mimeType": must(some())}))),
		"thread":      may(object(map[string]field{"id": must(some()), "metadata": may(mapOf(anything)), "tags": may(listOf(text))})),
		"spans":       may(listOf(anySpan)),
	}
	for list, kind := range spanLists() {
		fields[list] = may(listOf(span(kind)))
	}
	return object(fields)
}

// anySpan is a member of the one list of newer documents: its type decides.
func anySpan(at string, v any, wrong func(at, what string)) {
	o, _ := v.(map[string]any)
	name, _ := o["type"].(string)
	if !slices.Contains(slices.Collect(maps.Values(spanLists())), name) {
		wrong(join(at, "type"), fmt.Sprintf("%#v, want a type of span", o["type"]))
		return
	}
	span(name)(at, v, wrong)
}

func span(name string) kind {
	fields := map[string]field{
		"uuid": must(uuid()), "name": must(some()), "startTime": must(instant), "endTime": must(instant),
		"type": may(oneOf(name)), "status": may(oneOf("SUCCESS", "ERRORED")), "parentUuid": may(uuid()),
		"metadata": may(mapOf(anything)), "input": may(text), "output": may(text), "error": may(text), "integration": may(text),
		"retrievalContext": may(listOf(text)), "context": may(listOf(text)), "expectedOutput": may(text),
		"toolsCalled": may(listOf(toolCall())), "expectedTools": may(listOf(toolCall())),
		"metricCollection": may(text), "metricsData": may(listOf(anything)),
		"promptAlias": may(text), "promptVersion": may(text), "promptLabel": may(text), "promptCommitHash": may(text),
	}
	switch name {
	case "agent":
		fields["availableTools"], fields["agentHandoffs"] = may(listOf(text)), may(listOf(text))
	case "llm":
		fields["model"], fields["provider"] = must(some()), may(text)
		fields["prompt"] = may(object(map[string]field{"alias": may(text), "version": may(text), "hash": may(text)}))
		fields["inputTokenCount"], fields["outputTokenCount"] = may(whole(0, math.MaxInt32)), may(whole(0, math.MaxInt32))
		fields["costPerInputToken"], fields["costPerOutputToken"] = may(number(0)), may(number(0))
		fields["tokenIntervals"] = may(mapOf(text))
	case "retriever":
		fields["embedder"], fields["topK"], fields["chunkSize"] = must(some()), may(whole(0, math.MaxInt32)), may(whole(0, math.MaxInt32))
	case "tool":
		fields["description"] = may(text)
	}
	return object(fields)
}

func toolCall() kind {
	return object(map[string]field{
		"name": must(some()), "type": may(oneOf("FUNCTION")), "description": may(text),
		"output": may(anything), "inputParameters": may(mapOf(anything)),
	})
}

// wireSpan is what the relations between spans need.
type wireSpan struct {
	UUID, ParentUUID   string
	StartTime, EndTime time.Time
}

func (s *Server) postTrace(body []byte) answer {
	if found := wrongs(body, traceBody()); found != nil {
		return refusal(http.StatusBadRequest, strings.Join(found, "; "))
	}
	var in struct {
		Trace
		Thread                                                            struct{ ID string }
		Spans, BaseSpans, AgentSpans, LLMSpans, RetrieverSpans, ToolSpans []wireSpan
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	spans := slices.Concat(in.Spans, in.BaseSpans, in.AgentSpans, in.LLMSpans, in.RetrieverSpans, in.ToolSpans)
	if found := relations(in.StartTime, in.EndTime, spans); found != "" {
		return refusal(http.StatusBadRequest, found)
	}
	t := in.Trace
	if t.ThreadID == "" {
		t.ThreadID = in.Thread.ID
	}
	for _, span := range spans {
		t.Spans = append(t.Spans, span.UUID)
	}
	t.Body, t.At, t.Posts = body, time.Now(), 1
	i := slices.IndexFunc(s.traces, func(old Trace) bool { return old.UUID == t.UUID })
	if i < 0 {
		t.ID = fmt.Sprintf("trace-%d", len(s.traces)+1)
		s.traces = append(s.traces, t)
	} else {
		t.ID, t.Posts = s.traces[i].ID, s.traces[i].Posts+1
		s.traces[i] = t
	}
	return answer{status: http.StatusOK, value: map[string]any{
		"success": true, "data": map[string]any{"id": t.ID}, "deprecated": false,
		"link": "https://app.confident-ai.com/project/test/observatory/traces/" + t.ID,
	}}
}

// relations checks what no single value shows: the order of times and the tree.
func relations(start, end time.Time, spans []wireSpan) string {
	if end.Before(start) {
		return "the trace ends before it starts"
	}
	known := map[string]bool{}
	for _, span := range spans {
		if known[span.UUID] {
			return "two spans are " + span.UUID
		}
		known[span.UUID] = true
		if span.EndTime.Before(span.StartTime) {
			return "a span ends before it starts: " + span.UUID
		}
	}
	for _, span := range spans {
		if span.ParentUUID != "" && !known[span.ParentUUID] {
			return "no span of this trace is the parent " + span.ParentUUID
		}
	}
	return ""
}
