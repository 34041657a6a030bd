package llmtest

import "strings"

// ferry is what every dialect's answer says, in pieces.
var ferry = []string{"The ferry leaves", " every hour", " in fair weather."}

const (
	ferryText = "The ferry leaves every hour in fair weather."
	complete  = "stop"
	withheld  = "content_filter"
)

// said is the whole answer as events without an end.
func said() string {
	var all strings.Builder
	for _, piece := range ferry {
		all.WriteString(say(piece))
	}
	return all.String()
}

// choice is an event whose only choice is this JSON.
func choiceEvent(json string) string { return head + json + "]}\n\n" }

// everyChunk ends every piece of the answer with a reason.
func everyChunk(reason string) string {
	return strings.ReplaceAll(said(), `"finish_reason":null`, `"finish_reason":"`+reason+`"`)
}

// endings are the words with which providers end an answer, and the lack of them.
func endings() []Dialect {
	word := func(name, reason, means string) Dialect {
		return spoken(name, ferryText, means, "", said(), finish(reason), doneMark)
	}
	camel := func(reason string) string {
		return choiceEvent(`{"index":0,"delta":{},"finish_reason":null,"finishReason":"` + reason + `"}`)
	}
	thought := choiceEvent(`{"index":0,"delta":{"content":"","reasoning_content":"I recall the timetable."},"finish_reason":"stop"}`)
	other := strings.NewReplacer(`"index":0`, `"index":1`)
	usage := choiceEvent(``)
	usage = strings.Replace(usage, `"choices":[]`, `"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":9}`, 1)
	return []Dialect{
		word("openai-stop", "stop", complete),
		word("openai-length", "length", "length"),
		word("openai-content-filter", "content_filter", withheld),
		word("openai-tool-calls", "tool_calls", complete),
		word("openai-function-call", "function_call", complete),
		word("together-eos", "eos", complete),
		word("tgi-eos-token", "eos_token", complete),
		word("tgi-stop-sequence", "stop_sequence", complete),
		word("bedrock-end-turn", "end_turn", complete),
		word("bedrock-guardrail", "guardrail_intervened", withheld),
		word("bedrock-content-filtered", "content_filtered", withheld),
		word("anthropic-max-tokens", "max_tokens", "length"),
		word("anthropic-context-exceeded", "model_context_window_exceeded", "length"),
		word("anthropic-refusal", "refusal", withheld),
		word("anthropic-tool-use", "tool_use", complete),
		word("cohere-complete", "COMPLETE", complete),
		word("cohere-max-tokens", "MAX_TOKENS", "length"),
		word("cohere-error-toxic", "ERROR_TOXIC", withheld),
		word("mistral-model-length", "model_length", "length"),
		word("gemini-stop", "STOP", complete),
		word("gemini-max-tokens", "FinishReason.MAX_TOKENS", "length"),
		word("gemini-safety", "SAFETY", withheld),
		word("gemini-recitation", "RECITATION", withheld),
		word("gemini-filter-colon", "content_filter: PROHIBITED_CONTENT", withheld),
		word("gemini-blocklist", "BLOCKLIST", withheld),
		word("zhipu-sensitive", "sensitive", withheld),
		word("unknown-word", "natural_end", complete),
		spoken("deepseek-no-resource", ferryText, "", "trouble", said(), finish("insufficient_system_resource"), doneMark),
		spoken("openrouter-error", ferryText, "", "trouble", said(), finish("error"), doneMark),
		spoken("vllm-abort", ferryText, "", "trouble", said(), finish("abort"), doneMark),
		spoken("gemini-malformed-call", ferryText, "", "trouble", said(), finish("MALFORMED_FUNCTION_CALL"), doneMark),
		spoken("gemini-camel-case", ferryText, complete, "", said(), camel("stop"), doneMark),
		spoken("gemini-camel-case-max-tokens", ferryText, "length", "", said(), camel("MAX_TOKENS"), doneMark),
		spoken("gemini-stop-in-every-chunk", ferryText, complete, "", everyChunk("stop"), doneMark),
		spoken("gemini-stop-in-every-chunk-then-length", ferryText, "length", "", everyChunk("STOP"), finish("length"), doneMark),
		spoken("length-then-stop", ferryText, "length", "", said(), finish("length"), finish("stop"), doneMark),
		spoken("gemini-stop-in-every-chunk-cut", ferryText, "", "broken off", everyChunk("stop")),
		spoken("stop-in-every-chunk-then-error", ferryText, "", "trouble", everyChunk("stop"), `data: {"error":{"message":"upstream failed","code":502}}`+"\n\n"),
		spoken("stop-on-thoughts", ferryText, complete, "", thought, said(), finish("stop"), doneMark),
		spoken("stop-on-thoughts-no-mark", ferryText, complete, "", thought, said(), finish("stop")),
		spoken("vllm-mlx-no-reason", ferryText, complete, "", said(), doneMark),
		spoken("reason-is-empty", ferryText, complete, "", said(), finish(""), doneMark),
		spoken("reason-is-none", ferryText, complete, "", said(), finish("None"), doneMark),
		spoken("usage-then-done", ferryText, complete, "", said(), usage, doneMark),
		spoken("no-end-at-all", ferryText, "", "broken off", said()),
		spoken("usage-then-nothing", ferryText, "", "broken off", said(), usage),
		spoken("litellm-index-1", ferryText, complete, "", other.Replace(said()+finish("stop")), doneMark),
		spoken("litellm-role-index-0", ferryText, complete, "", choiceEvent(`{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}`),
			other.Replace(said()+finish("stop")), doneMark),
		spoken("no-index", ferryText, complete, "", strings.ReplaceAll(said()+finish("stop"), `"index":0,`, ""), doneMark),
		spoken("azure-filter-results", ferryText, complete, "", choiceEvent(``), said(),
			choiceEvent(`{"index":0,"delta":{},"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},"finish_reason":"stop"}`), doneMark),
		spoken("error-is-null-or-empty", ferryText, complete, "", strings.ReplaceAll(said(), `"choices"`, `"error":null,"choices"`),
			strings.Replace(finish("stop"), `"choices"`, `"error":"","choices"`, 1), doneMark),
		spoken("whole-without-reason", ferryText, complete, "", `{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"`+ferryText+`"},"finish_reason":null}]}`),
		spoken("openai-refuses", "I can't help with that.", "refusal", "",
			choiceEvent(`{"index":0,"delta":{"refusal":"I can't help with that."},"finish_reason":null}`), finish("stop"), doneMark),
		spoken("all-thought-no-answer", "", "", "no room", choiceEvent(`{"index":0,"delta":{"reasoning_content":"Hm."},"finish_reason":null}`), finish("length"), doneMark),
		spoken("azure-filtered-whole", "", "", "moderated", finish("content_filter"), doneMark),
	}
}
