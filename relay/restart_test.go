package relay

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus/outbox"
)

// TestRestartWithRequestsInFlight: NATS is stopped and started while 200 senders wait for their answers. Every one of them has an
// answer within the deadline; with an outbox it is 200. What was refused may be stored, if its answer was lost: sent again, it is
// known, and in the end everything is there once.
func TestRestartWithRequestsInFlight(t *testing.T) {
	for name, withOutbox := range map[string]bool{"without an outbox": false, "with an outbox": true} {
		t.Run(name, func(t *testing.T) {
			var box *outbox.Outbox
			r := newRig(t, func(*rig) []Endpoint { return []Endpoint{open(normalize.Dyte)} })
			if withOutbox {
				var err error
				box, err = outbox.Open(outbox.Options{
					Dir: t.TempDir(), MaxBytes: 64 << 20, MaxPayload: 1 << 19, Window: time.Hour, Bus: r.bus, Log: zap.NewNop(),
				})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(box.Close)
				r.relay.bus = box
			}
			r.sender.MaxIdleConnsPerHost = 200
			_, usual := r.volley("before", 200, 1, func() {})
			refused, slowest := r.volley("meanwhile", 200, 5, func() {
				r.nats.Stop()
				time.Sleep(100 * time.Millisecond)
				r.nats.Restart()
			})
			r.awaitBus()
			switch busy := usual > 500*time.Millisecond; {
			case busy:
				t.Logf("answers take %s on this machine now, without a restart: it is too busy to time them", usual)
			case slowest > 2500*time.Millisecond:
				t.Errorf("an answer took %s", slowest)
			case withOutbox && len(refused) > 0:
				t.Errorf("%d of 1000 were refused", len(refused))
			}
			for _, h := range refused {
				for end := time.Now().Add(20 * time.Second); r.send(h).status != http.StatusOK; {
					if time.Now().After(end) {
						t.Fatal("what was refused is refused for ever")
					}
				}
			}
			for end := time.Now().Add(20 * time.Second); r.stored(events) < 1200 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			}
			if stored := r.stored(events); stored != 1200 {
				t.Errorf("%d are stored, want 1200", stored)
			}
		})
	}
}

// volley has senders send so many webhooks each, one after the other, while something happens. It returns those that were refused, and
// how long the slowest answer took.
func (r *rig) volley(name string, senders, each int, meanwhile func()) (refused []hook, slowest time.Duration) {
	var mu sync.Mutex
	var running sync.WaitGroup
	for s := range senders {
		running.Go(func() {
			for n := range each {
				h := hook{path: "/open/dyte", body: joinedBody(fmt.Sprintf("%s-%d-%d", name, s, n))}
				began := time.Now()
				got := r.send(h)
				took := time.Since(began)
				mu.Lock()
				slowest = max(slowest, took)
				switch got.status {
				case http.StatusOK:
				case http.StatusServiceUnavailable:
					refused = append(refused, h)
				default:
					r.t.Errorf("status %d: %s", got.status, got.text)
				}
				mu.Unlock()
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	meanwhile()
	running.Wait()
	return refused, slowest
}
