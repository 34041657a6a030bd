package llmtest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// errorAnswers have a status of 400 or more. All of them have failed.
func errorAnswers() []Case {
	var cases []Case
	add := func(name string, sc Script) {
		cases = append(cases, Case{Name: name, Script: sc, Want: Failed})
	}
	for _, e := range []struct {
		status     int
		msg, kind  string
		code, name string
	}{
		{400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.", "invalid_request_error", "context_length_exceeded", "context too long"},
		{400, "The response was filtered due to the prompt triggering content management policy.", "invalid_request_error", "content_filter", "moderation"},
		{400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "invalid_request_error", "unsupported_parameter", "unsupported parameter"},
		{401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key", "bad key"},
		{402, "Insufficient credits.", "insufficient_quota", "", "no credit"},
		{403, "Country, region, or territory not supported.", "request_forbidden", "unsupported_country_region_territory", "no permission"},
		{404, "The model `nope` does not exist or you do not have access to it.", "invalid_request_error", "model_not_found", "unknown model"},
		{422, "Extra inputs are not permitted: stream_options.", "invalid_request_error", "", "unknown field"},
		{429, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", "insufficient_quota", "quota used up"},
		{500, "The server had an error while processing your request.", "server_error", "", "provider trouble"},
		{502, "Bad gateway.", "server_error", "", "bad gateway"},
		{503, "The engine is currently overloaded, please try again later.", "server_error", "overloaded", "overloaded"},
		{529, "Overloaded", "overloaded_error", "", "overloaded, Anthropic's way"},
	} {
		add(fmt.Sprintf("%d %s", e.status, e.name), Script{Status: e.status, Body: errorBody(e.msg, e.kind, e.code)})
	}
	add("429 rate limit", RateLimited(0))
	add("429 rate limit with Retry-After", RateLimited(time.Second))
	date := RateLimited(0)
	date.Header = http.Header{"Retry-After": {time.Unix(1767225600, 0).UTC().Format(http.TimeFormat)}}
	add("429 rate limit with a date", date)
	bogus := RateLimited(0)
	bogus.Header = http.Header{"Retry-After": {"-9e99"}}
	add("429 rate limit with nonsense", bogus)

	for _, form := range []struct{ name, kind, body string }{
		{"number as code", "", `{"error":{"message":"no","type":"x","code":400}}`},
		{"error as text", "", `{"error":"no"}`},
		{"message as object", "", `{"error":{"message":{"detail":[{"loc":["body"],"msg":"no"}]}}}`},
		{"detail", "", `{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}`},
		{"vLLM", "", `{"object":"error","message":"no","type":"BadRequestError","param":null,"code":400}`},
		{"list", "", `[{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}]`},
		{"web page", "text/html", "<html><head><title>400</title></head><body><center><h1>Bad Request</h1></center></body></html>"},
		{"broken JSON", "", `{"error":{"mess`},
		{"empty", "", ""},
	} {
		add("400 with "+form.name, Script{Status: 400, Body: form.body, ContentType: form.kind})
		add("503 with "+form.name, Script{Status: 503, Body: form.body, ContentType: form.kind})
	}
	return cases
}

// hostile answers try to fill the memory, the log or the screen.
func hostile() []Case {
	big := strings.Repeat("spam ", 6<<20/5)
	endless := func(name, want, first string) Case {
		return Case{Name: name, Want: want, Huge: true, Script: Script{Raw: []byte(first), Forever: true}}
	}
	bomb := gzipped(8 << 20)
	page := strings.Repeat("aaaaaaaa", 8<<10)
	text := endless("endless text", Cut, say("spam "))
	text.WantText = "spam spam spam"
	return []Case{
		text,
		endless("endless line", Failed, page),
		endless("endless comments", Failed, ": "+page+"\n\n"),
		endless("endless blank lines", Failed, strings.Repeat("\n", 64<<10)),
		endless("endless empty events", Failed, strings.Repeat("data: {}\n\n", 8<<10)),
		{Name: "6 MB answer", Want: Cut, WantText: "spam spam spam", Huge: true, Script: Script{Tokens: slices.Repeat([]string{strings.Repeat("spam ", 12<<10)}, 102)}},
		{Name: "6 MB event", Want: Failed, Huge: true, Script: Script{Raw: []byte(say(big) + stop())}},
		{Name: "6 MB whole completion", Want: Failed, Huge: true, Script: Script{Status: 200, Body: `{"choices":[{"index":0,"message":{"role":"assistant","content":"` + big + `"},"finish_reason":"stop"}]}`}},
		{Name: "6 MB error", Want: Failed, Huge: true, Script: Error(500, big)},
		{Name: "gzip bomb as error", Want: Failed, Huge: true, Script: Script{Status: 500, Body: bomb, Header: http.Header{"Content-Encoding": {"gzip"}}}},
		{Name: "gzip bomb as stream", Want: Failed, Huge: true, Script: Script{Raw: []byte(bomb), Header: http.Header{"Content-Encoding": {"gzip"}}}},
		{Name: "key echoed in JSON", Want: Failed, Script: Error(401, "Incorrect API key provided: "+DefaultKey+".\n\x1b[31mlevel=error msg=forged")},
		{Name: "key echoed in text", Want: Failed, Script: Script{Status: 401, ContentType: "text/plain", Body: "Authorization: Bearer " + DefaultKey + "\r\nlevel=error msg=forged\x1b[2J"}},
		raw("key echoed in the stream", Failed, "", `data: {"error":{"message":"bad key `+DefaultKey+`\nlevel=error msg=forged"}}`+"\n\n"),
		{Name: "mentions in an error", Want: Failed, Script: Error(500, "@everyone <@1> [click](https://example.org/) ```")},
	}
}

// gzipped is n spaces in a body a thousandth of that size.
func gzipped(n int) string {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	page := bytes.Repeat([]byte(" "), 64<<10)
	for range n / len(page) {
		w.Write(page)
	}
	w.Close()
	return buf.String()
}
