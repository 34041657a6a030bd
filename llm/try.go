package llm

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

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

func (c *Client) request(conversation []Message, limit int) openai.ChatCompletionRequest {
	r := openai.ChatCompletionRequest{Model: c.options.Model}
	for _, m := range conversation {
		r.Messages = append(r.Messages, turn(m))
	}
	if !c.withoutUsage.Load() {
		r.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	}
	switch c.limitField.Load() {
	case maxCompletionTokens:
		r.MaxCompletionTokens = limit
	case maxTokens:
		//lint:ignore SA1019 several servers know only this one
		r.MaxTokens = limit
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
func (c *Client) adapt(err *Error, sent openai.ChatCompletionRequest) bool {
	if err.Kind != BadRequest {
		return false
	}
	body := err.words
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

// maxChanges bounds how often one try may ask in another way.
const maxChanges = 5

// try asks once. What the provider refuses is left out, an answer that may be too
// long is asked for shorter, and a conversation that is too long is shown in part.
func (c *Client) try(ctx context.Context, conversation []Message, onText func(string, bool)) (Answer, error) {
	limit := c.limit()
	for changes := 0; ; changes++ {
		request := c.request(conversation, limit)
		answer, err := c.once(ctx, request, asked{limit: limit, pictures: pictured(conversation)}, onText)
		var e *Error
		if !errors.As(err, &e) || changes == maxChanges || answer.Text != "" {
			return answer, err
		}
		switch e.Kind {
		case LimitTooLarge:
			less := e.room
			if less <= 0 || less >= limit {
				less = limit / 2
			}
			if less < minRoom {
				return answer, err
			}
			c.learnLimit(e, limit, less)
			limit = less
		case TooLong:
			shorter := shorten(conversation)
			if len(shorter) == len(conversation) {
				return answer, err
			}
			c.options.Log.Warn("a conversation is too long for the model; showing it the latter half", "error", err)
			conversation = shorter
		default:
			if !c.adapt(e, request) {
				return answer, err
			}
		}
	}
}

// limit is the bound of an answer, in tokens, as far as the provider takes it.
func (c *Client) limit() int {
	if most := int(c.most.Load()); most > 0 {
		return min(most, c.options.MaxTokens)
	}
	return c.options.MaxTokens
}

// learnLimit keeps in mind that a provider takes only less than a limit. What one
// question left no room for, others may have: so it is not brought down too far.
func (c *Client) learnLimit(e *Error, limit, less int) {
	if !e.lasting {
		less = max(less, c.options.MaxTokens/4)
	}
	if e.Status != http.StatusPaymentRequired && less < c.limit() {
		c.most.Store(int64(less))
		c.options.Log.Warn("the model's server does not take so long an answer; asking for a shorter one", "max_tokens", limit, "instead", less)
	}
}

func pictured(conversation []Message) bool {
	return slices.ContainsFunc(conversation, func(m Message) bool { return len(m.Images) > 0 })
}

// thinker matches the names of models that may begin with a thought of which they
// mark only the end. The first answer tells; until then their text is held back.
var thinker = regexp.MustCompile(`(?i)\br1\b|qwq|think|reason`)

// once makes one request and reads its stream to the end.
func (c *Client) once(parent context.Context, request openai.ChatCompletionRequest, a asked, onText func(string, bool)) (Answer, error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	watchdog := time.AfterFunc(c.options.Idle, func() { cancel(errIdle) })
	defer watchdog.Stop()
	x := &exchange{}
	r := reader{answer: Answer{Model: c.options.Model}, onText: onText, asked: a, key: c.options.Key}
	r.think.known = c.thinksFirst.Load()
	r.think.wait = r.think.known || thinker.MatchString(c.options.Model) && !c.answersAtOnce.Load()
	x.touch = func() { // only this goroutine reads the body, and so calls it
		if r.finish == "" { // behind an end, nothing that arrives prolongs the wait
			watchdog.Reset(c.options.Idle)
		}
	}
	stream, err := c.api.CreateChatCompletionStream(withExchange(ctx, x), request)
	if err != nil {
		return r.answer, c.explain(ctx, x, a, err)
	}
	defer stream.Close()
	for {
		line, err := stream.RecvRaw()
		if err != nil {
			answer, err := r.end(ctx, err, x.done)
			if err == nil {
				c.thinksFirst.Store(r.think.bare)
				c.answersAtOnce.Store(!r.think.bare)
			}
			return answer, err
		}
		useful, err := r.chunk(line)
		if err != nil {
			return r.fail(err)
		}
		if useful {
			x.useful()
		}
		if r.finish != "" && r.moved {
			wait := c.options.Idle
			if r.sure {
				wait = min(tail, wait)
			}
			watchdog.Reset(wait)
			r.moved = false
		}
	}
}

// explain says why a request brought no stream.
func (c *Client) explain(ctx context.Context, x *exchange, a asked, err error) *Error {
	if ctx.Err() != nil {
		return &Error{Kind: interrupted(ctx), Status: x.status, Err: context.Cause(ctx)}
	}
	if x.status >= http.StatusBadRequest {
		return providerError([]byte(x.errorBody), x.status, x.retryAfter, a, c.options.Key)
	}
	kind := Unreachable
	switch {
	case x.status != 0:
		kind = Malformed
	case isClientRefusal(err):
		kind = BadRequest
	}
	return &Error{Kind: kind, Status: x.status, words: inWords(err.Error()), Err: errors.New(clean(err.Error(), c.options.Key))}
}

// isClientRefusal reports whether go-openai refused to send the request.
func isClientRefusal(err error) bool {
	return errors.Is(err, openai.ErrReasoningModelMaxTokensDeprecated) ||
		errors.Is(err, openai.ErrReasoningSamplingUnsupported) ||
		errors.Is(err, openai.ErrReasoningModelLimitationsOther) ||
		errors.Is(err, openai.ErrReasoningModelLimitationsLogprobs) ||
		errors.Is(err, openai.ErrChatCompletionInvalidModel)
}
