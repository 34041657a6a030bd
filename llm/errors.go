package llm

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Kind says what went wrong, in terms of what somebody can do about it.
type Kind string

const (
	BadKey        Kind = "bad key"
	NoPermission  Kind = "no permission"
	NoCredit      Kind = "no credit"        // somebody has to pay, or to raise a limit
	DailyQuota    Kind = "quota of the day" // it is used up
	UnknownModel  Kind = "unknown model"
	BadRequest    Kind = "bad request"     // for a reason not in this list
	TooLong       Kind = "too long"        // more than the model's context holds
	LimitTooLarge Kind = "limit too large" // the answer may be longer than the model's can
	Moderated     Kind = "moderated"       // the provider refuses the question
	NoImages      Kind = "no images"       // the model does not take pictures
	BadImage      Kind = "bad image"       // it does, but not this one
	Busy          Kind = "busy"            // too many ask it right now
	Trouble       Kind = "trouble"         // the provider's own
	Unreachable   Kind = "unreachable"     // no connection
	Silent        Kind = "silent"          // nothing arrived for too long
	TimedOut      Kind = "timed out"       // the whole answer took too long
	Broken        Kind = "broken off"      // the stream ended without an end
	Malformed     Kind = "malformed"       // the answer makes no sense
	Empty         Kind = "empty"           // a complete answer without text
	NoRoom        Kind = "no room"         // the token limit was used up before the first text
	Canceled      Kind = "canceled"        // the caller's context ended
)

// passing reports whether another try may help.
func (k Kind) passing() bool {
	switch k {
	case Busy, Trouble, Unreachable, Broken, TimedOut:
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

	words   string // all that the provider said
	room    int    // the longest answer, in tokens, that it leaves room for; 0 when it does not say
	lasting bool   // and that for every question
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

// plain returns a JSON string's text, and any other JSON as it is.
func plain(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

var (
	errHTML     = errors.New("the server answered with a web page; is the base URL right?")
	errFlood    = errors.New("the server sends more than an answer can be")
	errRedirect = errors.New("the server redirects; set the base URL to where it leads")
)
