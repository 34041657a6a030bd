package confidenttest

import (
	"os"
	"testing"
)

// TestOpenAPI holds the bodies we take and the answers we give against Confident
// AI's own description, so that the fake cannot drift from the real thing.
func TestOpenAPI(t *testing.T) {
	path := os.Getenv("CONFIDENT_OPENAPI")
	if path == "" {
		t.Skip("set CONFIDENT_OPENAPI to a copy of fern/openapi.yaml from github.com/confident-ai/confident-docs to check our answers against it")
	}
	s := start(t, Options{OpenAPI: path})
	check := func(schema, body string) {
		t.Helper()
		if err := s.docs.check(schema, []byte(body)); err != nil {
			t.Error(err)
		}
	}
	answers := func(response, method, path, body string) {
		t.Helper()
		check(response, mustCall(t, s, method, path, body))
	}
	answers("CreateTraceResponse", "POST", "/v1/traces", trace)
	answers("CreateAnnotationResponse", "POST", "/v1/annotations", `{"rating":1,"traceUuid":"`+traceUUID+`","type":"THUMBS_RATING","expectedOutput":"x","explanation":"y","userId":"u"}`)
	answers("CreateAnnotationResponse", "POST", "/v1/annotations", `{"rating":5,"threadId":"thread-1180","type":"FIVE_STAR_RATING","expectedOutcome":"x"}`)
	answers("UpdateAnnotationResponse", "PUT", "/v1/annotations/annotation-1", `{"rating":2,"type":"FIVE_STAR_RATING"}`)
	answers("GetAnnotationResponse", "GET", "/v1/annotations/annotation-1", "")
	answers("ListAnnotationsResponse", "GET", "/v1/annotations", "")
	answers("ListAnnotationsResponse", "GET", "/v1/annotations?page=7", "")
	_, missing, _ := call(t, s, "GET", "/v1/annotations/none", "")
	check("ErrorResponse", missing)
	if got := s.Problems(); got != nil {
		t.Errorf("Problems() = %q, want none", got)
	}
	for route, body := range map[string]string{
		"POST /v1/annotations":     `{"rating":"good","type":"THUMBS_RATING"}`,
		"PUT /v1/annotations/{id}": `{"rating":"good"}`,
		"POST /v1/traces":          `{"llmSpans":[{}]}`,
	} {
		if err := s.docs.checkRequest(route, []byte(body)); err == nil {
			t.Errorf("%s takes %s, want an error", route, body)
		}
	}
}
