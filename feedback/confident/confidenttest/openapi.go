package confidenttest

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// schemas are those of Confident AI's OpenAPI document. The legacy protocol is
// in no document.
type schemas openapi3.Schemas

// loadSchemas reads fern/openapi.yaml of github.com/confident-ai/confident-docs.
// The document does not load as it is, so what is wrong in it is mended: a few
// entries that are no schemas, and lists of required fields in the wrong place.
// Only its schemas are read.
func loadSchemas(path string) (schemas, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("confidenttest: read the OpenAPI document: %w", err)
	}
	_, components, _ := strings.Cut(string(raw), "\ncomponents:\n")
	components = strings.NewReplacer("items: string\n", "items: {type: string}\n", "type: enum\n", "type: string\n",
		"        required:\n          - branch\n", "", "\n    required:\n      - metric\n", "\n").Replace(components)
	mended := "openapi: 3.1.0\ninfo: {title: x, version: x}\npaths: {}\ncomponents:\n" + components
	doc, err := openapi3.NewLoader().LoadFromData([]byte(mended))
	if err != nil {
		return nil, fmt.Errorf("confidenttest: load the OpenAPI document: %w", err)
	}
	return schemas(doc.Components.Schemas), nil
}

// check reports why the schema with this name does not allow body.
func (s schemas) check(name string, body []byte) error {
	schema := s[name]
	if schema == nil {
		return fmt.Errorf("the OpenAPI document has no schema %s", name)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := schema.Value.VisitJSON(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// checkRequest reports why a request is not as the document says.
func (s schemas) checkRequest(route string, body []byte) error {
	switch route {
	case "POST /v1/annotations":
		return s.check("CreateAnnotation", body)
	case "PUT /v1/annotations/{id}":
		return s.check("UpdateAnnotation", body)
	case "POST /v1/traces":
		if err := s.check("Trace", body); err != nil {
			return err
		}
		// Trace does not mention the list of spans that the API takes.
		var trace struct{ LLMSpans []json.RawMessage }
		if err := json.Unmarshal(body, &trace); err != nil {
			return err
		}
		for _, span := range trace.LLMSpans {
			if err := s.check("LlmSpan", span); err != nil {
				return err
			}
		}
	}
	return nil
}
