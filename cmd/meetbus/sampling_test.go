package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay"
)

// Who sends a webhook says which trace it is part of. Whether it is sampled, only a proxy says that is trusted.
func TestSampler(t *testing.T) {
	const sampled, unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
	// A ratio is made of the trace: this one is always below it.
	const lowest = "00-00000000000000010000000000000001-00f067aa0ba902b7-01"
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for _, c := range []struct {
		sampler, arg, parent string
		proxies              []netip.Prefix
		want                 bool
	}{
		{"", "", "", nil, true},
		{"", "", unsampled, nil, true},
		{"", "", sampled, nil, true},
		{"", "", unsampled, trusted, false},
		{"parentbased_always_off", "", sampled, nil, false},
		{"parentbased_always_off", "", sampled, trusted, true},
		{"parentbased_always_off", "", sampled, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, false},
		{"parentbased_traceidratio", "0.000000001", lowest, nil, false},
		{"traceidratio", "0.000000001", lowest, nil, false},
		{"traceidratio", "0.000000001", lowest, trusted, true},
		{"always_off", "", sampled, trusted, false},
	} {
		t.Run(strings.Join([]string{c.sampler, c.parent}, " "), func(t *testing.T) {
			t.Setenv("OTEL_TRACES_SAMPLER", c.sampler)
			t.Setenv("OTEL_TRACES_SAMPLER_ARG", c.arg)
			spans := spansOf(t, c.proxies, c.parent)
			if (len(spans) > 0) != c.want {
				t.Fatalf("there are %d spans", len(spans))
			}
			for _, s := range spans { // that of the webhook, and those of its steps
				if c.parent != "" && s.SpanContext.TraceID().String() != c.parent[3:35] {
					t.Errorf("%s is part of %s", s.Name, s.SpanContext.TraceID())
				}
			}
			if c.want && len(spans) < 3 {
				t.Errorf("there are spans of %d steps only", len(spans)-1)
			}
		})
	}
}

// spansOf returns the spans of a webhook that cannot be understood.
func spansOf(t *testing.T, proxies []netip.Prefix, parent string) tracetest.SpanStubs {
	t.Helper()
	seen := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(seen), sdk.WithSampler(newSampler()))
	c := config.Default()
	table, err := c.Table()
	if err != nil {
		t.Fatal(err)
	}
	endpoints, err := endpointsOf(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(relay.New(relay.Options{
		Endpoints: endpoints, Table: table, MaxBody: 1 << 10, Deadline: time.Second, Log: zap.NewNop(), TrustedProxies: proxies,
		Metrics: relay.NewMetrics(prometheus.NewRegistry()), Tracer: provider.Tracer("test"),
	}).Front())
	defer front.Close()
	q, err := http.NewRequestWithContext(context.Background(), http.MethodPost, front.URL+"/webhooks/dyte", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if parent != "" {
		q.Header.Set("Traceparent", parent)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusBadRequest {
		t.Fatalf("answered %d, %v", answer.StatusCode, err)
	}
	return seen.GetSpans()
}
