package llmtest

import (
	"net/http"
	"strings"
	"time"
)

// refusal is one error of a provider: the bytes, and what they mean.
type refusal struct {
	name   string
	means  string
	status int
	body   string
}

// asked is the limit of an answer that the errors of [refusals] speak of, and
// holds the most that such a provider takes.
const (
	asked = 8192
	holds = 4096
)

// refusals are the errors of providers, as they are documented or reported.
// Those that a client can mend come only while there is something to mend.
func refusals() []Dialect {
	var all []Dialect
	for _, rows := range [][]refusal{tooLong(), tooMuch(), noPictures(), filtered(), notNow(), notEver()} {
		for _, r := range rows {
			all = append(all, r.dialect())
		}
	}
	return append(all, inStream()...)
}

func (r refusal) dialect() Dialect {
	d := Dialect{Name: r.name, Wrong: r.means}
	refuses := func(Request) bool { return true }
	switch r.means {
	case "too long":
		d.Heals, refuses = true, func(req Request) bool { return req.turns() > 2 }
	case "limit too large":
		d.Heals, refuses = true, func(req Request) bool { return req.limit() > holds }
	case "no images", "bad image":
		refuses = Request.pictured
	}
	script := Script{Status: r.status, Body: r.body}
	if strings.HasPrefix(r.body, "<") {
		script.ContentType = "text/html"
	}
	if strings.HasPrefix(r.name, "wait-2-") {
		script.Header = http.Header{"Retry-After": {"2"}}
	}
	d.Script = func(req Request) Script {
		if refuses(req) {
			return script
		}
		return Script{Text: reply(req)}
	}
	return d
}

// turns is how long the conversation is without its instructions.
func (r Request) turns() (n int) {
	for _, m := range r.Messages {
		if m.Role != "system" {
			n++
		}
	}
	return n
}

// waits are how long the errors of these names ask to wait.
var waits = map[string]time.Duration{
	"gemini-minute-quota": 2 * time.Second, "gemini-minute-quota-list": 2 * time.Second, "openai-minute": 1350 * time.Millisecond,
	"azure-minute": 26 * time.Second, "groq-minute": 7660 * time.Millisecond, "wait-2-anthropic-minute": 2 * time.Second,
}

// Wait is how long the provider asks to wait before the next try; 0 if it does
// not say.
func (d Dialect) Wait() time.Duration { return waits[d.Name] }

// inStream are errors after a good status: before, between and after text.
func inStream() []Dialect {
	event := func(object string) string { return "data: " + object + "\n\n" }
	whole := func(name, wrong, body string) Dialect {
		return Dialect{Name: name, Wrong: wrong, Script: func(Request) Script { return Script{Status: 200, Body: body} }}
	}
	long := whole("llamacpp-200-too-long", "too long", `{"error":{"code":400,"message":"the request exceeds the available context size. try increasing the context size or enable context shift","type":"exceed_context_size_error","n_prompt_tokens":14429,"n_ctx":8192}}`)
	body := long.Script
	long.Heals, long.Script = true, func(req Request) Script {
		if req.turns() > 2 {
			return body(req)
		}
		return Script{Text: reply(req)}
	}
	return []Dialect{
		long,
		whole("200-list", "busy", `[{"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}]`),
		whole("200-text", "unknown model", `{"error":"model 'nope' not found"}`),
		whole("200-message", "bad request", `{"message":"invalid request","type":"invalid_request_error"}`),
		whole("200-msg", "moderated", `{"code":1301,"msg":"系统检测到输入或生成内容可能包含不安全或敏感内容","success":false}`),
		whole("200-detail", "bad key", `{"detail":"Invalid API key"}`),
		spoken("azure-filter-in-stream", "", "", "moderated", event(`{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.","type":null,"param":"prompt","code":"content_filter","status":400}}`)),
		spoken("dashscope-filter-in-stream", ferryText, "", "moderated", said(), event(`{"error":{"code":"data_inspection_failed","param":null,"message":"Output data may contain inappropriate content.","type":"data_inspection_failed"},"id":"chatcmpl-1"}`)),
		spoken("anthropic-overloaded-in-stream", "", "", "busy", "event: error\n", event(`{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}`)),
		spoken("openrouter-error-in-stream", ferryText, "", "trouble", ": OPENROUTER PROCESSING\n\n", said(), event(`{"id":"gen-1","object":"chat.completion.chunk","created":1,"model":"m","provider":"p","error":{"code":"server_error","message":"Provider disconnected unexpectedly"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`)),
		spoken("vllm-error-in-stream", "", "", "bad request", event(`{"error": {"object": "error", "message": "unsupported parameter", "type": "BadRequestError", "param": null, "code": 400}}`), doneMark),
		spoken("gemini-list-in-stream", "", "", "busy", event(`[{"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}]`)),
		spoken("llamacpp-error-event", "", "", "trouble", `error: {"code":500,"message":"decoding failed","type":"server_error"}`+"\n\n"),
		spoken("lmstudio-error-event", "", "", "unknown model", "event: error\n", event(`{"error":{"message":"Model \"nope\" not found"}}`)),
		spoken("text-error-event", "", "", "trouble", "event: error\ndata: upstream connect error\n\n"),
		spoken("groq-error-in-stream", ferryText, "", "busy", said(), event(`{"error":{"message":"Rate limit reached for model","type":"tokens","code":"rate_limit_exceeded"}}`)),
	}
}
