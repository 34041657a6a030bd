package llmtest

import "strings"

// oddTypes are chunks whose JSON has another type where OpenAI's is known.
func oddTypes() []Case {
	text := "one two"
	content := func(json string) string {
		return head + `{"index":0,"delta":{"content":` + json + `},"finish_reason":null}]}` + "\n\n"
	}
	return []Case{
		raw("content as list of blocks", Complete, text, content(`[{"type":"text","text":"one"},{"type":"text","text":" two"}]`), stop()),
		raw("content with thinking block", Complete, text, content(`[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]`), say(text), stop()),
		raw("content as object", Complete, text, content(`{"text":"?"}`), say(text), stop()),
		raw("usage as text", Complete, text, say(text), finish("stop"), head+`],"usage":"12"}`+"\n\n", doneMark),
		raw("usage with fractions", Complete, text, say(text), finish("stop"), head+`],"usage":{"prompt_tokens":1.5,"completion_tokens":2.0,"total_tokens":3.5}}`+"\n\n", doneMark),
		raw("usage with texts", Complete, text, say(text), finish("stop"), head+`],"usage":{"prompt_tokens":"1","completion_tokens":null,"total_tokens":1e300}}`+"\n\n", doneMark),
		raw("number as id, fraction as created", Complete, text, `data: {"id":7,"created":1767225600.25,"choices":[{"index":0,"delta":{"content":"one"},"finish_reason":null}]}`+"\n\n", say(" two"), stop()),
		raw("choice without delta", Complete, text, head+`{"index":0}]}`+"\n\n", head+`{"index":0,"delta":null}]}`+"\n\n", say(text), stop()),
		raw("broken JSON in one event", Complete, text, say("one"), "data: {\"choices\":[{\n\n", say(" two"), stop()),
		raw("JSON array and scalars as events", Complete, text, say("one"), "data: []\n\ndata: 1\n\ndata: null\n\ndata: \"x\"\n\n", say(" two"), stop()),
	}
}

// oddFraming carries a sound answer in an unusual form of server-sent events.
// The names after "wpt" are those of web-platform-tests' eventsource folder,
// whose ideas they take up with chat chunks as data.
func oddFraming() []Case {
	text := "one two"
	sound := func(name string, stream ...string) Case { return raw(name, Complete, text, stream...) }
	plain := say("one") + say(" two") + stop()
	cut := strings.TrimRight(finish("stop"), "\n")
	cases := []Case{
		sound("last line without newline", say(text), cut),
		sound("end mark without newline", say(text), finish("stop"), "data: [DONE]"),
		raw("last text without newline", Cut, text, say("one"), strings.TrimRight(say(" two"), "\n")),
		sound("301 comments", say("one"), strings.Repeat(": keep-alive\n", 301), say(" two"), stop()),
		sound("400 comments with blank lines", say("one"), strings.Repeat(": keep-alive\n\n", 400), say(" two"), stop()),
		sound("400 blank lines", say("one"), strings.Repeat("\n", 400), say(" two"), stop()),
		sound("one event over several lines", "data: {\"choices\":[{\"index\":0,\ndata: \"delta\":{\"content\":\"one two\"},\ndata: \"finish_reason\":null}]}\n\n", stop()),
		sound("events without blank lines", strings.ReplaceAll(plain, "\n\n", "\n")),
		sound("text after the end mark", plain, say(" three")),

		sound("wpt format-bom", "\ufeff", plain),
		sound("wpt format-bom-2", "\ufeff\ufeff", "data: {}\n\n", plain),
		sound("wpt format-comments", ": "+strings.Repeat("x", 4096)+"\r\n:\n:: {\n:data: {\"choices\":[]}\n", plain),
		sound("wpt format-data-before-final-empty-line", say(text), cut+"\n"),
		sound("wpt format-field-data", "data:\n\ndata\n\n", plain, "data:test"),
		sound("wpt format-field-event", "event: message\n"+say("one"), "event: chunk\n"+say(" two"), stop()),
		sound("wpt format-field-event-empty", "event: \n", plain),
		sound("wpt format-field-id", "id: 1\n"+say("one"), "id: 2\n"+say(" two"), stop()),
		sound("wpt format-field-id-2", "id\nid:\nid: 1\n", plain, "id\n\n"),
		sound("wpt format-field-id-null", "id: \x00\x00\n", plain),
		sound("wpt format-field-retry", "retry: 3000\n\n", plain),
		sound("wpt format-field-retry-bogus", "retry: 3000\nretry: 1000x\n\n", plain),
		sound("wpt format-field-unknown", "note: x\n data: {}\ndatas: {}\nDATA: {}\n", plain),
		sound("wpt format-leading-space, none", strings.ReplaceAll(plain, "data: ", "data:")),
		sound("wpt format-leading-space, many", strings.ReplaceAll(plain, "data: {", "data:   {")),
		sound("wpt format-newlines, CRLF", strings.ReplaceAll(plain, "\n", "\r\n")),
		sound("wpt format-newlines, CR", strings.ReplaceAll(plain, "\n", "\r")),
		sound("wpt format-newlines, mixed", say("one"), strings.ReplaceAll(say(" two"), "\n", "\r"), strings.ReplaceAll(stop(), "\n", "\r\n")),
		sound("wpt format-null-character", "data: \x00\n\n\x00\n\n", plain),
		raw("wpt format-utf-8", Complete, "ok…☹ 日本", say("ok…"), say("☹ 日本"), stop()),
	}
	// CRLF and letters must survive being torn apart between two reads.
	torn := sound("CRLF, one byte at a time", strings.ReplaceAll(plain, "\n", "\r\n"))
	torn.Script.RawStep = 1
	bogus := sound("wpt format-mime-valid-bogus", plain)
	bogus.Script.ContentType = "text/event-stream;bogus"
	return append(cases, torn, bogus)
}

// notStreams have status 2xx or 3xx, but no stream.
func notStreams() []Case {
	text := "one two"
	plain := func(name, want, text, kind, body string) Case {
		return Case{Name: name, Want: want, WantText: text, Script: Script{Body: body, Status: 200, ContentType: kind}}
	}
	completion := `{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"one two"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`
	redirect := func(name string, status int) Case {
		sc := Script{Status: status, Header: map[string][]string{"Location": {"http://127.0.0.1:9/v1/chat/completions"}}}
		return Case{Name: name, Want: Failed, Script: sc}
	}
	return []Case{
		plain("whole completion instead of a stream", Complete, text, "application/json", completion),
		plain("whole completion that says it is a stream", Complete, text, "text/event-stream", completion),
		plain("whole completion without finish", Complete, text, "application/json", strings.Replace(completion, `"stop"`, "null", 1)),
		plain("whole completion without choices", Failed, "", "application/json", `{"id":"1","object":"chat.completion","choices":[]}`),
		plain("half of a completion", Failed, "", "application/json", completion[:60]),
		plain("error with status 200", Failed, "", "application/json", `{"error":{"message":"overloaded"}}`+"\n"),
		plain("error with status 200, no newline", Failed, "", "application/json", `{"error":{"message":"overloaded"}}`),
		plain("error with status 200 that says it is a stream", Failed, "", "text/event-stream", `{"error":{"message":"overloaded"}}`),
		plain("web page", Failed, "", "text/html", "<!DOCTYPE html><html><body><h1>Welcome to nginx!</h1></body></html>\n"),
		plain("web page that says it is a stream", Failed, "", "text/event-stream", "<!DOCTYPE html><html><body>Sign in</body></html>\n"),
		plain("nothing", Failed, "", "text/event-stream", ""),
		plain("nothing at all", Failed, "", "application/json", ""),
		{Name: "no content", Want: Failed, Script: Script{Status: 204}},
		redirect("redirect 302", 302),
		redirect("redirect 307", 307),
		redirect("redirect 308", 308),
	}
}
