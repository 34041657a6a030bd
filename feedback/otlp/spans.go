package otlp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/trace/v1"

	"feedbackbot/feedback"
)

// IDs returns the trace id and the span id of a response: the 16 bytes of its
// UUID, and the last 8 of them.
func IDs(responseID string) (trace, span []byte, err error) {
	trace, err = hex.DecodeString(strings.ReplaceAll(responseID, "-", ""))
	if err != nil || len(trace) != 16 {
		return nil, nil, fmt.Errorf("response id %q is no UUID: %w", responseID, feedback.ErrRefused)
	}
	return trace, trace[8:], nil
}

// Answer returns the span of a response, with more attributes if any are given.
func Answer(r feedback.Response, more ...*commonpb.KeyValue) (*tracepb.Span, error) {
	trace, span, err := IDs(r.ID)
	if err != nil {
		return nil, err
	}
	began := r.AskedAt
	if began.IsZero() || began.After(r.FinishedAt) {
		began = r.FinishedAt
	}
	attributes := []*commonpb.KeyValue{
		String("gen_ai.operation.name", "chat"),
		String("gen_ai.provider.name", provider(r.Provider)),
		String("gen_ai.request.model", r.Model),
		String("gen_ai.response.model", r.Model),
		String("gen_ai.conversation.id", r.ConversationID),
		String("gen_ai.prompt.version", r.PromptVersion),
		Strings("gen_ai.response.finish_reasons", string(r.Finish)),
		String("gen_ai.input.messages", messages("user", r.Question)),
		String("gen_ai.output.messages", messages("assistant", r.Answer)),
		Int("gen_ai.usage.input_tokens", r.InputTokens),
		Int("gen_ai.usage.output_tokens", r.OutputTokens),
		String("server.address", r.Provider),
		String("user.id", string(r.Asker)),
		String("session.id", r.ConversationID),
		String("openinference.span.kind", "LLM"),
		String("input.value", r.Question),
		String("input.mime_type", "text/plain"),
		String("output.value", r.Answer),
		String("output.mime_type", "text/plain"),
		String("llm.input_messages.0.message.role", "user"),
		String("llm.input_messages.0.message.content", r.Question),
		String("llm.output_messages.0.message.role", "assistant"),
		String("llm.output_messages.0.message.content", r.Answer),
		String("llm.model_name", r.Model),
		Int("llm.token_count.prompt", r.InputTokens),
		Int("llm.token_count.completion", r.OutputTokens),
		Int("llm.token_count.total", r.InputTokens+r.OutputTokens),
		Float("llm.cost.total", r.Cost),
		String("feedbackbot.response_id", r.ID),
		String("feedbackbot.parent_id", r.ParentID),
		String("feedbackbot.alternative_of", r.AlternativeOf),
		Strings("feedbackbot.context", r.Context...),
	}
	if !r.FirstTextAt.IsZero() && r.FirstTextAt.After(began) {
		attributes = append(attributes, Float("gen_ai.response.time_to_first_chunk", r.FirstTextAt.Sub(began).Seconds()))
	}
	status := &tracepb.Status{}
	if r.Finish == feedback.Cut {
		status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "the answer was cut"}
		attributes = append(attributes, String("error.type", string(r.Finish)))
	}
	return &tracepb.Span{
		Status:  status,
		TraceId: trace, SpanId: span, Name: strings.TrimSpace("chat " + r.Model), Kind: tracepb.Span_SPAN_KIND_CLIENT, Flags: sampled,
		StartTimeUnixNano: nanos(began), EndTimeUnixNano: nanos(r.FinishedAt), Attributes: present(append(attributes, more...)),
	}, nil
}

// sampled is the trace flag of a span that was not left out.
const sampled = 1

// VoteName is what a dimension of feedback is called at the backends:
// user-thumbs, user-stars, reviewer-thumbs, reviewer-stars.
func VoteName(source feedback.Source, kind feedback.Kind) string {
	return string(source) + "-" + string(kind)
}

// Label says a vote in a word or two.
func Label(s feedback.Submission) string {
	switch {
	case s.Withdrawn:
		return "withdrawn"
	case s.Kind == feedback.Thumbs && s.Up():
		return "thumbs-up"
	case s.Kind == feedback.Thumbs:
		return "thumbs-down"
	case s.Rating == 1:
		return "1 star"
	}
	return fmt.Sprintf("%d stars", s.Rating)
}

// Score is 0 or 1 for thumbs, and 1 to 5 for stars.
func Score(s feedback.Submission) float64 {
	if s.Kind == feedback.Stars {
		return float64(s.Rating)
	}
	if s.Up() {
		return 1
	}
	return 0
}

// Vote returns the carrier span of one revision of a submission. Its ids follow
// from what it says, so a repetition is the same span.
func Vote(s feedback.Submission) (*tracepb.Span, error) {
	trace, span, err := IDs(s.ResponseID)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d", s.ResponseID, s.Rater, s.Source, s.Rev))
	name := VoteName(s.Source, s.Kind)
	metadata, err := json.Marshal(map[string]any{"source": s.Source, "by_asker": s.ByAsker, "rev": s.Rev, "expected": s.Expected})
	if err != nil {
		return nil, fmt.Errorf("encode a vote: %w: %w", err, feedback.ErrRefused)
	}
	const annotation = "annotations.0.annotation."
	attributes := present([]*commonpb.KeyValue{
		String(annotation+"name", name),
		String(annotation+"label", Label(s)),
		String(annotation+"explanation", s.Explanation),
		String(annotation+"annotator_kind", "HUMAN"),
		String(annotation+"identifier", string(s.Rater)),
		String(annotation+"metadata", string(metadata)),
		String("feedbackbot.response_id", s.ResponseID),
		String("feedbackbot.expected_response", s.Expected),
		Int("feedbackbot.rev", s.Rev),
	})
	result := present([]*commonpb.KeyValue{
		String("gen_ai.evaluation.name", name),
		String("gen_ai.evaluation.score.label", Label(s)),
		String("gen_ai.evaluation.explanation", s.Explanation),
	})
	if !s.Withdrawn { // a score of 0 is one
		attributes = append(attributes, Float(annotation+"score", Score(s)))
		result = append(result, Float("gen_ai.evaluation.score.value", Score(s)))
	}
	at := nanos(s.UpdatedAt)
	return &tracepb.Span{
		TraceId: id[:16], SpanId: id[16:24], Name: "user_feedback", Kind: tracepb.Span_SPAN_KIND_INTERNAL, Flags: sampled,
		StartTimeUnixNano: at, EndTimeUnixNano: at, Attributes: attributes,
		Links:  []*tracepb.Span_Link{{TraceId: trace, SpanId: span, Flags: sampled}},
		Events: []*tracepb.Span_Event{{TimeUnixNano: at, Name: "gen_ai.evaluation.result", Attributes: result}},
	}, nil
}

// provider gives the well-known providers the names of the GenAI conventions.
func provider(host string) string {
	for suffix, name := range map[string]string{"openai.com": "openai", "openai.azure.com": "azure.ai.openai", "mistral.ai": "mistral_ai",
		"groq.com": "groq", "deepseek.com": "deepseek", "x.ai": "x_ai", "perplexity.ai": "perplexity", "anthropic.com": "anthropic"} {
		if host == suffix || strings.HasSuffix(host, "."+suffix) {
			return name
		}
	}
	return host
}

// messages is the JSON of one message, as the GenAI conventions want it.
func messages(role, text string) string {
	type part struct {
		Type    string `json:"type"`
		Content string `json:"content"`
	}
	data, err := json.Marshal([]struct {
		Role  string `json:"role"`
		Parts []part `json:"parts"`
	}{{role, []part{{"text", text}}}})
	if err != nil {
		return "" // texts can always be encoded
	}
	return string(data)
}

func nanos(t time.Time) uint64 {
	if t.IsZero() || t.Before(time.Unix(0, 0)) {
		return 0
	}
	return uint64(t.UnixNano())
}
