package bot

import "github.com/prometheus/client_golang/prometheus"

// metrics are what an operator watches. No label takes a value that members or
// Discord could make many of.
type metrics struct {
	answers   *prometheus.CounterVec // by outcome
	firstText prometheus.Histogram
	votes     *prometheus.CounterVec // by kind and outcome
	ack       prometheus.Histogram
	dropped   *prometheus.CounterVec // by reason
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "feedbackbot", Name: name, Help: help}, labels)
	}
	m := &metrics{
		answers: counter("answers_total", "Questions by how they ended.", "outcome"),
		votes:   counter("votes_total", "Clicks on vote buttons by kind and what they changed.", "kind", "outcome"),
		dropped: counter("dropped_total", "What was not done, by reason.", "reason"),
		firstText: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "feedbackbot", Name: "first_text_seconds",
			Help: "From a question to the first text on the screen.", Buckets: []float64{.25, .5, 1, 2, 4, 8, 16, 32}}),
		ack: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "feedbackbot", Name: "click_ack_seconds",
			Help: "From a click's arrival to its acknowledgement.", Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2, 3}}),
	}
	if r != nil {
		r.MustRegister(m.answers, m.votes, m.dropped, m.firstText, m.ack)
	}
	return m
}
