package langfuse_test

import (
	"errors"
	"testing"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/langfuse"
	"feedbackbot/feedback/rest"
)

// A Langfuse that is too old for traces is told from one whose keys are wrong, and
// what is meant for it waits until it is upgraded.
func TestTooOld(t *testing.T) {
	for name, tt := range map[string]struct {
		version  string
		noTraces bool
		old      bool
	}{
		"2":               {"2.95.1", true, true},
		"2 behind 3":      {"2.95.1", false, true},
		"early 3":         {"3.21.4", true, true},
		"first":           {"3.22.0", false, false},
		"4":               {"4.0.1-rc.1", false, false},
		"v3":              {"v3.140.0", false, false},
		"not told":        {"", false, false},
		"not told, old":   {"", true, true},
		"of another form": {"main", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t, langfuse.Options{})
			p.version, p.noTraces = tt.version, tt.noTraces
			err := p.client.Check(t.Context())
			var mended *rest.Mended
			if tt.old != errors.Is(err, feedback.ErrUnauthorized) || tt.old != errors.As(err, &mended) || !tt.old && err != nil {
				t.Errorf("Check() = %v, want it too old: %v", err, tt.old)
			}
			if _, err = p.client.SendResponse(t.Context(), feedbacktest.NewResponse(), feedback.Delivered{}); tt.noTraces && !errors.Is(err, feedback.ErrUnauthorized) {
				t.Errorf("SendResponse() = %v, want it to wait for the operator", err)
			}
		})
	}
}
