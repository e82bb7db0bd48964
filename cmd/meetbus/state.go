package main

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
)

// buildInfo is a metric that says which meetbus this is.
func buildInfo() prometheus.Collector {
	from, _ := source()
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "meetbus_build_info",
		Help:        "Which meetbus this is; always 1.",
		ConstLabels: prometheus.Labels{"version": release(), "commit": from, "goversion": runtime.Version()},
	})
	g.Set(1)
	return g
}

// readiness is a metric that says what /readyz does.
func (p *process) readiness() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "meetbus_ready",
		Help: "Whether an event could be taken now, as /readyz says: 1, or 0.",
	}, func() float64 {
		if p.ready() != nil {
			return 0
		}
		return 1
	})
}
