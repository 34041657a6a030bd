package llm

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Kind says what went wrong, in terms of what somebody can do about it.
type Kind string

const (
	BadKey       Kind = "bad key"       // 401
	NoPermission Kind = "no permission" // 403
	NoCredit     Kind = "no credit"     // 402, or a quota that is used up
	UnknownModel Kind = "unknown model" // 404
	BadRequest   Kind = "bad request"   // another 4xx
	TooLong      Kind = "too long"      // more than the model's context holds
	Moderated    Kind = "moderated"     // the provider refuses the question
	NoImages     Kind = "no images"     // the model does not take pictures
	Busy         Kind = "busy"          // 429
	Trouble      Kind = "trouble"       // 5xx, or an error inside the stream
	Unreachable  Kind = "unreachable"   // no connection
	Silent       Kind = "silent"        // nothing arrived for too long
	TimedOut     Kind = "timed out"     // the whole answer took too long
	Broken       Kind = "broken off"    // the stream ended without an end
	Malformed    Kind = "malformed"     // the answer makes no sense
	Empty        Kind = "empty"         // a complete answer without text
	Canceled     Kind = "canceled"      // the caller's context ended
)

// passing reports whether another try may help.
func (k Kind) passing() bool {
	switch k {
	case Busy, Trouble, Unreachable, Broken:
		return true
	}
	return false
}

// Error is why an answer is missing or incomplete. Its text is safe to log: it
// is short, on one line, and without the key.
type Error struct {
	Kind   Kind
	Status int           // HTTP status; 0 when there was none
	After  time.Duration // what the provider asked to wait; 0 when it did not
	Err    error
}

func (e *Error) Error() string {
	text := "model: " + string(e.Kind)
	if e.Status != 0 {
		text += " (HTTP " + strconv.Itoa(e.Status) + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

var (
	errIdle  = errors.New("no byte arrived for too long")
	errTotal = errors.New("the answer took too long")
)

// interrupted says why a context ended.
func interrupted(ctx context.Context) Kind {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errIdle):
		return Silent
	case errors.Is(cause, errTotal):
		return TimedOut
	default:
		return Canceled
	}
}

// maxErrorText caps what is repeated of a provider's error, in bytes.
const maxErrorText = 300

// clean makes a provider's text fit to log: one short line without the key. A
// server that echoes the key in its error must not make us print it.
func clean(text, key string) string {
	if key != "" {
		text = strings.ReplaceAll(text, key, "[key]")
	}
	if len(text) > maxErrorText {
		text = text[:maxErrorText] + "…"
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	return strings.Join(strings.Fields(text), " ")
}

// classify turns a status and the text that came with it into a kind.
func classify(status int, text string) Kind {
	lower := strings.ToLower(text)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(lower, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("context_length", "context length", "maximum context", "too many tokens", "prompt is too long", "context window"):
		return TooLong
	case has("insufficient_quota", "exceeded your current quota"):
		return NoCredit
	case status == http.StatusUnauthorized:
		return BadKey
	case status == http.StatusPaymentRequired:
		return NoCredit
	case (status == http.StatusBadRequest || status == http.StatusForbidden) &&
		has("content_policy", "content_filter", "content management policy", "moderation", "flagged", "safety"):
		return Moderated
	case status >= 400 && status < 500 && status != http.StatusTooManyRequests && has("image_url", "image input", "support image", "vision", "multimodal"):
		return NoImages
	case status == http.StatusForbidden:
		return NoPermission
	case status == http.StatusNotFound:
		return UnknownModel
	case status == http.StatusTooManyRequests:
		return Busy
	case status == http.StatusRequestTimeout || status >= 500:
		return Trouble
	case status >= 400:
		return BadRequest
	default:
		return Trouble
	}
}

// providerError reads the error object that a provider puts into a stream or
// into the body of an error. Every field may be missing or of another type.
func providerError(raw json.RawMessage, status int, key string) *Error {
	var text string
	var code int
	var object struct {
		Message json.RawMessage `json:"message"`
		Code    json.RawMessage `json:"code"`
	}
	if json.Unmarshal(raw, &object) == nil && len(object.Message) > 0 {
		text = plain(object.Message)
		if c := plain(object.Code); c != "" && c != "null" {
			text += " (" + c + ")"
			code, _ = strconv.Atoi(c)
		}
	} else {
		text = plain(raw)
	}
	if status < 400 && code >= 400 && code < 600 {
		status = code // OpenRouter's way to say it after the stream has begun
	}
	return &Error{Kind: classify(status, string(raw)), Status: status, Err: errors.New(clean(text, key))}
}

// plain returns a JSON string's text, and any other JSON as it is.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// retryAfter reads a Retry-After header, in either of its forms.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseFloat(header, 64); err == nil && seconds > 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second))
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

var (
	errHTML     = errors.New("the server answered with a web page; is the base URL right?")
	errRedirect = errors.New("the server redirects; set the base URL to where it leads")
)
