package llm

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	openai "github.com/sashabaranov/go-openai"
)

// Names of the field that bounds an answer. Newer OpenAI models refuse the
// second, several other servers know only the second.
const (
	maxCompletionTokens = iota
	maxTokens
)

func firstLimitField(host, model string) int {
	if host == "api.openai.com" || strings.HasSuffix(host, ".openai.azure.com") || isReasoning(model) {
		return maxCompletionTokens
	}
	return maxTokens
}

// isReasoning reports whether go-openai refuses MaxTokens for a model.
func isReasoning(model string) bool {
	for _, prefix := range []string{"o1", "o3", "o4", "gpt-5", "gpt-6"} {
		if strings.HasPrefix(model, prefix) {
			return true
		}
	}
	return false
}

func (c *Client) request(conversation []Message) openai.ChatCompletionRequest {
	r := openai.ChatCompletionRequest{Model: c.options.Model}
	for _, m := range c.withSystem(conversation) {
		r.Messages = append(r.Messages, turn(m))
	}
	if !c.withoutUsage.Load() {
		r.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	}
	switch c.limitField.Load() {
	case maxCompletionTokens:
		r.MaxCompletionTokens = c.options.MaxTokens
	case maxTokens:
		//lint:ignore SA1019 several servers know only this one
		r.MaxTokens = c.options.MaxTokens
	}
	if c.options.Temperature != nil && !c.withoutSample.Load() {
		r.Temperature = max(*c.options.Temperature, 1e-6) // a plain 0 would not be sent
	}
	return r
}

// turn is a message as the API takes it: a text, or parts when there are
// pictures.
func turn(m Message) openai.ChatCompletionMessage {
	if len(m.Images) == 0 {
		return openai.ChatCompletionMessage{Role: string(m.Role), Content: m.Content}
	}
	var parts []openai.ChatMessagePart
	if m.Content != "" {
		parts = append(parts, openai.ChatMessagePart{Type: openai.ChatMessagePartTypeText, Text: m.Content})
	}
	for _, i := range m.Images {
		parts = append(parts, openai.ChatMessagePart{Type: openai.ChatMessagePartTypeImageURL,
			ImageURL: &openai.ChatMessageImageURL{URL: "data:" + i.Type + ";base64," + base64.StdEncoding.EncodeToString(i.Data)}})
	}
	return openai.ChatCompletionMessage{Role: string(m.Role), MultiContent: parts}
}

// adapt reports whether a provider refused a parameter of what was sent that it
// can be asked without, and leaves that out from now on. It goes by what was
// sent: of several chats at once, one may have adapted for the others already.
func (c *Client) adapt(err *Error, body string, sent openai.ChatCompletionRequest) bool {
	if err.Kind != BadRequest {
		return false
	}
	var first bool
	var lesson string
	switch {
	case strings.Contains(body, "stream_options") && sent.StreamOptions != nil:
		first, lesson = !c.withoutUsage.Swap(true), "refuses stream_options; token counts will be missing"
	case strings.Contains(body, "max_completion_tokens") && sent.MaxCompletionTokens != 0 && !isReasoning(c.options.Model):
		first, lesson = c.limitField.CompareAndSwap(maxCompletionTokens, maxTokens), "refuses max_completion_tokens; sending max_tokens"
	//lint:ignore SA1019 several servers know only this one
	case strings.Contains(body, "max_tokens") && sent.MaxTokens != 0:
		first, lesson = c.limitField.CompareAndSwap(maxTokens, maxCompletionTokens), "refuses max_tokens; sending max_completion_tokens"
	case strings.Contains(body, "temperature") && sent.Temperature != 0:
		first, lesson = !c.withoutSample.Swap(true), "refuses a temperature; sending none"
	default:
		return false
	}
	if first {
		c.options.Log.Warn("the model's server " + lesson)
	}
	return true
}

// maxAdaptions bounds how often one try may leave out another parameter.
const maxAdaptions = 5

// try asks once, leaving out what the provider refuses.
func (c *Client) try(ctx context.Context, conversation []Message, onText func(string)) (Answer, error) {
	for adaptions := 0; ; adaptions++ {
		x := &exchange{}
		request := c.request(conversation)
		answer, err := c.once(ctx, x, request, onText)
		var e *Error
		if errors.As(err, &e) && adaptions < maxAdaptions && answer.Text == "" {
			if body := x.errorBody + e.Error(); c.adapt(e, body, request) || c.adaptSystem(e, body, request) {
				continue
			}
		}
		return answer, err
	}
}

// once makes one request and reads its stream to the end.
func (c *Client) once(parent context.Context, x *exchange, request openai.ChatCompletionRequest, onText func(string)) (Answer, error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	watchdog := time.AfterFunc(c.options.Idle, func() { cancel(errIdle) })
	defer watchdog.Stop()
	var ended bool // only this goroutine reads the body, and so calls touch
	x.touch = func() {
		if !ended { // behind the end, nothing that arrives prolongs the wait
			watchdog.Reset(c.options.Idle)
		}
	}
	r := reader{answer: Answer{Model: c.options.Model}, onText: onText, key: c.options.Key}
	stream, err := c.api.CreateChatCompletionStream(withExchange(ctx, x), request)
	if err != nil {
		return r.answer, c.explain(ctx, x, err)
	}
	defer stream.Close()
	for {
		line, err := stream.RecvRaw()
		if err != nil {
			return r.end(ctx, err)
		}
		if err := r.chunk(line); err != nil {
			r.flush()
			return r.answer, err
		}
		if r.finish != "" && !ended {
			ended = true
			watchdog.Reset(min(tail, c.options.Idle))
		}
	}
}

// explain says why a request brought no stream.
func (c *Client) explain(ctx context.Context, x *exchange, err error) *Error {
	if ctx.Err() != nil {
		return &Error{Kind: interrupted(ctx), Status: x.status, Err: context.Cause(ctx)}
	}
	if x.status >= http.StatusBadRequest {
		var body struct {
			Error json.RawMessage `json:"error"`
		}
		raw := json.RawMessage(x.errorBody)
		if json.Unmarshal(raw, &body) == nil && len(body.Error) > 0 {
			raw = body.Error
		}
		e := providerError(raw, x.status, c.options.Key)
		e.After = x.retryAfter
		return e
	}
	kind := Unreachable
	switch {
	case x.status != 0:
		kind = Malformed
	case isClientRefusal(err):
		kind = BadRequest
	}
	return &Error{Kind: kind, Status: x.status, Err: errors.New(clean(err.Error(), c.options.Key))}
}

// isClientRefusal reports whether go-openai refused to send the request.
func isClientRefusal(err error) bool {
	return errors.Is(err, openai.ErrReasoningModelMaxTokensDeprecated) ||
		errors.Is(err, openai.ErrReasoningSamplingUnsupported) ||
		errors.Is(err, openai.ErrReasoningModelLimitationsOther) ||
		errors.Is(err, openai.ErrReasoningModelLimitationsLogprobs) ||
		errors.Is(err, openai.ErrChatCompletionInvalidModel)
}

// end judges a stream that has ended with err. Only a finish reason makes an
// answer complete; a clean end of the connection proves nothing.
func (r *reader) end(ctx context.Context, err error) (Answer, error) {
	r.flush()
	cut := &Error{Kind: Broken, Err: errors.New("the stream ended without a finish reason")}
	switch {
	case r.finish == "" && ctx.Err() != nil:
		cut = &Error{Kind: interrupted(ctx), Err: context.Cause(ctx)}
	case r.finish == "" && !errors.Is(err, io.EOF):
		cut.Err = errors.New(clean(err.Error(), r.key))
	case r.finish == "" && !r.sawChunk:
		cut = &Error{Kind: Malformed, Err: errors.New("the server answered without a single chunk")}
	case r.finish != "" && blank(r.answer.Text):
		cut = &Error{Kind: Empty, Err: errors.New("the answer has no text; it ended with " + string(r.finish))}
		if r.finish == Filtered {
			cut.Kind = Moderated
		}
	case r.finish != "":
		r.answer.Finish = r.finish
		return r.answer, nil
	}
	return r.answer, cut
}

// blank reports whether a text shows nothing on a screen.
func blank(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != '\u2800' && r != '\u3164'
	}) < 0
}
