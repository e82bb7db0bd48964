package relay

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/inspect"
	"github.com/meetbus/meetbus/relay/route"
)

// BenchmarkWebhook sends webhooks over real connections to a relay beside a real server (default sync), and waits for each
// answer: what a provider sees. The clients share the processors with the relay and the server. The rules are looked at by every
// event, and the last one takes it.
func BenchmarkWebhook(b *testing.B) {
	for _, rules := range []int{1, 10000} {
		r := newRig(b, func(r *rig) []Endpoint {
			return []Endpoint{open(normalize.Dyte), signedBy(normalize.Dyte, r.ring("dyte", r.dyte))}
		}, withRules(b, tenants(rules)...))
		for _, c := range []struct{ name, path string }{{"unsigned", "/open/dyte"}, {"signed", "/webhooks/dyte"}} {
			for _, senders := range []int{1, 8} {
				b.Run(fmt.Sprintf("%s/rules=%d/senders-per-processor=%d", c.name, rules, senders), func(b *testing.B) {
					r.t = b
					b.SetParallelism(senders)
					b.ReportAllocs()
					r.sendAll(b, c.path)
				})
			}
		}
	}
}

// tenants are n rules over at most 900 subjects, as for n rooms of 900 customers.
func tenants(n int) []route.Rule {
	rules := make([]route.Rule, n)
	for i := range rules {
		rules[i] = route.Rule{
			Match:   map[string][]string{"type": {"meeting.*"}, "meetingid": {fmt.Sprintf("room-%d", i)}},
			Subject: fmt.Sprintf("tenant.t%d.{meetingid}", i%900),
		}
	}
	rules[n-1].Match["meetingid"] = []string{"5f7c2b9e-*"}
	return rules
}

// sendAll sends b.N webhooks. Bodies that occur once are recognised the second time, so they all differ; signing them is the
// provider's work.
func (r *rig) sendAll(b *testing.B, path string) {
	hooks := make(chan hook, b.N)
	for i := range b.N {
		body := joinedBody(fmt.Sprintf("%s-%d-%d", path, b.N, i))
		hooks <- hook{path: path, body: body, header: headers("dyte-signature", r.dyte.Sign([]byte(body)))}
	}
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if got := r.send(<-hooks); got.status != http.StatusOK {
				b.Errorf("status %d: %s", got.status, got.text)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "webhooks/s")
}

// BenchmarkFront takes webhooks without a network and a bus: what is left is ours.
func BenchmarkFront(b *testing.B) {
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel)
	front := New(Options{
		Endpoints: []Endpoint{open(normalize.Dyte)}, Table: tableOf(b), Bus: nowhereBus{}, Stream: events, DeadLetters: letters,
		MaxBody: 256 << 10, Deadline: usualDeadline, Log: zap.New(core), Metrics: NewMetrics(prometheus.NewRegistry()),
		Recent: inspect.NewRecent(),
	}).Front()
	body := joinedBody("bbb0a3c1")
	b.ReportAllocs()
	for b.Loop() {
		q := httptest.NewRequest(http.MethodPost, "http://localhost/open/dyte", strings.NewReader(body))
		w := httptest.NewRecorder()
		if front.ServeHTTP(w, q); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}

// nowhereBus stores nothing.
type nowhereBus struct{ Bus }

func (nowhereBus) Publish(context.Context, bus.Message) (bus.Ack, error) {
	return bus.Ack{Stream: events, Sequence: 1}, nil
}
