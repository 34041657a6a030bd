package discordtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are the request and response schemas of Discord's OpenAPI document, compiled when they are first needed.
type schemas struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	root     object
	compiled map[string]*jsonschema.Schema
}

// documentURL names the document inside the compiler, so that its real path is never resolved as a URL.
const documentURL = "https://discord.invalid/openapi.json"

// documents are those that this process has read, by path: to compile one again for each server takes a test longer
// than everything else.
var documents = struct {
	mu   sync.Mutex
	read map[string]*schemas
}{read: map[string]*schemas{}}

func loadSchemas(path string) (*schemas, error) {
	documents.mu.Lock()
	defer documents.mu.Unlock()
	if known := documents.read[path]; known != nil {
		return known, nil
	}
	s, err := readSchemas(path)
	if err == nil {
		documents.read[path] = s
	}
	return s, err
}

func readSchemas(path string) (*schemas, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read Discord's OpenAPI document: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read Discord's OpenAPI document %s: %w", path, err)
	}
	root, _ := document.(object)
	if paths, _ := root["paths"].(object); paths == nil {
		return nil, fmt.Errorf("read Discord's OpenAPI document %s: it has no paths", path)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(documentURL, document); err != nil {
		return nil, fmt.Errorf("read Discord's OpenAPI document %s: %w", path, err)
	}
	return &schemas{compiler: c, root: root, compiled: map[string]*jsonschema.Schema{}}, nil
}

// find returns the schema below the given keys of the document, or nil if there is none.
func (s *schemas) find(keys ...string) (*jsonschema.Schema, error) {
	var node any = s.root
	pointer := documentURL + "#"
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	for _, key := range keys {
		o, _ := node.(object)
		if node = o[key]; node == nil {
			return nil, nil
		}
		pointer += "/" + escape.Replace(key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.compiled[pointer]; ok {
		return known, nil
	}
	schema, err := s.compiler.Compile(pointer)
	s.compiled[pointer] = schema
	return schema, err
}

// check validates JSON against the schema below the keys; where the document has none, everything is right.
func (s *schemas) check(data []byte, keys ...string) error {
	schema, err := s.find(keys...)
	if schema == nil || err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	tolerate(value)
	return schema.Validate(value)
}

// tolerate removes what the document is wrong about: it wants default_member_permissions as a number, while Discord
// and its documentation want a string, and it knows references of replies only, while forwards have type 1.
func tolerate(value any) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, item := range list {
		o, ok := item.(object)
		if !ok {
			continue
		}
		if _, text := o["default_member_permissions"].(string); text && o["version"] == nil {
			delete(o, "default_member_permissions")
		}
		if reference, ok := o["message_reference"].(object); ok && fmt.Sprint(reference["type"]) == "1" {
			reference["type"] = json.Number("0")
		}
		if to := o["referenced_message"]; to != nil {
			tolerate(to)
		}
	}
}

// judgeSchema records a request body that does not fit Discord's schema.
func (s *Server) judgeSchema(c *call) {
	data, _, err := c.payload()
	if err != nil || len(data) == 0 {
		return // the handler answers that
	}
	err = s.schemas.check(data, "paths", c.route, strings.ToLower(c.Method), "requestBody", "content", "application/json", "schema")
	c.misshapen = err != nil
	s.schemaProblem("", c, err)
}

// judgeAnswer records an answer of the fake itself that does not fit Discord's schema. What only echoes a misshapen
// request is not the fake's fault.
func (s *Server) judgeAnswer(c *call, body []byte) {
	if c.misshapen {
		return
	}
	err := s.schemas.check(body, "paths", c.route, strings.ToLower(c.Method), "responses", fmt.Sprint(c.status), "content",
		"application/json", "schema")
	s.schemaProblem("fake: ", c, err)
}

func (s *Server) schemaProblem(prefix string, c *call, err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	s.problem("%s%s %s: against Discord's OpenAPI document: %s", prefix, c.Method, c.path, explain(err))
	s.mu.Unlock()
}

// eventSchemas are the schemas of what the gateway's events carry. The document describes REST alone, so these are
// the objects that both have in common.
var eventSchemas = map[string]string{
	"MESSAGE_CREATE": "MessageResponse", "MESSAGE_UPDATE": "MessageResponse", "GUILD_CREATE": "GuildResponse",
	"CHANNEL_CREATE": "GuildChannelResponse", "CHANNEL_UPDATE": "GuildChannelResponse",
	"THREAD_CREATE": "ThreadResponse", "THREAD_UPDATE": "ThreadResponse", "GUILD_MEMBER_ADD": "GuildMemberResponse",
}

// judgeEvent records an event of the fake that does not fit Discord's schema. The caller holds s.mu.
func (s *Server) judgeEvent(name string, data []byte) {
	component := eventSchemas[name]
	if s.schemas == nil || component == "" {
		return
	}
	if err := s.schemas.check(data, "components", "schemas", component); err != nil {
		s.problem("fake: %s: against %s of Discord's OpenAPI document: %s", name, component, explain(err))
	}
}

func explain(err error) string {
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		return deepest(invalid)
	}
	return err.Error()
}

// deepest is the cause furthest inside the value: among the many alternatives of a oneOf it is the one meant. A wrong
// type is the last guess, because all alternatives but one complain about it.
func deepest(e *jsonschema.ValidationError) string {
	rank := func(e *jsonschema.ValidationError) int {
		at := e.InstanceLocation
		if len(at) > 0 && at[len(at)-1] == "type" {
			return 0
		}
		return len(at) + 1
	}
	best, highest := e, -1
	var visit func(*jsonschema.ValidationError)
	visit = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 && rank(e) > highest {
			best, highest = e, rank(e)
		}
		for _, cause := range e.Causes {
			visit(cause)
		}
	}
	visit(e)
	return strings.ReplaceAll(best.Error(), "\n", " ")
}
