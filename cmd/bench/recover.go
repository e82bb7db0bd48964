package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"syscall"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const (
	// freeze is how long the NATS server stands still: longer than the relay waits for it.
	freeze = 3 * time.Second
	// look is how often the outbox is looked at.
	look = 100 * time.Millisecond
	// never is a time that did not come while the run lasted.
	never time.Duration = math.MaxInt64
)

// aftermath is what a NATS server that stood still has left behind.
type aftermath struct {
	// held is how many messages the outbox has held at most.
	held int
	// empty is how long after the server went on it was empty.
	empty time.Duration
}

// recover watches the way back from the outbox under load, of meetbus alone, at a quarter, a half and three quarters of its highest rate.
func (b *bench) recover(ctx context.Context) error {
	rows, err := b.atHalf(ctx, func(c conditions, p pair) (_ pair, err error) {
		c.meanwhile = thaw
		p.a, err = b.alone(ctx, b.under(ours, c))
		return p, err
	}, 0.5, 1, 1.5)
	if err != nil {
		return err
	}
	single([]string{"webhooks", "arrivals/s"}, rows).Print(b.out)
	return nil
}

func (r *running) freeze(d time.Duration) {
	r.server.Signal(syscall.SIGSTOP)
	time.Sleep(d)
	r.server.Signal(syscall.SIGCONT)
}

// thaw freezes the server, and then looks at the outbox until it is empty, or the end.
func thaw(r *running, end time.Time) (a aftermath) {
	r.freeze(freeze)
	for thawed := time.Now(); time.Now().Before(end); time.Sleep(look) {
		waiting, err := r.waiting()
		if err != nil {
			continue
		}
		if a.held = max(a.held, waiting); waiting == 0 {
			a.empty = time.Since(thawed)
			return a
		}
	}
	a.empty = never
	return a
}

// waiting is how many messages the outbox of the relay holds, as its metrics have it.
func (r *running) waiting() (int, error) {
	answer, err := http.Get("http://" + r.admin + "/metrics")
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		return 0, err
	}
	family := families["meetbus_outbox_messages"]
	if family == nil {
		return 0, fmt.Errorf("there is no outbox")
	}
	return int(family.Metric[0].GetGauge().GetValue()), nil
}
