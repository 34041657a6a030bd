package feedbacktest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"feedbackbot/feedback"
)

// NewResponse returns a response with every field set.
func NewResponse() feedback.Response {
	finished := time.Now().UTC().Truncate(time.Millisecond)
	id := feedback.NewID()
	return feedback.Response{
		ID: id, Rev: 1, AskID: "ask-" + id, GuildID: "800000000000000001", ChannelID: "800000000000000002",
		Asker: "0123456789abcdef0123456789abcdef", ConversationID: id, ParentID: feedback.NewID(),
		Question: "Why is the sky blue?", Answer: "Rayleigh scattering. 🌈\n\n- short waves scatter *more*",
		Context: []string{"an article on <light>", "a second one"},
		Model:   "model-1", Provider: "api.example.com", PromptVersion: "1a2b3c4d", Finish: feedback.Complete,
		InputTokens: 120, OutputTokens: 34, Cost: 0.00125,
		AskedAt: finished.Add(-3 * time.Second), FirstTextAt: finished.Add(-2 * time.Second), FinishedAt: finished,
	}
}

// NewSubmission returns a rater's submission on r with every field set.
func NewSubmission(r feedback.Response, rater feedback.Rater) feedback.Submission {
	return feedback.Submission{
		ResponseID: r.ID, Rater: rater, Source: feedback.User, Rating: 2, Kind: feedback.Stars,
		Explanation: "too short", Expected: "more on Rayleigh", Version: 1 << 60, Rev: 1,
		CreatedAt: r.FinishedAt.Add(time.Minute), UpdatedAt: r.FinishedAt.Add(time.Minute),
	}
}

func key(s feedback.Submission) Key {
	return Key{ResponseID: s.ResponseID, Rater: s.Rater, Reviewer: s.Source == feedback.Reviewer}
}

func state(s feedback.Submission) State {
	return State{Copies: 1, Rating: s.Rating, Kind: s.Kind, Explanation: s.Explanation, Expected: s.Expected}
}

// sendResponse delivers r and returns what a submission on it is sent with.
func (h Harness) sendResponse(t *testing.T, r feedback.Response) feedback.Delivered {
	t.Helper()
	return feedback.Delivered{ResponseRemoteID: h.repeatResponse(t, r, feedback.Delivered{})}
}

func (h Harness) repeatResponse(t *testing.T, r feedback.Response, before feedback.Delivered) (remoteID string) {
	t.Helper()
	id, err := h.Backend.SendResponse(t.Context(), r, before)
	if err != nil {
		t.Fatalf("SendResponse = %v, want nil", err)
	}
	if id == "" {
		id = before.RemoteID
	}
	return id
}

// sendSubmission delivers s and returns what its next revision is sent with.
func (h Harness) sendSubmission(t *testing.T, s feedback.Submission, r feedback.Response, before feedback.Delivered) feedback.Delivered {
	t.Helper()
	id, err := h.Backend.SendSubmission(t.Context(), s, r, before)
	if err != nil {
		t.Fatalf("SendSubmission = %v, want nil", err)
	}
	if id != "" {
		before.RemoteID = id
	}
	before.Rev = s.Rev
	return before
}

func (h Harness) wantResponses(t *testing.T, want ...string) {
	t.Helper()
	if got := h.Responses(); !slices.Equal(got, want) {
		t.Errorf("the server holds the responses %q, want %q", got, want)
	}
}

func (h Harness) wantVotes(t *testing.T, want map[Key]State) {
	t.Helper()
	if got := h.Votes(); !maps.Equal(got, want) {
		t.Errorf("the server holds the votes %+v, want %+v", got, want)
	}
}
