package llm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// ending is what a stream has said about its end so far. The word for it proves
// little: some servers send it with every chunk. What follows decides.
type ending struct {
	finish Finish // "" while no end was named
	// sure: it was named with a known word in a chunk of its own, after some text.
	sure bool
	// early: text came after it, so that only the end of the stream is an end.
	early bool
	// moved: the last chunk had text, or named an end.
	moved bool
}

// reasons are words within the names that servers give to ends, with what they
// mean; the first that fits. Errors end nothing.
var reasons = []struct {
	words  []string
	finish Finish
}{
	{[]string{"filter", "safety", "recitation", "prohibited", "blocklist", "spii", "sensitive", "moderation", "toxic", "guardrail", "refusal", "language"}, Filtered},
	{[]string{"length", "max_tokens", "maxtokens", "max_output", "token_limit", "error_limit", "context_window"}, Length},
	{[]string{"error", "fail", "abort", "cancel", "timeout", "timed_out", "resource", "malformed", "unexpected", "overload", "interrupt", "disconnect", "incomplete", "other"}, ""},
	{[]string{"stop", "end_turn", "eos", "complete", "tool", "function_call"}, Stop},
}

// ends takes in the word for an end; with says that its chunk carries more.
func (r *reader) ends(reason string, says bool) error {
	lower := strings.ToLower(reason)
	if lower == "" || lower == "null" || lower == "none" || strings.Contains(lower, "unspecified") {
		return nil
	}
	finish, known := Stop, false
	for _, meant := range reasons {
		for _, word := range meant.words {
			if !known && strings.Contains(lower, word) {
				finish, known = meant.finish, true
			}
		}
	}
	if finish == "" {
		return &Error{Kind: Trouble, Err: fmt.Errorf("the provider ended the answer with %q", reason)}
	}
	if finish != Stop || r.finish == "" {
		r.finish = finish // a plain stop does not take back another end
	}
	r.moved = true
	if known && !says && r.text.Len() > 0 {
		r.sure, r.early = true, false
	}
	return nil
}

// goesOn takes in that there is more text.
func (r *reader) goesOn(text string) {
	r.moved = true
	if r.finish != "" && !blank(text) {
		r.sure, r.early = false, true
	}
}

// end judges a stream that has ended with err; done says that it did so with the
// mark for its end. A clean end of the connection alone proves nothing.
func (r *reader) end(ctx context.Context, err error, done bool) (Answer, error) {
	switch {
	case done && r.finish == "" && (!blank(r.text.String()) || !blank(r.think.kept.String()+r.think.held)):
		r.finish = Stop
	case r.early && !done, !r.sure && !errors.Is(err, io.EOF) && ctx.Err() == nil:
		r.finish = ""
	}
	r.show(r.think.flush(r.finish == Stop))
	r.answer.Text = r.text.String()
	if r.finish == Stop && r.refused {
		r.finish = Refusal
	}
	cut := &Error{Kind: Broken, Err: errors.New("the stream ended without an end of the answer")}
	switch {
	case r.finish == "" && ctx.Err() != nil:
		cut = &Error{Kind: interrupted(ctx), Err: context.Cause(ctx)}
	case r.finish == "" && errors.Is(err, errFlood):
		cut = &Error{Kind: Malformed, Err: errFlood} // and it would be so again
	case r.finish == "" && !errors.Is(err, io.EOF):
		cut.Err = errors.New(clean(err.Error(), r.key))
	case r.finish == "" && !r.sawChunk:
		cut = &Error{Kind: Malformed, Err: errors.New("the server answered without a single chunk")}
	case r.finish != "" && blank(r.answer.Text):
		cut = &Error{Kind: emptyBy[r.finish], Err: errors.New("the answer has no text; it ended with " + string(r.finish))}
	case r.finish != "":
		r.answer.Finish = r.finish
		return r.answer, nil
	}
	return r.answer, cut
}

// fail is the end of a stream with an error of the provider's.
func (r *reader) fail(err error) (Answer, error) {
	r.show(r.think.flush(false))
	r.answer.Text = r.text.String()
	return r.answer, err
}

// emptyBy is what a complete answer without text means, by its end.
var emptyBy = map[Finish]Kind{Stop: Empty, Refusal: Empty, Filtered: Moderated, Length: NoRoom}

// blank reports whether a text shows nothing on a screen.
func blank(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != '\u2800' && r != '\u3164'
	}) < 0
}
