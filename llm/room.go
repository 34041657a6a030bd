package llm

import (
	"regexp"
	"strconv"
)

// minRoom is the smallest answer, in tokens, that is worth asking for.
const minRoom = 64

// How errors name the tokens of what was asked, those that the model holds, and
// the most that an answer may have. They are matched against said.words.
var (
	inputTokens = regexp.MustCompile(` (\d+) (?:tokens )?(?:in the messages|in the prompt|in your prompt|from the input|of text input|input tokens|inputs tokens|prompt tokens) `)
	heldTokens  = regexp.MustCompile(` (?:context length|context window|context size|model length|must be)(?: is| of| only){0,3} (\d+) `)
	sumTokens   = regexp.MustCompile(` context limit (\d+) \d+ (\d+) `)
	mostTokens  = []*regexp.Regexp{
		regexp.MustCompile(` (?:at most|less than or equal to|can only afford) (\d+) `),
		regexp.MustCompile(` max_tokens (?:is|should be) 1 (\d+) `),
		regexp.MustCompile(` (\d+) which is the maximum `),
	}
	belowTokens = regexp.MustCompile(` 1 inclusive to (\d+) exclusive `)
)

// limitWords name the limit of an answer.
var limitWords = []string{"max_tokens", "max_completion_tokens", "max_new_tokens", "maxoutputtokens", "max_output_tokens",
	"in the completion", "for the completion", "in the output", "completion tokens", "output tokens"}

// aboutLimit reports whether an error is about the length that the answer may
// have, and not about what was asked.
func (s said) aboutLimit() bool {
	if s.limit == 0 || !s.has(limitWords...) {
		return false
	}
	room, _ := s.room()
	return room >= minRoom || room == 0 && !inputTokens.MatchString(s.words) && s.has("too large", "too high", "too big", "exceeds the maximum")
}

// room returns the longest answer, in tokens, that an error leaves room for; 0
// when it names none. lasting says that it is so for every question.
func (s said) room() (room int, lasting bool) {
	if s.limit == 0 || !s.has(limitWords...) {
		return 0, false
	}
	if sum := sumTokens.FindStringSubmatch(s.words); sum != nil {
		return max(0, number(sum[2])-number(sum[1])), false
	}
	input, held := inputTokens.FindStringSubmatch(s.words), heldTokens.FindStringSubmatch(s.words)
	if input != nil && held != nil {
		return max(0, number(held[1])-number(input[1])), false
	}
	for _, most := range mostTokens {
		if found := most.FindStringSubmatch(s.words); found != nil && number(found[1]) < s.limit {
			return number(found[1]), s.status != 402 // credit is filled up again
		}
	}
	if below := belowTokens.FindStringSubmatch(s.words); below != nil {
		return number(below[1]) - 1, true
	}
	return 0, false
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxCount {
		return 0
	}
	return n
}
