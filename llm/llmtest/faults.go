package llmtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The classes of a Case: what a client should make of an answer.
const (
	// Complete: the answer has an end, so this is all the model said.
	Complete = "complete"
	// Cut: text arrived, but not its end. The text is shown, and marked.
	Cut = "cut"
	// Failed: neither text nor an end arrived.
	Failed = "failed"
)

// Case is one way for a provider to answer, and what a careful client makes of it.
type Case struct {
	Name   string
	Script Script
	// WantText is what the model said, before any cleaning of the text itself.
	WantText string
	// Want is Complete, Cut or Failed.
	Want string
	// Waits: nothing ends this answer but the client's own time limits.
	Waits bool
	// Huge: the answer is larger than any client should take (from 6 MB to
	// endless), so WantText is only how the text starts and the rest is cut.
	Huge bool
}

// Faults returns every known way to answer oddly, wrongly or with malice, with
// some sound answers between. Names are unique. Error answers that echo the key
// echo DefaultKey.
func Faults() []Case {
	return slices.Concat(soundAnswers(), brokenStreams(), errorsInStreams(), oddTypes(), oddFraming(), notStreams(), errorAnswers(), hostile(), slow())
}

// The pieces of a hand-made stream.
const (
	doneMark = "data: [DONE]\n\n"
	head     = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1767225600,"model":"scripted-mini","choices":[`
)

// say is an event with some text.
func say(text string) string { return head + choiceJSON(0, text) + "]}\n\n" }

func choiceJSON(index int, text string) string {
	content, _ := json.Marshal(text)
	return fmt.Sprintf(`{"index":%d,"delta":{"content":%s},"finish_reason":null}`, index, content)
}

// finish is an event that ends the answer.
func finish(reason string) string {
	return head + `{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}` + "\n\n"
}

// stop is how a sound stream ends.
func stop() string { return finish("stop") + doneMark }

// raw makes a case from a hand-made stream.
func raw(name, want, text string, stream ...string) Case {
	return Case{Name: name, Want: want, WantText: text, Script: Script{Raw: []byte(strings.Join(stream, ""))}}
}

// soundAnswers end as they should, each with something that is easy to trip over.
func soundAnswers() []Case {
	text := "Seven minutes for a soft yolk."
	scripted := func(name, want string, sc Script) Case {
		return Case{Name: name, Script: sc, Want: want, WantText: sc.text()}
	}
	return []Case{
		scripted("normal", Complete, Script{Text: text}),
		scripted("length", Complete, Script{Text: text, Finish: "length"}),
		scripted("content filter", Complete, Script{Text: text, Finish: "content_filter"}),
		scripted("content filter, no text", Complete, Script{Finish: "content_filter"}),
		scripted("empty", Complete, Script{}),
		scripted("whitespace only", Complete, Script{Text: " \n\t\n"}),
		scripted("zero-width only", Complete, Script{Text: "\u200b\u200d\ufeff\u2060"}),
		scripted("control characters only", Complete, Script{Text: "\x00\x01\x1b[0m\x7f"}),
		scripted("letters split over chunks", Complete, Script{Tokens: []string{"fl", "ag ", "e\u0301", "\U0001f1f8", "\U0001f1ea"}}),
		scripted("mentions and control characters", Complete, Script{Text: "@everyone <@1> [x](https://example.org) \u202egnp.exe\x07"}),
		scripted("huge usage", Complete, Script{Text: text, Usage: &Usage{1 << 60, 1 << 60, 1 << 61}}),
		scripted("negative usage", Complete, Script{Text: text, Usage: &Usage{-1, -2, -3}}),
		{Name: "one byte at a time", Script: Script{Raw: SSE(Script{Text: text}), RawStep: 1}, Want: Complete, WantText: text},
		raw("null choices, null content", Complete, text, `data: {"id":"1","choices":null}`+"\n\n", head+`{"index":0,"delta":{"content":null},"finish_reason":null}]}`+"\n\n", say(text), stop()),
		raw("no choices at first", Complete, text, head+`],"prompt_filter_results":[{"prompt_index":0}]}`+"\n\n", say(text), stop()),
		raw("two choices", Complete, "ours", head+choiceJSON(1, "theirs")+","+choiceJSON(0, "ours")+"]}\n\n", stop()),
		raw("unknown fields", Complete, text, `data: {"provider":"x","native":{"a":[1]},"choices":[{"index":0,"delta":{"content":"Seven minutes","odd":{}},"x":1}]}`+"\n\n", say(" for a soft yolk."), stop()),
		raw("refusal", Complete, "I can't help with that.", head+`{"index":0,"delta":{"role":"assistant","content":null,"refusal":"I can't help"},"finish_reason":null}]}`+"\n\n",
			head+`{"index":0,"delta":{"refusal":" with that."},"finish_reason":null}]}`+"\n\n", stop()),
		raw("reasoning apart", Complete, text, head+`{"index":0,"delta":{"reasoning_content":"Soft means seven."},"finish_reason":null}]}`+"\n\n", say(text), stop()),
		raw("reasoning within", Complete, text, say("<think>Soft means seven.</think>"), say(text), stop()),
		raw("reasoning within, tags split", Complete, text, say("<th"), say("ink>Soft <b>means</b> "), say("seven.</"), say("think"), say(">"+text), stop()),
		raw("finish and text in one chunk", Complete, text, head+`{"index":0,"delta":{"content":"`+text+`"},"finish_reason":"stop"}]}`+"\n\n", doneMark),
		raw("no end mark", Complete, text, say(text), finish("stop")),
		raw("error after the finish", Complete, text, say(text), finish("stop"), `data: {"error":{"message":"too late"}}`+"\n\n"),
	}
}

// brokenStreams end without a finish_reason, or without the mark for the end.
func brokenStreams() []Case {
	text, part := "one two three four", "one two"
	whole := SSE(Script{Text: text})
	cases := []Case{
		{Name: "cut after two tokens", Script: Script{Text: text, CutAfter: 2}, Want: Cut, WantText: part},
		{Name: "cut before the finish", Script: Script{Text: text, CutAfter: 4}, Want: Cut, WantText: text},
		{Name: "cut at once", Script: Script{Text: text, CutAfter: AtOnce}, Want: Failed},
		{Name: "reset after two tokens", Script: Script{Text: text, DropAfter: 2}, Want: Cut, WantText: part},
		{Name: "reset at once", Script: Script{Text: text, DropAfter: AtOnce}, Want: Failed},
		{Name: "reset before the finish", Script: Script{Text: text, DropAfter: 4}, Want: Cut, WantText: text},
		raw("end mark without finish", Complete, part, say(part), doneMark),
		raw("end mark alone", Failed, "", doneMark),
		raw("cut within a line", Cut, part, say(part), say("three")[:150]),
		raw("finish is error", Cut, part, say(part), finish("error"), doneMark),
		raw("finish is unknown", Cut, part, say(part), finish("network_error"), doneMark),
		raw("finish is empty", Complete, part, say(part), finish(""), doneMark),
		{Name: "cut within the role", Script: Script{Raw: whole[:40]}, Want: Failed},
	}
	short := raw("short content length", Cut, part, say(part))
	short.Script.Header = map[string][]string{"Content-Length": {"5000"}}
	return append(cases, short)
}

// errorsInStreams are what providers send once the status 200 is out.
func errorsInStreams() []Case {
	text, comment := "one two", ": OPENROUTER PROCESSING\n\n"
	object := `{"error":{"message":"The model is overloaded.","type":"server_error","code":502}}`
	var cases []Case
	for _, form := range []struct{ name, event string }{
		{"error object", "data: " + object + "\n\n"},
		{"error object with spaces", `data: { "error" : { "message" : "overloaded" } }` + "\n\n"},
		{"error text", `data: {"error":"overloaded"}` + "\n\n"},
		{"error by vLLM", `data: {"object":"error","message":"overloaded","type":"InternalServerError","param":null,"code":500}` + "\n\n"},
		{"error event", `event: error` + "\n" + `data: {"message":"overloaded","type":"overloaded_error"}` + "\n\n"},
		{"error within a chunk", `data: {"id":"1","object":"chat.completion.chunk","error":{"code":502,"message":"overloaded"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}` + "\n\n"},
	} {
		cases = append(cases,
			raw(form.name+" first", Failed, "", form.event),
			raw(form.name+" after a comment", Failed, "", comment, form.event),
			raw(form.name+" after text", Cut, text, say(text), form.event, doneMark),
			raw(form.name+" after text and comment", Cut, text, say(text), comment, form.event),
		)
	}
	open := raw("error after text, connection left open", Cut, text, say(text), "data: "+object+"\n\n")
	open.Script.StallAfter = AtOnce
	openFirst := raw("error first, connection left open", Failed, "", comment, "data: "+object+"\n\n")
	openFirst.Script.StallAfter = AtOnce
	return append(cases, open, openFirst)
}

// slow answers end by the client's limits alone, but for the last two.
func slow() []Case {
	text := "one two three"
	tick := 2 * time.Millisecond
	return []Case{
		{Name: "slow headers", Script: Script{Text: text, HeaderDelay: time.Hour}, Want: Failed, Waits: true},
		{Name: "stall before text", Script: Script{Text: text, StallAfter: AtOnce}, Want: Failed, Waits: true},
		{Name: "stall after text", Script: Script{Text: text, StallAfter: 2}, Want: Cut, WantText: "one two", Waits: true},
		{Name: "stall before the finish", Script: Script{Text: text, StallAfter: 3}, Want: Cut, WantText: text, Waits: true},
		{Name: "endless comments, slowly", Script: Script{Raw: []byte(": still here\n\n"), RawStep: 14, RawDelay: tick, Forever: true}, Want: Failed, Waits: true},
		{Name: "endless bytes, slowly", Script: Script{Raw: []byte("x"), RawDelay: tick, Forever: true}, Want: Failed, Waits: true},
		{Name: "slow first token", Script: Script{Text: text, FirstDelay: 10 * tick}, Want: Complete, WantText: text},
		{Name: "slow bytes", Script: Script{Raw: []byte(say(text) + stop()), RawStep: 20, RawDelay: tick / 4}, Want: Complete, WantText: text},
	}
}
