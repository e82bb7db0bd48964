package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

const (
	// soon is how long before its end a certificate is warned of, and reminder how often.
	soon     = 14 * 24 * time.Hour
	reminder = 24 * time.Hour
)

var certificateEnds = prometheus.NewDesc("meetbus_certificate_not_after_timestamp_seconds",
	"When the certificate of a listener ends, in seconds since 1970.", []string{"listener"}, nil)

// certificates are those of all listeners. They are a prometheus.Collector.
type certificates []*certificate

// Describe sends what Collect sends values of.
func (cs certificates) Describe(to chan<- *prometheus.Desc) { to <- certificateEnds }

// Collect says when each of them ends.
func (cs certificates) Collect(to chan<- prometheus.Metric) {
	for _, c := range cs {
		to <- prometheus.MustNewConstMetric(certificateEnds, prometheus.GaugeValue, float64(c.ends().Unix()), c.listener)
	}
}

// warn says which end soon.
func (cs certificates) warn(now time.Time, log *zap.Logger) {
	for _, c := range cs {
		if left := c.ends().Sub(now); left < soon {
			log.Warn("a certificate ends soon, or has: replace its files, and the listener takes the new one",
				zap.String("listener", c.listener), zap.Time("ends", c.ends()))
		}
	}
}

// remind warns now and every day until ctx ends.
func (cs certificates) remind(ctx context.Context, log *zap.Logger) {
	for len(cs) > 0 {
		cs.warn(time.Now(), log)
		select {
		case <-ctx.Done():
			return
		case <-time.After(reminder):
		}
	}
}
