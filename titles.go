package main

import (
	"cmp"

	"feedbackbot/feedback"
)

// titles are what people call the backends, by their names.
var titles = map[string]string{
	"confident": "Confident AI", "confident-events": "Confident AI",
	"langfuse": "Langfuse",
	"otlp":     "a collector of OpenTelemetry",
	"phoenix":  "Arize Phoenix",
}

// titlesOf are the backends as /privacy names them.
func titlesOf(backends []feedback.Backend) (list []string) {
	for _, b := range backends {
		list = append(list, cmp.Or(titles[b.Name()], "a server of the people who run me"))
	}
	return list
}
