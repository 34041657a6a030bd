package llmtest

import (
	"bytes"
	"slices"
)

// Dialect is how one provider says one thing, to the byte. A request for a model
// of its name is answered in it, so that a person can see each in a playground.
type Dialect struct {
	Name   string // the provider and what is said, such as together-eos
	Script func(Request) Script
	// What a careful client makes of it: a text and how it ended (stop, length or
	// content_filter), or what went wrong; with a text, the text was cut.
	Text   string
	Finish string
	Wrong  string
	// Heals: what went wrong is mended when the client asks in another way.
	Heals bool
}

// Dialects returns all there are. Names are unique.
func Dialects() []Dialect {
	return slices.Concat(endings(), thinking(), refusals())
}

// dialect finds the one with a name.
func dialect(name string) (Dialect, bool) {
	all := Dialects()
	at := slices.IndexFunc(all, func(d Dialect) bool { return d.Name == name })
	if at < 0 {
		return Dialect{}, false
	}
	return all[at], true
}

// pictured reports whether a request shows the model a picture.
func (r Request) pictured() bool { return bytes.Contains(r.Raw, []byte(`"image_url"`)) }

// limit is the bound of the answer, whatever the request calls it.
func (r Request) limit() int { return max(r.MaxTokens, r.MaxCompletionTokens) }

// dialectStep is in how many bytes at a time a dialect's stream is sent, each
// after a server's usual pause.
const dialectStep = 120

// spoken is a dialect of a stream, whatever was asked.
func spoken(name, text, finish, wrong string, stream ...string) Dialect {
	script := raw(name, "", "", stream...).Script
	script.RawStep = dialectStep
	return Dialect{Name: name, Text: text, Finish: finish, Wrong: wrong, Script: func(Request) Script { return script }}
}
