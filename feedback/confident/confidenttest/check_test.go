package confidenttest

import (
	"strings"
	"testing"
)

// TestRefused changes one thing in a good body, and expects a 400 that names it.
func TestRefused(t *testing.T) {
	s := start(t, Options{})
	mustCall(t, s, "POST", "/v1/traces", trace)
	mustCall(t, s, "POST", "/v1/event", event)
	mustCall(t, s, "POST", "/v1/annotations", `{"rating":1,"traceUuid":"`+traceUUID+`"}`)
	mustCall(t, s, "POST", "/v1/annotations", `{"rating":1,"threadId":"thread-1180"}`)

	const feedback = `{"eventId":"event-1","rating":4}`
	const stars = `{"rating":3,"traceUuid":"` + traceUUID + `","type":"FIVE_STAR_RATING","expectedOutput":"x","userId":"u"}`
	const thread = `{"rating":3,"threadId":"thread-1180","type":"FIVE_STAR_RATING"}`
	sent := 0
	for _, test := range []struct {
		request, good string
		old, new      string
		says          string
	}{
		{"POST /v1/traces", trace, trace, `[]`, "a list, want an object"},
		{"POST /v1/traces", trace, trace, trace + `{}`, "more than one"},
		{"POST /v1/traces", trace, trace, `{`, "not JSON"},
		{"POST /v1/traces", trace, `"uuid":"` + traceUUID + `",`, ``, "uuid: missing"},
		{"POST /v1/traces", trace, traceUUID, strings.ToUpper(traceUUID), "want a UUID"},
		{"POST /v1/traces", trace, traceUUID, "1", "want a UUID"},
		{"POST /v1/traces", trace, `01.000Z`, `01Z`, "startTime"},
		{"POST /v1/traces", trace, `01.000Z`, `01.000+00:00`, "startTime"},
		{"POST /v1/traces", trace, `"2026-03-04T09:15:01.000Z"`, `1772615701`, "startTime"},
		{"POST /v1/traces", trace, `"2026-03-04T09:15:01`, `"2026-03-04T09:15:09`, "ends before it starts"},
		{"POST /v1/traces", trace, `"production"`, `"prod"`, "environment"},
		{"POST /v1/traces", trace, `"input":"Which ferry goes`, `"input":{},"x":"`, "input: an object, want a text"},
		{"POST /v1/traces", trace, `"tags":["discord"]`, `"tags":[1]`, "tags[0]: a number"},
		{"POST /v1/traces", trace, `"tags":["discord"]`, `"tags":{}`, "tags: an object, want a list"},
		{"POST /v1/traces", trace, `{"parts":1}`, `["parts"]`, "metadata"},
		{"POST /v1/traces", trace, `{"parts":1}`, `{"parts":["\u0000"]}`, "metadata.parts[0]: contains U+0000"},
		{"POST /v1/traces", trace, `"userId":"5d1e"`, `"userId":null`, "userId: null"},
		{"POST /v1/traces", trace, `"userId"`, `"user_id"`, "user_id: unknown key"},
		{"POST /v1/traces", trace, `"type":"llm"`, `"type":"tool"`, "llmSpans[0].type"},
		{"POST /v1/traces", trace, `"model":"gpt-4o-mini",`, ``, "llmSpans[0].model: missing"},
		{"POST /v1/traces", trace, `141.0`, `141.5`, "llmSpans[0].inputTokenCount"},
		{"POST /v1/traces", trace, `141.0`, `"141"`, "llmSpans[0].inputTokenCount: a text"},
		{"POST /v1/traces", trace, `1.5e-07`, `-1`, "llmSpans[0].costPerInputToken"},
		{"POST /v1/traces", trace, `"name":"chat"`, `"name":"chat","parentUuid":"` + traceUUID + `"`, "is the parent"},
		{"POST /v1/traces", trace, `"llmSpans":`, `"spans":[{"type":"odd"}],"llmSpans":`, "spans[0].type"},
		{"POST /v1/traces", trace, `"llmSpans":`, `"toolSpans":[{"uuid":"` + spanUUID + `","name":"t",` + times + `}],"llmSpans":`, "two spans"},

		{"POST /v1/annotations", stars, `"rating":3,`, ``, "rating: missing"},
		{"POST /v1/annotations", stars, `3`, `0`, "want 1 to 5"},
		{"POST /v1/annotations", stars, `3`, `6`, "from 0 to 5"},
		{"POST /v1/annotations", stars, `3`, `2.5`, "rating"},
		{"POST /v1/annotations", stars, `3`, `true`, "rating: a boolean"},
		{"POST /v1/annotations", stars, `"FIVE_STAR_RATING"`, `"THUMBS_RATING"`, "want 0 or 1"},
		{"POST /v1/annotations", stars, `"FIVE_STAR_RATING"`, `"STARS"`, "type"},
		{"POST /v1/annotations", stars, `"traceUuid":"` + traceUUID + `",`, ``, "0 of traceUuid"},
		{"POST /v1/annotations", stars, `"traceUuid"`, `"threadId":"t","traceUuid"`, "2 of traceUuid"},
		{"POST /v1/annotations", stars, traceUUID, ``, "traceUuid"},
		{"POST /v1/annotations", stars, `expectedOutput`, `expectedOutcome`, "expectedOutcome"},
		{"POST /v1/annotations", thread, `"type"`, `"expectedOutput":"x","type"`, "expectedOutput"},

		{"PUT /v1/annotations/annotation-1", `{"rating":0}`, `0`, `2`, "want 0 or 1"},
		{"PUT /v1/annotations/annotation-1", `{"rating":0}`, `0`, `0,"userId":"u"`, "userId: unknown key"},
		{"PUT /v1/annotations/annotation-1", `{"rating":1}`, `1`, `0,"type":"FIVE_STAR_RATING"`, "want 1 to 5"},
		{"PUT /v1/annotations/annotation-2", `{"rating":0}`, `0`, `0,"expectedOutput":"x"`, "expectedOutput"},

		{"POST /v1/event", event, `"hyperparameters":{"model":"gpt-4o-mini","stream":"True"},`, ``, "hyperparameters: missing"},
		{"POST /v1/event", event, `"model":"gpt-4o-mini",`, ``, "hyperparameters.model: missing"},
		{"POST /v1/event", event, `"True"`, `true`, "hyperparameters.stream: a boolean"},
		{"POST /v1/event", event, `"name":"discord-reply"`, `"name":"discord-reply","model":"x"`, "model: unknown key"},
		{"POST /v1/event", event, `{"value":"travel-3","type":"TEXT"}`, `"travel-3"`, "customProperties.prompt: a text, want an object"},
		{"POST /v1/event", event, `"type":"TEXT"`, `"type":"NUMBER"`, "customProperties.prompt.type"},
		{"POST /v1/event", event, `"travel-3"`, `3`, "customProperties.prompt.value: a number"},
		{"POST /v1/event", event, `https://example.org/ferries`, `ferries`, "want a link"},
		{"POST /v1/event", event, `{"cut":null}`, `"cut"`, "customProperties.timing.value"},
		{"POST /v1/event", event, `2.4`, `"2.4"`, "completionTime: a text, want a number"},

		{"POST /v1/feedback", feedback, `eventId`, `responseId`, "eventId: missing"},
		{"POST /v1/feedback", feedback, `event-1`, ``, "eventId"},
		{"POST /v1/feedback", feedback, `4`, `0`, "from 1 to 5"},
		{"POST /v1/feedback", feedback, `4`, `4,"provider":"user"`, "provider: unknown key"},

		{"PUT /v1/annotations/annotation-999", "", "", `{"rating":1}`, "not found"},
		{"DELETE /v1/annotations/annotation-1", "", "", ``, "Cannot DELETE"},
		{"POST /v2/traces", trace, "", "", "Cannot POST"},
	} {
		method, path, _ := strings.Cut(test.request, " ")
		body := strings.Replace(test.good, test.old, test.new, 1)
		if test.good != "" && test.old != "" {
			if body == test.good {
				t.Errorf("%s: %q is not in the good body", test.request, test.old)
			}
			if method == "POST" {
				mustCall(t, s, method, path, test.good)
			}
		}
		sent++
		status, answer, err := call(t, s, method, path, body)
		if err != nil || status != 400 && status != 404 || !strings.Contains(answer, test.says) {
			t.Errorf("%s(%s) = %v %v, %v, want 400 with %q", test.request, body, status, answer, err, test.says)
		}
		if problems := s.Problems(); len(problems) != sent || !strings.HasPrefix(problems[sent-1], test.request+": ") {
			t.Fatalf("%s: %d problems after %d mistakes: %q", test.request, len(problems), sent, problems)
		}
	}
	if status, _, _ := call(t, s, "GET", "/v1/annotations/annotation-999", ""); status != 404 || len(s.Problems()) != sent {
		t.Errorf("GET of an unknown annotation = %v, want 404 and no problem", status)
	}
}

func TestUnifiedSpans(t *testing.T) {
	s := start(t, Options{})
	mustCall(t, s, "POST", "/v1/traces", strings.Replace(strings.Replace(trace, "llmSpans", "spans", 1), `"threadId":"thread-1180"`, `"thread":{"id":"t-2"}`, 1))
	if got := s.Traces()[0]; got.ThreadID != "t-2" || len(got.Spans) != 1 {
		t.Errorf("Traces()[0] = %+v, want thread t-2 and one span", got)
	}
}
