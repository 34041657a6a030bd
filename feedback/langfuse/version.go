package langfuse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"feedbackbot/feedback"
	"feedbackbot/feedback/rest"
)

// firstMajor and firstMinor are the Langfuse that took traces by OpenTelemetry
// first.
const firstMajor, firstMinor = 3, 22

// recent returns an error when this Langfuse is too old: by the version that it
// tells, or because it does not know where traces go. It has to be mended before
// anything can be sent, so it is [feedback.ErrUnauthorized].
func (c *Client) recent(ctx context.Context) error {
	tooOld := func(is string) error {
		return &rest.Mended{Err: fmt.Errorf("this Langfuse %s: %w", is, feedback.ErrUnauthorized),
			Mend: fmt.Sprintf("upgrade it to %d.%d or newer, or set LANGFUSE_BASE_URL to one that is", firstMajor, firstMinor)}
	}
	var health struct {
		Version string `json:"version"`
	}
	answer, err := c.rest.JSON(ctx, http.MethodGet, "/api/public/health", nil)
	if err == nil {
		err = json.Unmarshal(answer, &health)
	}
	if major, minor, ok := numbers(health.Version); err == nil && ok && (major < firstMajor || major == firstMajor && minor < firstMinor) {
		return tooOld(fmt.Sprintf("is of version %d.%d, which takes no traces by OpenTelemetry", major, minor))
	}
	err = c.traces.Export(ctx) // of no spans
	switch {
	case rest.Status(err) == http.StatusNotFound:
		return tooOld("does not know where traces by OpenTelemetry go")
	case errors.Is(err, feedback.ErrRefused):
		return nil // it wants spans
	}
	return err
}

// numbers reads the first two numbers of a version such as 3.22.0.
func numbers(version string) (major, minor int, ok bool) {
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if len(parts) < 2 {
		return 0, 0, false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return major, minor, err1 == nil && err2 == nil
}
