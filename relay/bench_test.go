package relay

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/meetbus/meetbus/normalize"
)

// BenchmarkWebhook sends webhooks over real connections to a relay beside a real server (default sync), and waits for each
// answer: what a provider sees. The clients share the processors with the relay and the server.
func BenchmarkWebhook(b *testing.B) {
	r := newRig(b, func(r *rig) []Endpoint {
		return []Endpoint{open(normalize.Dyte), signedBy(normalize.Dyte, r.ring("dyte", r.dyte))}
	})
	// Bodies that occur once are recognised the second time, so they all differ; signing them is the provider's work.
	hooks := func(path string, n int) []hook {
		all := make([]hook, n)
		for i := range all {
			body := joinedBody(fmt.Sprintf("%s-%d-%d", path, n, i))
			all[i] = hook{path: path, body: body, header: headers("dyte-signature", r.dyte.Sign([]byte(body)))}
		}
		return all
	}
	for _, c := range []struct{ name, path string }{{"unsigned", "/open/dyte"}, {"signed", "/webhooks/dyte"}} {
		for _, senders := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/senders-per-processor=%d", c.name, senders), func(b *testing.B) {
				all := hooks(c.path, b.N)
				next := make(chan hook, len(all))
				for _, h := range all {
					next <- h
				}
				close(next)
				b.SetParallelism(senders)
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if got := r.send(<-next); got.status != http.StatusOK {
							b.Errorf("status %d: %s", got.status, got.text)
						}
					}
				})
			})
		}
	}
}
