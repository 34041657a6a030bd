package feedbacktest

import (
	"encoding/json"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// Document is a platform's published OpenAPI document.
type Document struct{ schemas openapi3.Schemas }

// OpenAPI loads a document. Without a path the checks are left out: the result
// allows everything.
func OpenAPI(path string) (Document, error) {
	if path == "" {
		return Document{}, nil
	}
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return Document{}, fmt.Errorf("load %s: %w", path, err)
	}
	return Document{doc.Components.Schemas}, nil
}

// Check reports why a schema of the document does not allow a body of JSON.
func (d Document) Check(schema string, body []byte) error {
	if d.schemas == nil {
		return nil
	}
	s := d.schemas[schema]
	if s == nil {
		return fmt.Errorf("the OpenAPI document has no schema %s", schema)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	if err := s.Value.VisitJSON(v); err != nil {
		return fmt.Errorf("%s: %w", schema, err)
	}
	return nil
}
