package discord

import "github.com/prometheus/client_golang/prometheus"

// metrics are what an operator watches of the connection to Discord.
type metrics struct {
	requests *prometheus.CounterVec // by route and status
	limited  *prometheus.CounterVec // by scope
	gateway  *prometheus.CounterVec // by event
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "feedbackbot", Name: name, Help: help}, labels)
	}
	m := &metrics{
		requests: counter("discord_requests_total", "Requests to Discord by route and status; none when there was no answer.",
			"route", "status"),
		limited: counter("discord_rate_limited_total", "429 answers of Discord by scope.", "scope"),
		gateway: counter("gateway_events_total", "What happened to gateway connections.", "event"),
	}
	if r != nil {
		r.MustRegister(m.requests, m.limited, m.gateway)
	}
	return m
}
