package bus_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/relay/bus/bustest"
)

// BenchmarkPublish stores messages of 2,500 bytes on a real server of this process, and waits for each acknowledgement: alone, and
// with 64 senders on each processor; without syncs of the disk and with one before each acknowledgement.
func BenchmarkPublish(b *testing.B) {
	for _, always := range []bool{false, true} {
		for _, senders := range []int{1, 64} {
			b.Run(fmt.Sprintf("always=%t/senders-per-processor=%d", always, senders), func(b *testing.B) {
				n := bustest.Server(b, func(o *server.Options) { o.SyncAlways = always })
				to := connect(b, bus.Options{Server: bus.Server{URL: n.URL()}, Streams: []bus.Stream{events}, Log: zap.NewNop()})
				waitReady(b, to)
				var sent atomic.Int64
				b.SetParallelism(senders)
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						m := message(int(sent.Add(1)))
						m.Data = make([]byte, 2500)
						if _, err := to.Publish(b.Context(), m); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}
