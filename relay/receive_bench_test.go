package relay

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meetbus/meetbus/normalize"
)

// BenchmarkReceive reads one body of 1,000 bytes from a request that is there, and makes its digest.
func BenchmarkReceive(b *testing.B) {
	e := open(normalize.Dyte)
	r := New(Options{Endpoints: []Endpoint{e}, MaxBody: 256 << 10, Deadline: usualDeadline, Metrics: NewMetrics(prometheus.NewRegistry())})
	body := strings.Repeat("x", 1000)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	q := httptest.NewRequest(http.MethodPost, "http://localhost"+e.Path, strings.NewReader(body))
	for b.Loop() {
		q.Body = io.NopCloser(strings.NewReader(body))
		if _, err := r.receive(&e, httptest.NewRecorder(), q, new(load)); err != nil {
			b.Fatal(err)
		}
	}
}
