package confidenttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Event is a response in the legacy protocol. ID is the server's.
type Event struct {
	ID             string
	Name           string
	Input          string
	Response       string
	DistinctID     string
	ConversationID string
	// Hyperparameters always hold the model.
	Hyperparameters map[string]string
	// Body is everything that was sent.
	Body json.RawMessage
	At   time.Time
}

// Feedback is a vote in the legacy protocol. Posted twice, it is there twice.
type Feedback struct {
	EventID          string
	Rating           int
	ExpectedResponse string
	Explanation      string
	// Body is everything that was sent.
	Body json.RawMessage
	At   time.Time
}

func eventBody() kind {
	return object(map[string]field{
		"name": must(some()), "input": must(text), "response": must(text),
		"retrievalContext": may(listOf(text)), "completionTime": may(number(0)),
		"tokenUsage": may(number(0)), "tokenCost": may(number(0)),
		"distinctId": may(text), "conversationId": may(text),
		"customProperties": may(mapOf(property)), "traceStack": may(mapOf(anything)), "traceProvider": may(text),
		"hyperparameters": must(hyperparameters),
	})
}

// hyperparameters are texts, whatever they were before, and name the model.
func hyperparameters(at string, v any, wrong func(at, what string)) {
	mapOf(text)(at, v, wrong)
	if o, ok := v.(map[string]any); ok && o["model"] == nil {
		wrong(join(at, "model"), "missing")
	}
}

// property is a typed value, or a list of links.
func property(at string, v any, wrong func(at, what string)) {
	if _, ok := v.([]any); ok {
		listOf(object(map[string]field{"value": must(link()), "type": must(oneOf("LINK"))}))(at, v, wrong)
		return
	}
	value := kind(text)
	if o, ok := v.(map[string]any); ok {
		switch o["type"] {
		case "JSON":
			value = mapOf(anything)
		case "LINK":
			value = link()
		}
	}
	object(map[string]field{"value": must(value), "type": must(oneOf("TEXT", "JSON", "LINK"))})(at, v, wrong)
}

func link() kind { return matching(`^https?://\S+$`, "a link") }

func (s *Server) postEvent(body []byte) answer {
	if found := wrongs(body, eventBody()); found != nil {
		return legacyRefusal(http.StatusBadRequest, strings.Join(found, "; "))
	}
	e := Event{ID: fmt.Sprintf("event-%d", len(s.events)+1), Body: body, At: time.Now()}
	if err := json.Unmarshal(body, &e); err != nil { // checked above: never fails
		return legacyRefusal(http.StatusBadRequest, err.Error())
	}
	s.events = append(s.events, e)
	return answer{status: http.StatusOK, value: map[string]any{"eventId": e.ID}}
}

func (s *Server) postFeedback(r *http.Request, body []byte) answer {
	found := wrongs(body, object(map[string]field{
		"eventId": must(some()), "rating": must(whole(1, 5)),
		"expectedResponse": may(text), "explanation": may(text),
	}))
	if found != nil {
		return legacyRefusal(http.StatusBadRequest, strings.Join(found, "; "))
	}
	var in struct {
		EventID, ExpectedResponse, Explanation string
		Rating                                 float64
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return legacyRefusal(http.StatusBadRequest, err.Error())
	}
	if !slices.ContainsFunc(s.events, func(e Event) bool { return e.ID == in.EventID }) {
		s.problem(r, fmt.Sprintf("feedback for the unknown event %q", in.EventID))
	}
	s.feedbacks = append(s.feedbacks, Feedback{
		EventID: in.EventID, Rating: int(in.Rating), ExpectedResponse: in.ExpectedResponse,
		Explanation: in.Explanation, Body: body, At: time.Now(),
	})
	return answer{status: http.StatusOK, value: map[string]any{}}
}
