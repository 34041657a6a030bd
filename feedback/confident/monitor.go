package confident

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Monitored is one answer of an application. Its fields are the parameters of
// deepeval's monitor(). Optional fields are left out of the request when they
// have their zero value.
type Monitored struct {
	EventName        string         // what kind of answer this is; one name for each feature
	Model            string         // name of the language model
	Input            string         // what went in
	Response         string         // the final text that came out
	RetrievalContext []string       // optional: texts that were fetched for the answer
	CompletionTime   time.Duration  // optional: how long the application took
	TokenUsage       float64        // optional: tokens in and out together
	TokenCost        float64        // optional: US dollars
	DistinctID       string         // optional: the end user
	ConversationID   string         // optional: groups answers into a thread
	AdditionalData   map[string]any // optional: string, Link, []Link or map[string]any
	Hyperparameters  map[string]any // optional: string, bool, integers and floats
	TraceStack       map[string]any // optional: spans as frameworks record them; Events only
	TraceProvider    string         // optional: which framework; Events only

	// ID is the answer's id, a UUID; a new one if empty. Annotations only: with
	// Events the server makes the id.
	ID string
	// StartedAt is when the question came; now less CompletionTime if zero.
	// Annotations only.
	StartedAt time.Time
	// InputTokens and OutputTokens tell the parts of TokenUsage. Annotations
	// only.
	InputTokens, OutputTokens int64
	// Tags are labels to filter by. Annotations only.
	Tags []string
}

// Link is an address that the platform shows as a link.
type Link string

// Monitor reports an answer and returns its response id, to which feedback can
// be sent.
func (c *Client) Monitor(ctx context.Context, m Monitored, options ...Option) (string, error) {
	id, err := c.monitor(ctx, m)
	if err != nil {
		err = fmt.Errorf("monitor: %w", err)
	}
	return id, c.raise(err, options)
}

func (c *Client) monitor(ctx context.Context, m Monitored) (string, error) {
	var missing []string
	for name, value := range map[string]string{"EventName": m.EventName, "Model": m.Model} {
		if value == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("%s must not be empty", strings.Join(missing, " and "))
	}
	if c.options.API == Events {
		return c.postEvent(ctx, m)
	}
	return c.postTrace(ctx, m)
}

// property is an entry of customProperties.
type property struct {
	Value any    `json:"value"`
	Type  string `json:"type"`
}

// event is the body of POST /v1/event, in the real client's order.
type event struct {
	Name             string            `json:"name"`
	Input            string            `json:"input"`
	Response         string            `json:"response"`
	RetrievalContext []string          `json:"retrievalContext,omitempty"`
	CompletionTime   float64           `json:"completionTime,omitempty"` // seconds
	TokenUsage       float64           `json:"tokenUsage,omitempty"`
	TokenCost        float64           `json:"tokenCost,omitempty"`
	DistinctID       string            `json:"distinctId,omitempty"`
	ConversationID   string            `json:"conversationId,omitempty"`
	CustomProperties map[string]any    `json:"customProperties,omitempty"`
	TraceStack       map[string]any    `json:"traceStack,omitempty"`
	TraceProvider    string            `json:"traceProvider,omitempty"`
	Hyperparameters  map[string]string `json:"hyperparameters"`
}

func (c *Client) postEvent(ctx context.Context, m Monitored) (string, error) {
	properties, err := customProperties(m.AdditionalData)
	if err != nil {
		return "", err
	}
	hyperparameters, err := pythonTexts(m.Hyperparameters)
	if err != nil {
		return "", err
	}
	hyperparameters["model"] = m.Model // last, as the real client does: it beats the caller's own
	e := event{Name: clean(m.EventName), Input: clean(m.Input), Response: clean(m.Response),
		RetrievalContext: cleanAll(m.RetrievalContext), CompletionTime: m.CompletionTime.Seconds(), TokenUsage: m.TokenUsage,
		TokenCost: m.TokenCost, DistinctID: m.DistinctID, ConversationID: m.ConversationID, CustomProperties: properties,
		TraceStack: m.TraceStack, TraceProvider: m.TraceProvider, Hyperparameters: hyperparameters}
	answer, err := c.rest.JSON(ctx, "POST", "/v1/event", e)
	if err != nil {
		return "", err
	}
	var got struct {
		EventID string `json:"eventId"`
	}
	if err := json.Unmarshal(answer, &got); err != nil || got.EventID == "" {
		return "", errors.New("POST /v1/event: the answer has no eventId")
	}
	return got.EventID, nil
}

// span is an entry of llmSpans.
type span struct {
	UUID             string   `json:"uuid"`
	Name             string   `json:"name"`
	Status           string   `json:"status"`
	Type             string   `json:"type"`
	StartTime        string   `json:"startTime"`
	EndTime          string   `json:"endTime"`
	Input            string   `json:"input"`
	Output           string   `json:"output"`
	Model            string   `json:"model"`
	InputTokenCount  int64    `json:"inputTokenCount,omitempty"`
	OutputTokenCount int64    `json:"outputTokenCount,omitempty"`
	RetrievalContext []string `json:"retrievalContext,omitempty"`
}

// trace is the body of POST /v1/traces. The five lists of spans are always
// sent, as the real client does.
type trace struct {
	UUID             string         `json:"uuid"`
	BaseSpans        []span         `json:"baseSpans"`
	AgentSpans       []span         `json:"agentSpans"`
	LLMSpans         []span         `json:"llmSpans"`
	RetrieverSpans   []span         `json:"retrieverSpans"`
	ToolSpans        []span         `json:"toolSpans"`
	StartTime        string         `json:"startTime"`
	EndTime          string         `json:"endTime"`
	Name             string         `json:"name"`
	Metadata         map[string]any `json:"metadata,omitempty"`
	Tags             []string       `json:"tags,omitempty"`
	Environment      string         `json:"environment"`
	ThreadID         string         `json:"threadId,omitempty"`
	UserID           string         `json:"userId,omitempty"`
	Input            string         `json:"input"`
	Output           string         `json:"output"`
	Status           string         `json:"status"`
	RetrievalContext []string       `json:"retrievalContext,omitempty"`
}

// isoMillis is how the platform writes times: UTC, to the millisecond.
const isoMillis = "2006-01-02T15:04:05.000Z"

func (c *Client) postTrace(ctx context.Context, m Monitored) (string, error) {
	id := m.ID
	if id == "" {
		id = uuid.Must(uuid.NewV7()).String()
	}
	parsed, err := uuid.Parse(id)
	if err != nil {
		return "", fmt.Errorf("the id %q is not a UUID", id)
	}
	start := m.StartedAt
	if start.IsZero() {
		start = time.Now().Add(-m.CompletionTime)
	}
	begin, end := start.UTC().Format(isoMillis), start.Add(m.CompletionTime).UTC().Format(isoMillis)
	metadata := maps.Clone(m.AdditionalData)
	if metadata == nil {
		metadata = map[string]any{}
	}
	for name, value := range m.Hyperparameters {
		metadata[name] = value
	}
	if m.TokenCost > 0 {
		metadata["token cost"] = m.TokenCost // the platform's own field wants a price for each token
	}
	t := trace{
		UUID: id, BaseSpans: []span{}, AgentSpans: []span{}, RetrieverSpans: []span{}, ToolSpans: []span{},
		// A span's id is derived from the answer's, so that a repetition is the same span.
		LLMSpans: []span{{UUID: uuid.NewSHA1(parsed, []byte("llm")).String(), Name: m.EventName, Status: "SUCCESS", Type: "llm",
			StartTime: begin, EndTime: end, Input: clean(m.Input), Output: clean(m.Response), Model: m.Model,
			InputTokenCount: m.InputTokens, OutputTokenCount: m.OutputTokens, RetrievalContext: cleanAll(m.RetrievalContext)}},
		StartTime: begin, EndTime: end, Name: m.EventName, Metadata: metadata, Tags: m.Tags, Environment: c.options.Environment,
		ThreadID: m.ConversationID, UserID: m.DistinctID, Input: clean(m.Input), Output: clean(m.Response), Status: "SUCCESS",
		RetrievalContext: cleanAll(m.RetrievalContext),
	}
	answer, err := c.rest.JSON(ctx, "POST", "/v1/traces", t)
	if err != nil {
		return "", err
	}
	var got struct {
		ID string `json:"id"`
	}
	if err := c.data(answer, &got); err != nil {
		return "", fmt.Errorf("POST /v1/traces: %w", err)
	}
	return id, nil
}

// customProperties gives additional data its types on the wire.
func customProperties(data map[string]any) (map[string]any, error) {
	properties := map[string]any{}
	for name, value := range data {
		switch v := value.(type) {
		case string:
			properties[name] = property{clean(v), "TEXT"}
		case Link:
			properties[name] = property{v, "LINK"}
		case []Link:
			links := []property{}
			for _, l := range v {
				links = append(links, property{l, "LINK"})
			}
			properties[name] = links
		case map[string]any:
			properties[name] = property{v, "JSON"}
		default:
			return nil, fmt.Errorf("additional data %q is a %T; it must be a string, Link, []Link or map[string]any", name, value)
		}
	}
	return properties, nil
}

// pythonTexts writes hyperparameters as Python's str() does: the platform
// filters by these texts.
func pythonTexts(values map[string]any) (map[string]string, error) {
	texts := map[string]string{}
	for name, value := range values {
		switch v := value.(type) {
		case nil:
		case string:
			texts[name] = clean(v)
		case bool:
			texts[name] = "False"
			if v {
				texts[name] = "True"
			}
		case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
			texts[name] = fmt.Sprint(v)
		case float32:
			texts[name] = pythonFloat(float64(v), 32)
		case float64:
			texts[name] = pythonFloat(v, 64)
		default:
			return nil, fmt.Errorf("hyperparameter %q is a %T; it must be a string, a bool or a number", name, value)
		}
	}
	return texts, nil
}

func pythonFloat(f float64, bits int) string {
	if exponent := math.Floor(math.Log10(math.Abs(f))); f != 0 && (exponent < -4 || exponent >= 16) {
		return strconv.FormatFloat(f, 'e', -1, bits)
	}
	text := strconv.FormatFloat(f, 'f', -1, bits)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// clean removes U+0000, which the platform does not take.
func clean(text string) string { return strings.ReplaceAll(text, "\x00", "") }

func cleanAll(texts []string) []string {
	var cleaned []string
	for _, t := range texts {
		cleaned = append(cleaned, clean(t))
	}
	return cleaned
}
