package confidenttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// kind checks one JSON value. It reports what is wrong, and where.
type kind func(at string, v any, wrong func(at, what string))

// field is one key of an object.
type field struct {
	is   kind
	must bool
}

// must is a key that has to be there, may one that can be left out. A key that
// is there must have a value: null is not a way to leave it out.
func must(k kind) field { return field{k, true} }
func may(k kind) field  { return field{k, false} }

// wrongs checks a body and returns everything that is wrong with it.
func wrongs(body []byte, k kind) (found []string) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return []string{"not JSON: " + err.Error()}
	}
	if _, err := dec.Token(); err != io.EOF {
		return []string{"more than one JSON value"}
	}
	k("", v, func(at, what string) { found = append(found, strings.TrimPrefix(at+": ", ": ")+what) })
	slices.Sort(found) // maps have no order, complaints should
	return found
}

// object allows these keys and no others.
func object(fields map[string]field) kind {
	return func(at string, v any, wrong func(at, what string)) {
		o, ok := v.(map[string]any)
		if !ok {
			wrong(at, typeName(v)+", want an object")
			return
		}
		for name, f := range fields {
			if _, there := o[name]; f.must && !there {
				wrong(join(at, name), "missing")
			}
		}
		for name, value := range o {
			if f, known := fields[name]; known {
				f.is(join(at, name), value, wrong)
			} else {
				wrong(join(at, name), "unknown key")
			}
		}
	}
}

// mapOf allows any keys.
func mapOf(each kind) kind {
	return func(at string, v any, wrong func(at, what string)) {
		o, ok := v.(map[string]any)
		if !ok {
			wrong(at, typeName(v)+", want an object")
		}
		for name, value := range o {
			each(join(at, name), value, wrong)
		}
	}
}

func listOf(each kind) kind {
	return func(at string, v any, wrong func(at, what string)) {
		l, ok := v.([]any)
		if !ok {
			wrong(at, typeName(v)+", want a list")
		}
		for i, value := range l {
			each(fmt.Sprintf("%s[%d]", at, i), value, wrong)
		}
	}
}

// anything is any JSON, but even there a NUL is refused: databases do.
func anything(at string, v any, wrong func(at, what string)) {
	switch v := v.(type) {
	case string:
		text(at, v, wrong)
	case map[string]any:
		mapOf(anything)(at, v, wrong)
	case []any:
		listOf(anything)(at, v, wrong)
	}
}

func text(at string, v any, wrong func(at, what string)) {
	s, ok := v.(string)
	if !ok {
		wrong(at, typeName(v)+", want a text")
	} else if strings.Contains(s, "\x00") {
		wrong(at, "contains U+0000")
	}
}

// matching is a text of a certain shape.
func matching(pattern, want string) kind {
	shape := regexp.MustCompile(pattern)
	return func(at string, v any, wrong func(at, what string)) {
		text(at, v, wrong)
		if s, ok := v.(string); ok && !shape.MatchString(s) {
			wrong(at, fmt.Sprintf("%q, want %s", s, want))
		}
	}
}

func oneOf(values ...string) kind {
	return matching("^("+strings.Join(values, "|")+")$", "one of "+strings.Join(values, ", "))
}

func some() kind { return matching(`(?s).`, "a text that is not empty") }

const uuidPattern = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`

func uuid() kind { return matching("^"+uuidPattern+"$", "a UUID") }

// otelID is a UUID, or an OpenTelemetry id of so many digits in its place.
func otelID(digits int) kind {
	return matching(fmt.Sprintf("^(%s|[0-9a-f]{%d})$", uuidPattern, digits), "a UUID or an OpenTelemetry id")
}

// instant is the one spelling of a time: UTC, milliseconds, Z.
func instant(at string, v any, wrong func(at, what string)) {
	s, _ := v.(string)
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", s); err != nil {
		wrong(at, fmt.Sprintf("%#v, want a time such as 2026-03-04T09:15:01.000Z", v))
	}
}

// number is a number from low up.
func number(low float64) kind {
	return func(at string, v any, wrong func(at, what string)) {
		n, ok := v.(json.Number)
		if !ok {
			wrong(at, typeName(v)+", want a number")
		} else if f, err := n.Float64(); err != nil || f < low {
			wrong(at, fmt.Sprintf("%v, want at least %v", n, low))
		}
	}
}

// whole is a number without a fraction; 3.0 is one.
func whole(low, high float64) kind {
	return func(at string, v any, wrong func(at, what string)) {
		n, ok := v.(json.Number)
		if !ok {
			wrong(at, typeName(v)+", want a whole number")
		} else if f, err := n.Float64(); err != nil || f != float64(int64(f)) || f < low || f > high {
			wrong(at, fmt.Sprintf("%v, want a whole number from %v to %v", n, low, high))
		}
	}
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	}
	return "an object"
}

func join(at, name string) string { return strings.TrimPrefix(at+"."+name, ".") }
