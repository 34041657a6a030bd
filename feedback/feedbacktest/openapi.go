package feedbacktest

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/getkin/kin-openapi/openapi3"
)

// Document is a platform's published OpenAPI document.
type Document struct{ schemas openapi3.Schemas }

// OpenAPI loads the document whose path is in an environment variable. Without
// it the checks are left out: the result allows everything.
func OpenAPI(variable string) (Document, error) {
	path := os.Getenv(variable)
	if path == "" {
		return Document{}, nil
	}
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return Document{}, fmt.Errorf("load the document of %s: %w", variable, err)
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
