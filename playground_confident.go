package main

import (
	"fmt"
	"slices"

	"feedbackbot/bot/playground"
	"feedbackbot/feedback/confident/confidenttest"
)

// confidentStandIn starts a stand-in for Confident AI, to which the playground's
// bot delivers.
func confidentStandIn(vars map[string]string, o *playground.Options) (end func(), err error) {
	backend, err := confidenttest.New(confidenttest.Options{})
	if err != nil {
		return nil, fmt.Errorf("start the stand-in for Confident AI: %w", err)
	}
	o.BackendURL, o.BackendVariable = backend.URL(), "CONFIDENT_BASE_URL"
	o.Arrived = func() []playground.Arrival { return arrived(backend) }
	delete(vars, "CONFIDENT_API")
	vars["CONFIDENT_API_KEY"] = confidenttest.DefaultKey
	return backend.Close, nil
}

// arrived is what the stand-in for Confident AI has got, the newest first.
func arrived(backend *confidenttest.Server) []playground.Arrival {
	votes := map[string][]string{}
	for _, a := range backend.Annotations() {
		vote := fmt.Sprintf("%s: %d", a.Type, a.Rating)
		for _, detail := range []struct{ name, text string }{{"why", a.Explanation}, {"expected", a.ExpectedOutput}} {
			if detail.text != "" {
				vote += fmt.Sprintf(" · %s: %s", detail.name, detail.text)
			}
		}
		votes[a.TraceUUID] = append(votes[a.TraceUUID], vote)
	}
	list := []playground.Arrival{}
	for _, t := range slices.Backward(backend.Traces()) {
		list = append(list, playground.Arrival{Input: t.Input, Output: t.Output, Feedback: append([]string{}, votes[t.UUID]...)})
	}
	return list
}
