package llmtest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// FlaggedWord is what the moderation endpoint flags, as harassment, in whatever
// text it stands.
const FlaggedWord = "flagged-word"

// moderate is OpenAI's POST /moderations, with the fields that clients read.
func (s *Server) moderate(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || !s.authorized(w, r) {
		return
	}
	var in struct{ Input string }
	if json.Unmarshal(body, &in) != nil || in.Input == "" {
		refuse(w, http.StatusBadRequest, "Invalid 'input'.", "")
		return
	}
	flagged := strings.Contains(in.Input, FlaggedWord)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"id": "modr-1", "model": "omni-moderation-latest", "results": []any{map[string]any{
		"flagged": flagged, "categories": map[string]bool{"harassment": flagged, "violence": false},
		"category_scores": map[string]float64{"harassment": 0.9, "violence": 0.01},
	}}})
}
