package relay

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Backlog is what waits in the outbox.
type Backlog struct {
	// Waiting events will be forwarded; Oldest is when the first of them was accepted, zero if there is none.
	Waiting uint64
	Oldest  time.Time
	// Bytes are what the outbox holds, and MaxBytes what it may.
	Bytes, MaxBytes int64
	// Parked events are those that the bus has refused for good.
	Parked uint64
	// Why is why the bus does not take what waits; empty if there is nothing to say.
	Why string
}

// age of the oldest event that waits.
func (b Backlog) age() time.Duration {
	if b.Oldest.IsZero() {
		return 0
	}
	return time.Since(b.Oldest)
}

// BacklogOf asks an outbox what waits in it.
type BacklogOf func(context.Context) (Backlog, error)

var (
	backlogMessages = prometheus.NewDesc("meetbus_outbox_messages", "Events that wait in the outbox for the bus.", nil, nil)
	backlogAge      = prometheus.NewDesc("meetbus_outbox_oldest_age_seconds",
		"Time since the oldest event that waits in the outbox was accepted; 0 if none waits.", nil, nil)
	backlogBytes = prometheus.NewDesc("meetbus_outbox_bytes",
		"Bytes that the outbox holds, also of events that were forwarded and are not removed yet.", nil, nil)
	backlogMaxBytes = prometheus.NewDesc("meetbus_outbox_max_bytes", "Bytes that the outbox may hold: full is 503.", nil, nil)
	backlogParked   = prometheus.NewDesc("meetbus_outbox_parked_messages", "Events in the outbox that the bus has refused for good.", nil, nil)
)

// Describe and Collect make it a prometheus.Collector.
func (f BacklogOf) Describe(to chan<- *prometheus.Desc) {
	to <- backlogMessages
	to <- backlogAge
	to <- backlogBytes
	to <- backlogMaxBytes
	to <- backlogParked
}

// Collect is the other half of Describe. What cannot be told is left out.
func (f BacklogOf) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	b, err := f(ctx)
	if err != nil {
		return
	}
	to <- prometheus.MustNewConstMetric(backlogMessages, prometheus.GaugeValue, float64(b.Waiting))
	to <- prometheus.MustNewConstMetric(backlogAge, prometheus.GaugeValue, b.age().Seconds())
	to <- prometheus.MustNewConstMetric(backlogBytes, prometheus.GaugeValue, float64(b.Bytes))
	to <- prometheus.MustNewConstMetric(backlogMaxBytes, prometheus.GaugeValue, float64(b.MaxBytes))
	to <- prometheus.MustNewConstMetric(backlogParked, prometheus.GaugeValue, float64(b.Parked))
}
