package llm

import (
	"strings"
	"unicode/utf8"
)

// A pair of marks is around a thought. A tag stands in the text of an answer as
// well; the other marks are no text.
type pair struct {
	open, close string
	tag         bool
}

var pairs = []pair{
	{"<think>", "</think>", true}, {"<thinking>", "</thinking>", true}, {"<thought>", "</thought>", true}, {"<thoughts>", "</thoughts>", true},
	{"<reasoning>", "</reasoning>", true}, {"<seed:think>", "</seed:think>", true}, {"<longcat_think>", "</longcat_think>", true},
	{"<antthinking>", "</antthinking>", true}, {"<reflection>", "</reflection>", true}, {"<scratchpad>", "</scratchpad>", true}, {"[think]", "[/think]", true}, {"◁think▷", "◁/think▷", false},
	{"<|begin_of_thought|>", "<|end_of_thought|>", false}, {"<|start_thinking|>", "<|end_thinking|>", false}, {"<|channel>thought", "<channel|>", false},
}

// Harmony's channels: what is not final is a thought. The marks that end a
// thought and begin something else are looked at again.
const (
	finalChannel = "<|channel|>final"
	messageMark  = "<|message|>"
)

var (
	thoughtChannels = []string{"<|channel|>analysis", "<|channel|>commentary"}
	channelEnds     = []string{"<|end|>", "<|return|>", "<|call|>", "<|start|>assistant", finalChannel}
	// noise stands around an answer that had a channel or a thought.
	noise = []string{"<|start|>assistant", messageMark, "<|end|>", "<|return|>", "<|begin_of_solution|>", "<|end_of_solution|>", "<|start_response|>", "<|end_response|>"}
)

// Channels of which the marks were lost.
const (
	strippedOpen  = "analysis"
	strippedClose = "assistantfinal"
)

// longestMark is as long as any mark, in bytes.
const longestMark = 32

// endsSentence reports whether a letter ends a sentence, or closes one.
func endsSentence(r rune) bool { return strings.ContainsRune(".!?…。！？", r) }

func first(text string) rune {
	r, _ := utf8.DecodeRuneInString(text)
	return r
}

// asciiLower is a text with small letters, at the same places.
func asciiLower(text string) string {
	lower := []byte(text)
	for at, b := range lower {
		if 'A' <= b && b <= 'Z' {
			lower[at] = b + 'a' - 'A'
		}
	}
	return string(lower)
}
