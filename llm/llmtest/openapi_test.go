package llmtest

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// TestOpenAPI holds everything the server says against OpenAI's own description,
// so that the fake cannot drift from the real thing.
func TestOpenAPI(t *testing.T) {
	path := os.Getenv("OPENAI_OPENAPI")
	if path == "" {
		t.Skip("set OPENAI_OPENAPI to a copy of openapi.yaml from github.com/openai/openai-openapi to check our answers against it")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(schema, body string) {
		t.Helper()
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Errorf("%s: %v in %q", schema, err, body)
		} else if err := doc.Components.Schemas[schema].Value.VisitJSON(v); err != nil {
			t.Errorf("%s does not allow %s: %v", schema, body, err)
		}
	}
	s, _ := start(t, Options{})
	ask := func(method, path, key, body string) *http.Response {
		t.Helper()
		req, _ := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	text := func(resp *http.Response) string {
		b, _ := io.ReadAll(resp.Body)
		return string(b)
	}

	const chat = "/chat/completions"
	const question = `"model":"m","messages":[{"role":"user","content":"hello"}]`
	check("ListModelsResponse", text(ask("GET", "/models", DefaultKey, "")))
	check("CreateChatCompletionResponse", text(ask("POST", chat, DefaultKey, "{"+question+"}")))
	check("ErrorResponse", text(ask("POST", chat, "wrong", "{"+question+"}")))
	check("ErrorResponse", text(ask("POST", chat, DefaultKey, "{}")))
	check("ErrorResponse", text(ask("POST", "/nowhere", DefaultKey, "{}")))
	check("ErrorResponse", Error(500, "no").Body)
	check("ErrorResponse", RateLimited(1).Body)

	for _, options := range []string{"", `"stream_options":{"include_usage":true},`} {
		chunks := 0
		lines := bufio.NewScanner(ask("POST", chat, DefaultKey, `{"stream":true,`+options+question+"}").Body)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && data != "[DONE]" {
				check("CreateChatCompletionStreamResponse", data)
				chunks++
			}
		}
		if chunks < 10 {
			t.Errorf("a greeting with %q came in %v chunks, want at least 10", options, chunks)
		}
	}
}
