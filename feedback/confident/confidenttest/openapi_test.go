package confidenttest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// TestOpenAPI holds the bodies we take and the answers we give against Confident
// AI's own description, so that the fake cannot drift from the real thing.
func TestOpenAPI(t *testing.T) {
	path := os.Getenv("CONFIDENT_OPENAPI")
	if path == "" {
		t.Skip("set CONFIDENT_OPENAPI to a copy of fern/openapi.yaml from github.com/confident-ai/confident-docs to check our answers against it")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The schemas are all we need, and a few others of them are no schemas.
	_, components, _ := strings.Cut(string(raw), "\ncomponents:\n")
	components = strings.NewReplacer("items: string\n", "items: {type: string}\n", "type: enum\n", "type: string\n",
		"        required:\n          - branch\n", "", "\n    required:\n      - metric\n", "\n").Replace(components)
	mended := "openapi: 3.1.0\ninfo: {title: x, version: x}\npaths: {}\ncomponents:\n" + components
	doc, err := openapi3.NewLoader().LoadFromData([]byte(mended))
	if err != nil {
		t.Fatal(err)
	}
	schemas := doc.Components.Schemas

	check := func(schema, body string) {
		t.Helper()
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Errorf("%s: %v in %q", schema, err, body)
		} else if err := schemas[schema].Value.VisitJSON(v); err != nil {
			t.Errorf("%s does not allow %s: %v", schema, body, err)
		}
	}
	s := start(t, Options{})
	both := func(request, response, method, path, body string) {
		t.Helper()
		if request != "" {
			check(request, body)
		}
		check(response, mustCall(t, s, method, path, body))
	}
	both("Trace", "CreateTraceResponse", "POST", "/v1/traces", trace)
	check("LlmSpan", llmSpan) // it does not know the list llmSpans, so the trace's check passed over this
	both("CreateAnnotation", "CreateAnnotationResponse", "POST", "/v1/annotations", `{"rating":1,"traceUuid":"`+traceUUID+`","type":"THUMBS_RATING","expectedOutput":"x","explanation":"y","userId":"u"}`)
	both("CreateAnnotation", "CreateAnnotationResponse", "POST", "/v1/annotations", `{"rating":5,"threadId":"thread-1180","type":"FIVE_STAR_RATING","expectedOutcome":"x"}`)
	both("UpdateAnnotation", "UpdateAnnotationResponse", "PUT", "/v1/annotations/annotation-1", `{"rating":2,"type":"FIVE_STAR_RATING"}`)
	both("", "GetAnnotationResponse", "GET", "/v1/annotations/annotation-1", "")
	both("", "ListAnnotationsResponse", "GET", "/v1/annotations", "")
	both("", "ListAnnotationsResponse", "GET", "/v1/annotations?page=7", "")
	_, missing, _ := call(t, s, "GET", "/v1/annotations/none", "")
	check("ErrorResponse", missing)
	if got := s.Problems(); got != nil {
		t.Errorf("Problems() = %q, want none", got)
	}
}
