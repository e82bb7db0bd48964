package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// result is what one run has measured.
type result struct {
	rate float64 // webhooks a second
	// p999 is known of an open loop.
	p50, p99, p999, most time.Duration
	// processor is the relay's processor time for one webhook, memory its peak in bytes; 0 where the system does not say.
	processor time.Duration
	memory    int64
	aftermath
	// queued is the share of the answers with 200 that say that the event is in the outbox, and failed counts all other answers.
	queued float64
	failed int
}

// measure runs a side once, with everything fresh. It is a problem if any webhook is not answered with 200, or if the stream does not
// hold what was; then the folder of the run is kept.
func (b *bench) measure(ctx context.Context, s side, c conditions) (result, error) {
	b.runs++
	dir, err := os.MkdirTemp(b.dir, fmt.Sprintf("run-%d-", b.runs))
	if err != nil {
		return result{}, err
	}
	r, err := b.start(s, c, dir)
	defer r.stop()
	if err != nil {
		return result{}, err
	}
	got, t, err := b.measured(ctx, r, c)
	if err != nil {
		return result{}, fmt.Errorf("%s, %s: %w; see %s", s.name, c, err, dir)
	}
	b.progress(s, c, got)
	if problem := t.check(ctx, r); problem != nil {
		b.problems = append(b.problems, fmt.Errorf("%s: %s, %s: %w; see %s", b.scenario, s.name, c, problem, dir))
		return got, nil
	}
	r.stop()
	return got, os.RemoveAll(dir)
}

func (b *bench) measured(ctx context.Context, r *running, c conditions) (got result, t *tally, err error) {
	if err := r.settle(ctx); err != nil {
		return result{}, nil, err
	}
	if c.before != nil {
		if err := c.before(ctx, r); err != nil {
			return result{}, nil, err
		}
	}
	w := &watch{r: r, c: c, profile: b.profile}
	if c.rate > 0 {
		t, err = openLoop(ctx, r.target, c.rate, openSenders, b.options.warm, b.during, w.begin)
	} else {
		t, err = closedLoop(ctx, r.target, c.connections, b.options.warm, b.during, w.begin)
	}
	w.watching.Wait()
	if err != nil {
		return result{}, nil, err
	}
	if t.answered == 0 {
		return result{}, nil, fmt.Errorf("no answer with 200: %s", t.first)
	}
	got = result{
		rate: t.perSecond(), p50: t.quantile(50), p99: t.quantile(99), most: t.max(),
		processor: w.used / time.Duration(max(1, t.within)), memory: peakMemory(r.relay.ID()),
		queued: float64(t.queued) / float64(t.answered), failed: t.failed, aftermath: w.aftermath,
	}
	if c.rate > 0 {
		got.p999 = t.quantile(99.9)
	}
	return got, t, nil
}

const settleTimeout = time.Minute

// settle waits until a webhook goes straight to the bus: a relay that has an outbox is ready before its bus is, and until then it would
// be the outbox that is measured.
func (r *running) settle(ctx context.Context) error {
	s := newSender(r.target, math.MaxInt32) // no loop has so many
	defer s.close()
	for end := time.Now().Add(settleTimeout); ; time.Sleep(200 * time.Millisecond) {
		a, err := s.send(ctx)
		switch {
		case err != nil:
			return err
		case a.status != http.StatusOK:
			return fmt.Errorf("the first webhook is answered with %d: %s", a.status, a.text)
		case !a.queued:
			r.filled++
			return ctx.Err()
		case time.Now().After(end):
			return fmt.Errorf("webhooks still wait in the outbox after %s", settleTimeout)
		}
	}
}

// check compares what was answered with what is stored.
func (t *tally) check(ctx context.Context, r *running) error {
	if t.failed > 0 {
		return fmt.Errorf("%d webhooks had no answer with 200, the first of them: %s", t.failed, t.first)
	}
	if r.stream == "" {
		return nil
	}
	stored, err := storedIn(ctx, r)
	if err != nil {
		return err
	}
	if stored -= r.filled; stored < t.answered-t.queued {
		return fmt.Errorf("%d webhooks were answered with 200, %d of them queued, and %d are stored", t.answered, t.queued, stored)
	}
	return nil
}

func storedIn(ctx context.Context, r *running) (int, error) {
	nc, err := nats.Connect(r.nats)
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return 0, err
	}
	ctx, done := context.WithTimeout(ctx, answerTimeout)
	defer done()
	stream, err := js.Stream(ctx, r.stream)
	if err != nil {
		return 0, fmt.Errorf("look at stream %s: %w", r.stream, err)
	}
	return int(stream.CachedInfo().State.Msgs), nil
}

// watch looks at a relay while it is measured.
type watch struct {
	r        *running
	c        conditions
	profile  func(r *running, during time.Duration)
	watching sync.WaitGroup
	// used is the relay's processor time in the window.
	used time.Duration
	aftermath
}

func (w *watch) begin(t *tally) {
	w.watching.Go(func() {
		time.Sleep(time.Until(t.from))
		before, _ := processorTime(w.r.relay.ID())
		if w.c.meanwhile != nil {
			w.watching.Go(func() { w.aftermath = w.c.meanwhile(w.r, t.to) })
		}
		if w.r.admin != "" {
			w.watching.Go(func() { w.profile(w.r, t.to.Sub(t.from)) })
		}
		time.Sleep(time.Until(t.to))
		after, _ := processorTime(w.r.relay.ID())
		w.used = after - before
	})
}
