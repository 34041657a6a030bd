package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"feedbackbot/feedback"
)

// StatusError is an answer that is not 2xx. It is [feedback.ErrAnswered].
type StatusError struct {
	Status int
	Codes  string // what the answer says in words for machines; "" for nothing
}

func (e *StatusError) Error() string {
	text := strings.TrimSpace(fmt.Sprintf("HTTP %d %s", e.Status, http.StatusText(e.Status)))
	if e.Codes != "" {
		text += " (" + e.Codes + ")"
	}
	return text
}

// Is makes every StatusError a sign of life.
func (e *StatusError) Is(target error) bool { return target == feedback.ErrAnswered }

// Status returns the HTTP status of an error, or 0.
func Status(err error) int {
	var e *StatusError
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// Unjudged returns the answer that is in an error without what it was taken for,
// for a caller who knows better.
func Unjudged(err error) error {
	var e *StatusError
	if errors.As(err, &e) {
		return e
	}
	return err
}

const maxCodes = 3

// machine is how codes look. Nothing that people write in whole sentences does.
var machine = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$`)

// codes returns what an error answer says in words for machines, never a message:
// many platforms repeat there what they do not like, which is what a member wrote.
// So no code is taken either that stands in what was sent.
func codes(answer, sent []byte, secrets []string) string {
	var top map[string]any
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.UseNumber()
	if decoder.Decode(&top) != nil {
		return ""
	}
	objects := []map[string]any{top}
	for _, name := range []string{"error", "errors", "detail"} {
		list, _ := top[name].([]any)
		for _, v := range append(list, top[name]) {
			if o, ok := v.(map[string]any); ok {
				objects = append(objects, o)
			}
		}
	}
	var found []string
	for _, o := range objects {
		for _, name := range []string{"type", "code", "error_code", "errorCode"} {
			if o[name] == nil {
				continue
			}
			code := fmt.Sprint(o[name])
			secret := slices.ContainsFunc(secrets, func(s string) bool { return s != "" && strings.Contains(code, s) })
			if machine.MatchString(code) && !secret && !bytes.Contains(sent, []byte(code)) && !slices.Contains(found, code) && len(found) < maxCodes {
				found = append(found, code)
			}
		}
	}
	return strings.Join(found, ", ")
}
