package llmtest

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// AtOnce, in CutAfter, DropAfter or StallAfter, means before the first token.
const AtOnce = -1

// Script says how one chat request is answered. There are three kinds: a Status
// or Body makes a plain answer, Raw sends exact bytes, and everything else is a
// completion, streamed or not as the client asked.
type Script struct {
	// Text is what the model says. Tokens are the pieces it is streamed in;
	// by default Text split at its words. If both are set, Tokens count.
	Text   string
	Tokens []string
	// Finish is the finish_reason; default "stop".
	Finish string
	// Usage is what the answer is said to have cost; default an estimate.
	Usage *Usage

	// HeaderDelay passes before the status line, FirstDelay before the first
	// token, TokenDelay before each further one. TokenDelay 0 is the server's
	// own, AtOnce is none.
	HeaderDelay time.Duration
	FirstDelay  time.Duration
	TokenDelay  time.Duration
	// Hold, when set, keeps the second token back until it is closed.
	Hold <-chan struct{}

	// CutAfter ends the stream cleanly after n tokens, without a
	// finish_reason. DropAfter resets the connection there. StallAfter sends
	// nothing more there until the client leaves or the server closes. 0 is
	// off; with Raw, any other value means after all its bytes.
	CutAfter   int
	DropAfter  int
	StallAfter int

	// Status, Header and Body are a plain answer, such as an error. Header
	// is added to every kind of answer.
	Status int
	Header http.Header
	Body   string

	// Raw is sent byte for byte with status 200. RawStep is how many bytes are
	// sent at a time (0: all), RawDelay passes between them; RawDelay alone
	// sends single bytes. Forever sends Raw again and again until the client
	// leaves.
	Raw      []byte
	RawStep  int
	RawDelay time.Duration
	Forever  bool

	// ContentType replaces the usual one of the kind of answer.
	ContentType string
}

// Usage is the token count of an answer.
type Usage struct {
	PromptTokens     int
	CompletionTokens int
	TotalTokens      int
}

// MarshalJSON writes the usage in OpenAI's shape, details included.
func (u Usage) MarshalJSON() ([]byte, error) {
	type counts map[string]int
	return json.Marshal(struct {
		Prompt            int    `json:"prompt_tokens"`
		Completion        int    `json:"completion_tokens"`
		Total             int    `json:"total_tokens"`
		PromptDetails     counts `json:"prompt_tokens_details"`
		CompletionDetails counts `json:"completion_tokens_details"`
	}{u.PromptTokens, u.CompletionTokens, u.TotalTokens,
		counts{"cached_tokens": 0, "audio_tokens": 0},
		counts{"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
	})
}

// Error is an error answer in OpenAI's shape, with the type and code that
// OpenAI gives this status.
func Error(status int, msg string) Script {
	kind, code := "invalid_request_error", ""
	switch {
	case status == http.StatusUnauthorized:
		code = "invalid_api_key"
	case status == http.StatusNotFound:
		code = "model_not_found"
	case status == http.StatusTooManyRequests:
		kind, code = "requests", "rate_limit_exceeded"
	case status >= 500:
		kind = "server_error"
	}
	return Script{Status: status, Body: errorBody(msg, kind, code)}
}

// RateLimited is a 429 that asks the client to wait; after is rounded up to
// whole seconds. 0 leaves Retry-After out.
func RateLimited(after time.Duration) Script {
	sc := Error(http.StatusTooManyRequests, "Rate limit reached for requests. Please slow down.")
	if after > 0 {
		seconds := int(math.Ceil(after.Seconds()))
		sc.Header = http.Header{"Retry-After": {strconv.Itoa(seconds)}}
	}
	return sc
}

// errorBody is OpenAI's error object; an empty code is null.
func errorBody(msg, kind, code string) string {
	type object struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	}
	o := object{Message: msg, Type: kind}
	if code != "" {
		o.Code = &code
	}
	body, _ := json.MarshalIndent(map[string]object{"error": o}, "", "  ")
	return string(body) + "\n"
}

// tokens are the pieces the text is streamed in.
func (sc Script) tokens() []string {
	if sc.Tokens != nil {
		return sc.Tokens
	}
	return splitWords(sc.Text)
}

// splitWords cuts a text into words, each with the space before it, as
// tokenizers do. Joined, the pieces are the text again.
func splitWords(text string) []string {
	var pieces []string
	start, inWord := 0, false
	for i, r := range text {
		space := unicode.IsSpace(r)
		if space && inWord {
			pieces = append(pieces, text[start:i])
			start = i
		}
		inWord = !space
	}
	if start < len(text) {
		pieces = append(pieces, text[start:])
	}
	return pieces
}

// text is the whole answer.
func (sc Script) text() string { return strings.Join(sc.tokens(), "") }

// usage is the script's, or an estimate of four letters a token.
func (sc Script) usage(req Request) Usage {
	if sc.Usage != nil {
		return *sc.Usage
	}
	prompt := 0
	for _, m := range req.Messages {
		prompt += 4 + len(m.Content)/4
	}
	completion := len(sc.tokens())
	return Usage{PromptTokens: prompt, CompletionTokens: completion, TotalTokens: prompt + completion}
}
