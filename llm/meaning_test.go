package llm

import (
	"testing"
	"time"
)

// A word about pictures means one only when a picture was sent, and a word within
// another word means nothing.
func TestPicturesOnly(t *testing.T) {
	for _, test := range []struct {
		body     string
		pictures bool
		want     Kind
	}{
		{`{"error":{"message":"Invalid content type. image_url is only supported by certain models."}}`, true, NoImages},
		{`{"error":{"message":"Invalid content type. image_url is only supported by certain models."}}`, false, BadRequest},
		{`{"error":{"message":"The model was not provisioned."}}`, true, BadRequest},
		{`{"error":{"message":"Vision is not available."}}`, true, NoImages},
	} {
		if got := providerError([]byte(test.body), 400, 0, asked{pictures: test.pictures}, "").Kind; got != test.want {
			t.Errorf("%s, with a picture %v, means %s, want %s", test.body, test.pictures, got, test.want)
		}
	}
}

func TestToldToWait(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"":                                   0,
		"Please try again in 20s. Visit us.": 20 * time.Second,
		"Please try again in 1m30.5s.":       90*time.Second + 500*time.Millisecond,
		"Please try again in 15m8.928s. Need more?":    15*time.Minute + 8928*time.Millisecond,
		"please retry in 41.974s":                      41974 * time.Millisecond,
		"Please retry after 26 seconds. Go here":       26 * time.Second,
		"Retry after 1 day":                            24 * time.Hour,
		`"retryDelay": "2s"`:                           2 * time.Second,
		`billing.\nPlease retry in 3s.`:                3 * time.Second,
		"try again in 6ms":                             6 * time.Millisecond,
		`{"error":"loading","estimated_time":20.5}`:    20500 * time.Millisecond,
		"try again in a minute":                        0,
		"limit 1,000 of 2,000, try again in 1h0m0.12s": time.Hour + 120*time.Millisecond,
		"try again in 99999999999 s":                   0,
	} {
		if got := toldToWait(inWords(text)); got != want {
			t.Errorf("%q asks to wait %v, want %v", text, got, want)
		}
	}
}

// The longest answer that an error leaves room for.
func TestRoom(t *testing.T) {
	for text, want := range map[string]int{
		"This model's maximum context length is 8,192 tokens. However, you requested 8,292 tokens (100 in the messages, 8,192 in the completion).": 8092,
		"max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens":                                                            4096,
		"the valid range of max_tokens is [1, 4096]":                                                                                               4096,
		"You requested up to 8192 tokens, but can only afford 1500. fewer max_tokens":                                                              1500,
		"maxOutputTokens: the supported range is from 1 (inclusive) to 4097 (exclusive)":                                                           4096,
		"context limit: 199999 + 8192 > 200000, decrease input length or `max_tokens`":                                                             1,
		"context limit: 210000 + 8192 > 200000, decrease input length or `max_tokens`":                                                             0,
		"max_tokens is not supported with this model":                                                                                              0,
		"This model's maximum context length is 4096 tokens. Your messages resulted in 5000 tokens.":                                               0,
	} {
		if got, _ := (said{asked: asked{limit: 8192}, words: inWords(text)}).room(); got != want {
			t.Errorf("%q leaves room for %d, want %d", text, got, want)
		}
	}
}
