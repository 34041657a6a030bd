package llmtest

import (
	"encoding/json"
	"strings"
)

// thought is what no member may read.
const thought = "Okay, SECRET: I recall the timetable."

// thinking are the forms in which models think aloud, each followed by the answer.
func thinking() []Dialect {
	// Each text is sent in pieces of this many letters, so that marks are torn.
	const torn = 5
	aloud := func(name, before, after string) Dialect {
		var events strings.Builder
		letters := []rune(before + thought + after + ferryText)
		for len(letters) > 0 {
			n := min(torn, len(letters))
			events.WriteString(say(string(letters[:n])))
			letters = letters[n:]
		}
		return spoken(name, ferryText, complete, "", events.String(), stop())
	}
	apart := func(name, field string) Dialect {
		value, _ := json.Marshal(thought)
		return spoken(name, ferryText, complete, "",
			choiceEvent(`{"index":0,"delta":{"role":"assistant","content":null,"`+field+`":`+string(value)+`},"finish_reason":null}`), said(), stop())
	}
	literally := func(name, text string) Dialect {
		return spoken(name, text, complete, "", say(text[:len(text)/2]), say(text[len(text)/2:]), stop())
	}
	return []Dialect{
		aloud("deepseek-think", "<think>\n", "\n</think>\n\n"),
		aloud("deepseek-think-no-open-tag", "", "\n</think>\n\n"),
		aloud("think-no-open-tag-one-line", "", "</think>"),
		aloud("think-upper-case", "<THINK>", "</Think>"),
		aloud("gemini-cli-thinking", "<thinking>", "</thinking>\n"),
		aloud("gemini-thought", "<thought>\n", "</thought>"),
		aloud("reasoning-tag", "<reasoning>\n", "\n</reasoning>\n\n"),
		aloud("seed-think", "<seed:think>", "</seed:think>"),
		aloud("longcat-think", "<longcat_think>\n", "\n</longcat_think>\n"),
		aloud("kimi-think", "◁think▷", "◁/think▷"),
		aloud("kimi-think-no-open-mark", "", "◁/think▷"),
		aloud("magistral-think", "[THINK]", "[/THINK]"),
		aloud("openthinker", "<|begin_of_thought|>\n\n", "\n\n<|end_of_thought|>\n\n<|begin_of_solution|>"),
		aloud("cohere-thinking", "<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
		aloud("gemma-channel", "<|channel>thought\n", "<channel|>"),
		aloud("gpt-oss-harmony", "<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
		aloud("gpt-oss-harmony-with-start", "<|start|>assistant<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
		aloud("gpt-oss-harmony-no-first-mark", "", "<|end|><|start|>assistant<|channel|>final<|message|>"),
		aloud("gpt-oss-harmony-commentary", "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>",
			"<|end|><|start|>assistant<|channel|>final <|constrain|>text<|message|>"),
		aloud("gpt-oss-marks-stripped", "analysis", "assistantfinal"),
		aloud("think-twice", "<think>Hm.</think>\n<think>", "</think>\n"),
		aloud("reflection-tag", "<reflection>", "</reflection>\n"),
		spoken("gemini-thought-apart", ferryText, complete, "",
			choiceEvent(`{"index":0,"delta":{"content":"<thought>Okay, ","extra_content":{"google":{"thought":true}}},"finish_reason":null}`),
			choiceEvent(`{"index":0,"delta":{"content":"SECRET.","extra_content":{"google":{"thought":true}}},"finish_reason":null}`),
			say("</thought>"), said(), stop()),
		spoken("gemini-thought-without-tag", ferryText, complete, "",
			choiceEvent(`{"index":0,"delta":{"content":"Okay, SECRET.","extra_content":{"google":{"thought":true}}},"finish_reason":null}`), said(), stop()),
		apart("deepseek-reasoning-content", "reasoning_content"),
		apart("openrouter-reasoning", "reasoning"),
		apart("ollama-thinking", "thinking"),
		spoken("mistral-parts", ferryText, complete, "",
			choiceEvent(`{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"`+thought+`"}],"closed":true}]},"finish_reason":null}`),
			choiceEvent(`{"index":0,"delta":{"content":[{"type":"text","text":"`+ferry[0]+`"}]},"finish_reason":null}`), say(ferry[1]), say(ferry[2]), stop()),
		literally("think-in-a-code-block", "Write it so:\n```xml\n<think>\nhm\n</think>\nanswer\n```\nThat is all."),
		literally("think-in-inline-code", "The mark `</think>` ends a thought, `<think>` begins it."),
		literally("think-in-words", "Put your reasoning between <think> and </think> tags, then answer."),
		literally("harmony-in-a-code-block", "So:\n~~~\n<|channel|>analysis<|message|>x<|end|>\n~~~\nEnd."),
	}
}
