package llm

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// asked is what of a request decides how an error about it is to be read.
type asked struct {
	limit    int // of the answer, in tokens; 0 for none
	pictures bool
}

// said is an error as a provider put it.
type said struct {
	asked
	status int
	text   string        // what it says, for the log
	words  string        // all of it, in lower-case words with single blanks around each
	after  time.Duration // how long to wait, if it says so
}

// meaning is what an error of some statuses and words is about.
type meaning struct {
	kind  Kind
	on    []int             // statuses, 0 for none; empty for any
	not   []int             // statuses it never is
	words []string          // one of these is said; "a&b" needs both; empty for any
	when  func(s said) bool // and this holds
}

var (
	// Errors of these statuses are about nothing that was asked.
	elsewhere = []int{401, 402, 404, 408, 429}
	refused   = []int{0, 400, 403, 404, 410, 422}
	quotas    = []int{0, 400, 402, 403, 422, 429}
)

// meanings are tried in order; the first that fits is meant. Providers differ in
// statuses and codes, and agree most in their words.
var meanings = []meaning{
	{kind: BadImage, not: []int{401, 402, 403, 429}, when: said.aboutPictures, words: []string{"image&too large", "image&exceeds", "image&too small", "image length and width",
		"could not process image", "process input image", "unsupported image", "invalid image", "invalid_image", "image format", "load image", "decode image", "identify image"}},
	{kind: NoImages, not: []int{401, 402, 403, 429}, when: said.aboutPictures, words: []string{"image_url", "image input", "support image", "images&not support", "image&not support",
		" vision ", "multimodal", "multi modal", "mmproj", "at most 0 image", "content&must be a string", "should be a valid string"}},
	{kind: Moderated, not: elsewhere, words: []string{"content_policy", "content_filter", "content management policy", "responsibleaipolicy", "contentpolicy",
		"data_inspection_failed", "datainspectionfailed", "inappropriate content", "content exists risk", "usage polic", "usage guidelines", " flagged ", " moderation ",
		" safety ", "safety_check", "prohibited_content", "guardrail", "敏感内容"}},
	{kind: LimitTooLarge, not: []int{401, 404, 429}, when: said.aboutLimit},
	{kind: TooLong, on: []int{413}},
	{kind: TooLong, on: quotas, words: []string{"request too large", "request_too_large"}},
	{kind: DailyQuota, on: quotas, words: []string{"per day", "perday", " daily ", " rpd ", " tpd "}},
	{kind: NoCredit, on: quotas, words: []string{"insufficient_quota"}},
	{kind: Busy, on: quotas, words: []string{"per minute", "perminute", " rpm ", " tpm ", "retrydelay", "retry in", "retry after", "try again in"}},
	{kind: Busy, on: []int{429}, when: func(s said) bool { return s.after > 0 }},
	{kind: NoCredit, on: quotas, words: []string{"exceeded your current quota", "credit balance", "insufficient balance", "insufficient credit", "insufficient funds", "insufficient_balance",
		"arrearage", "available credits", "included credits", "more credits", "credit limit", "credit_limit", "spending limit", "budget has been exceeded", "budget_exceeded",
		"freetieronly", "hard limit", "余额不足"}},
	{kind: NoCredit, on: []int{402}},
	{kind: TooLong, not: elsewhere, words: []string{"context_length", "context length", "maximum context", "context window", "context_window", "contextwindow", "context size", "context_size",
		"model length", "too many tokens", "token limit", "prompt is too long", "input is too long", "input length", "prompt length", "input token count", "input tokens exceed",
		"prompt contains&too large", "inputs must have less than", "inputs tokens&must be", "reduce the length", "string_above_max_length"}},
	{kind: BadKey, on: []int{0, 400, 403}, words: []string{"api key not valid", "api_key_invalid", "invalid_api_key", "incorrect api key", "invalid api key", "invalid x api key",
		"authentication_error", "authentication error", "unregistered callers", "unauthorized", "no_db_connection"}},
	{kind: BadKey, on: []int{401}},
	{kind: UnknownModel, on: refused, words: []string{"model_not_found", "model&not found", "model not exist", "model&does not exist", "valid model id", "invalid_model", "invalid model",
		"unknown model", "decommissioned", "deploymentnotfound", "no models loaded", "not_found_error"}},
	{kind: NoPermission, on: []int{0, 400, 403, 404, 451}, words: []string{"permission_error", "permission denied", "permission_denied", "location is not supported", "unsupported_country", "data policy"}},
	{kind: UnknownModel, on: []int{404}},
	{kind: NoPermission, on: []int{403}},
	{kind: Busy, on: []int{429, 498, 529}},
	{kind: Busy, words: []string{"overloaded", "too busy", "server busy", "over capacity", "capacity exceeded", "loading model", "currently loading", "too many requests", "rate limit", "rate_limit",
		"ratelimit", "throttl", "resource_exhausted", "resource has been exhausted"}},
	{kind: TimedOut, on: []int{408, 504, 524}},
	{kind: TimedOut, not: []int{400, 422}, words: []string{"timed out", "timeout", "deadline_exceeded"}},
	{kind: BadRequest, on: []int{0}, words: []string{"invalid_request", "badrequest", "bad request", "invalid_argument", "invalidparameter", "invalid_parameter"}},
	{kind: BadRequest, when: func(s said) bool { return s.status >= 400 && s.status < 500 }},
	{kind: Trouble},
}

// means returns what an error is about.
func (s said) means() Kind {
	for _, m := range meanings {
		if (len(m.on) == 0 || slices.Contains(m.on, s.status)) && !slices.Contains(m.not, s.status) &&
			(len(m.words) == 0 || s.has(m.words...)) && (m.when == nil || m.when(s)) {
			return m.kind
		}
	}
	return Trouble
}

// has reports whether one of these is said.
func (s said) has(words ...string) bool {
	for _, word := range words {
		all := true
		for part := range strings.SplitSeq(word, "&") {
			all = all && strings.Contains(s.words, part)
		}
		if all {
			return true
		}
	}
	return false
}

// aboutPictures: an error is about a picture only when one was sent.
func (s said) aboutPictures() bool { return s.pictures }

// providerError reads an error in whatever form it came: the error object itself
// or what it stands in, a list with it, a text or a web page. Every field may be
// missing or of another type. status is 0 after a good one; after is what the
// headers asked to wait.
func providerError(raw []byte, status int, after time.Duration, a asked, key string) *Error {
	s := said{asked: a, status: status, after: after}
	if page := pageTitle(string(raw)); page != "" {
		s.text, s.words = "the server answered with a page: "+page, inWords(page)
	} else {
		var code string
		s.text, code = message(raw)
		s.words = inWords(string(raw))
		if n, err := strconv.Atoi(code); err == nil && n >= 400 && n < 600 && status < 400 {
			s.status = n
		}
		if code != "" && !strings.Contains(s.text, code) {
			s.text += " (" + code + ")"
		}
	}
	if s.after == 0 {
		s.after = toldToWait(s.words)
	}
	e := &Error{Kind: s.means(), Status: s.status, After: s.after, words: s.words, Err: errors.New(clean(s.text, key))}
	e.room, e.lasting = s.room()
	return e
}

// message finds what an error says and its code.
func message(raw json.RawMessage) (text, code string) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		return message(list[0])
	}
	var object struct {
		Error, Message, Detail, Msg, Code, Status, Type json.RawMessage
	}
	if json.Unmarshal(raw, &object) != nil {
		return plain(raw), ""
	}
	for _, outer := range []json.RawMessage{object.Code, object.Status, object.Type} {
		if present(outer) && code == "" {
			code = plain(outer)
		}
	}
	if present(object.Error) {
		inner, c := message(object.Error)
		if c != "" {
			code = c
		}
		return inner, code
	}
	for _, field := range []json.RawMessage{object.Message, object.Detail, object.Msg} {
		if present(field) {
			return plain(field), code
		}
	}
	return plain(raw), code
}

// pageTitle returns what a web page says of itself, or all that another document
// of tags says, and "" for anything else.
func pageTitle(body string) string {
	if !strings.HasPrefix(strings.TrimSpace(body), "<") {
		return ""
	}
	lower := asciiLower(body)
	for _, tag := range []string{"title", "h1"} {
		_, open, found := strings.Cut(lower, "<"+tag+">")
		text, _, closed := strings.Cut(open, "</"+tag+">")
		if found && closed {
			at := len(lower) - len(open)
			return body[at : at+len(text)]
		}
	}
	return strings.Join(strings.Fields(tags.ReplaceAllString(body, " ")), " ")
}

var tags = regexp.MustCompile(`<[^>]*>`)

var (
	thousands = regexp.MustCompile(`(\d),(\d{3})\b`)
	decimals  = regexp.MustCompile(`(\d)\.(\d)`)
	escapes   = strings.NewReplacer(`\n`, " ", `\r`, " ", `\t`, " ")
)

// maxJudged is how much of an error is looked at, in bytes: some repeat the question.
const maxJudged = 16 << 10

// inWords brings a text into lower-case words with a blank around each. A number
// is one word, with its point and without its commas.
func inWords(text string) string {
	text = escapes.Replace(strings.ToLower(text[:min(len(text), maxJudged)]))
	text = decimals.ReplaceAllString(thousands.ReplaceAllString(text, "$1$2"), "$1\x00$2")
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != 0
	})
	return " " + strings.ReplaceAll(strings.Join(words, " "), "\x00", ".") + " "
}
