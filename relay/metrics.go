package relay

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/inspect"
)

// seconds are the buckets of durations: a webhook takes about a millisecond, 1 s and a little if the bus hangs and the outbox takes it,
// and not more than http.deadline, whose default is 2.5 s.
var seconds = []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 1.5, 2, 2.5, 5}

// Metrics are the relay's metrics. The value of every label is one that we chose.
type Metrics struct {
	webhooks     *prometheus.HistogramVec
	publish      prometheus.Histogram
	received     prometheus.Counter
	duplicates   prometheus.Counter
	unidentified prometheus.Counter
	ruleErrors   prometheus.Counter
	deadLetters  *prometheus.CounterVec
	keyRefreshes *prometheus.CounterVec
	reloads      *prometheus.CounterVec
	reloaded     prometheus.Gauge
}

// NewMetrics returns the metrics of one relay, registered with to.
func NewMetrics(to prometheus.Registerer) *Metrics {
	in := promauto.With(to)
	m := &Metrics{
		webhooks: in.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "meetbus_webhook_duration_seconds",
			Help:    "Time from the headers of a webhook to its answer, by what became of it.",
			Buckets: seconds,
		}, []string{"endpoint", "outcome"}),
		publish: in.NewHistogram(prometheus.HistogramOpts{
			Name:    "meetbus_publish_duration_seconds",
			Help:    "Time from sending an event to the bus to its acknowledgement, or to the error.",
			Buckets: seconds,
		}),
		received: in.NewCounter(prometheus.CounterOpts{
			Name: "meetbus_received_bytes_total",
			Help: "Bytes of all bodies that were read.",
		}),
		duplicates: in.NewCounter(prometheus.CounterOpts{
			Name: "meetbus_duplicates_total",
			Help: "Webhooks that the stream held already.",
		}),
		unidentified: in.NewCounter(prometheus.CounterOpts{
			Name: "meetbus_unidentified_total",
			Help: "Events with a fresh id, since nothing in the webhook tells a retry from a new occurrence.",
		}),
		ruleErrors: in.NewCounter(prometheus.CounterOpts{
			Name: "meetbus_rule_errors_total",
			Help: "Conditions of subject rules that could not be told of an event, so that the rule did not match.",
		}),
		deadLetters: in.NewCounterVec(prometheus.CounterOpts{
			Name: "meetbus_dead_letters_total",
			Help: "Authentic webhooks that could not become an event.",
		}, []string{"reason"}),
		keyRefreshes: in.NewCounterVec(prometheus.CounterOpts{
			Name: "meetbus_key_refreshes_total",
			Help: "Fetches of a provider's key document.",
		}, []string{"provider", "result"}),
		reloads: in.NewCounterVec(prometheus.CounterOpts{
			Name: "meetbus_config_reloads_total",
			Help: "Times that the files of the configuration were read again.",
		}, []string{"result"}),
		reloaded: in.NewGauge(prometheus.GaugeOpts{
			Name: "meetbus_config_last_reload_successful",
			Help: "Whether the relay runs with what the files of the configuration say: 1, or 0 if they were refused.",
		}),
	}
	for _, reason := range normalize.Reasons() {
		m.deadLetters.WithLabelValues(reason)
	}
	for _, result := range []string{resultOK, resultFailed} {
		m.reloads.WithLabelValues(result)
	}
	m.reloaded.Set(1)
	return m
}

// The results of what is tried now and then.
const (
	resultOK     = "ok"
	resultFailed = "failed"
)

func resultOf(err error) string {
	if err != nil {
		return resultFailed
	}
	return resultOK
}

// KeyRefreshed counts the fetch of a provider's key document.
func (m *Metrics) KeyRefreshed(provider string, err error) {
	m.keyRefreshes.WithLabelValues(provider, resultOf(err)).Inc()
}

// Reloaded counts that the files of the configuration were read again.
func (m *Metrics) Reloaded(err error) {
	m.reloads.WithLabelValues(resultOf(err)).Inc()
	m.reloaded.Set(0)
	if err == nil {
		m.reloaded.Set(1)
	}
}

// foretell makes the series that alerts are made of before there is anything to count: of a series that begins with 1, nobody sees
// the first increase. That is not every outcome of every endpoint, since there may be a thousand.
func (r *Relay) foretell() {
	for _, became := range []outcome{inspect.Rejected, inspect.Unavailable} {
		r.metrics.webhooks.WithLabelValues(nowhere.Name, string(became))
	}
	for _, e := range r.endpoints {
		for _, became := range []outcome{inspect.Published, inspect.Rejected, inspect.Unavailable} {
			r.metrics.webhooks.WithLabelValues(e.Name, string(became))
		}
	}
	for provider := range r.KeyStates() {
		for _, result := range []string{resultOK, resultFailed} {
			r.metrics.keyRefreshes.WithLabelValues(provider, result)
		}
	}
}

var (
	keyAge = prometheus.NewDesc("meetbus_key_age_seconds",
		"Time since a provider's key document was last fetched. Left out where none is known.", []string{"provider"}, nil)
	streamAge = prometheus.NewDesc("meetbus_stream_oldest_age_seconds",
		"Age of the oldest event in the stream.", nil, nil)
	streamBytes = prometheus.NewDesc("meetbus_stream_bytes", "Bytes that a stream holds.", []string{"stream"}, nil)
	streamMax   = prometheus.NewDesc("meetbus_stream_max_bytes",
		"Bytes that a stream may hold: full is 503. Left out where there is no limit.", []string{"stream"}, nil)
)

// scrapeTimeout bounds what a scrape asks the bus.
const scrapeTimeout = time.Second

// Describe and Collect make a relay a prometheus.Collector of what is asked for at each scrape.
func (r *Relay) Describe(to chan<- *prometheus.Desc) {
	to <- keyAge
	to <- streamAge
	to <- streamBytes
	to <- streamMax
}

// Collect is the other half of Describe. Without the bus, what its streams hold is left out.
func (r *Relay) Collect(to chan<- prometheus.Metric) {
	for provider, state := range r.KeyStates() {
		if state.Known {
			to <- prometheus.MustNewConstMetric(keyAge, prometheus.GaugeValue, state.Age.Seconds(), provider)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	for _, stream := range []string{r.stream, r.deadLetters} {
		s, err := r.bus.State(ctx, stream)
		if err != nil {
			return
		}
		if stream == r.stream && s.Messages > 0 {
			to <- prometheus.MustNewConstMetric(streamAge, prometheus.GaugeValue, time.Since(s.Oldest).Seconds())
		}
		to <- prometheus.MustNewConstMetric(streamBytes, prometheus.GaugeValue, float64(s.Bytes), stream)
		if s.MaxBytes > 0 {
			to <- prometheus.MustNewConstMetric(streamMax, prometheus.GaugeValue, float64(s.MaxBytes), stream)
		}
	}
}
