package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// result is what one run has measured.
type result struct {
	rate                 float64 // webhooks a second
	p50, p99, p999, most time.Duration
	// processor is the relay's processor time for one webhook, memory its peak in bytes; 0 where the system does not say.
	processor time.Duration
	memory    int64
	queued    int
}

// measure runs a side once, with everything fresh. It is an error if any webhook is not answered with 200, or if the stream does not
// hold what was.
func (b *bench) measure(ctx context.Context, s side, c conditions) (result, error) {
	b.runs++
	dir := filepath.Join(b.dir, fmt.Sprintf("run-%d", b.runs))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return result{}, err
	}
	r, err := b.start(s, c, dir)
	defer r.stop()
	if err != nil {
		return result{}, err
	}
	got, err := b.measured(ctx, r, c)
	if err != nil {
		return result{}, fmt.Errorf("%s: %w; see %s", s.name, err, dir)
	}
	b.progress(s, c, got)
	r.stop()
	return got, os.RemoveAll(dir)
}

func (b *bench) measured(ctx context.Context, r *running, c conditions) (got result, err error) {
	stored := 0
	if c.before != nil {
		if stored, err = c.before(ctx, r); err != nil {
			return result{}, err
		}
	}
	w := &watch{r: r, c: c, profile: b.profile}
	var t *tally
	if c.rate > 0 {
		t, err = openLoop(ctx, r.target, c.rate, openSenders, b.options.warm, b.during, w.begin)
	} else {
		t, err = closedLoop(ctx, r.target, c.connections, b.options.warm, b.during, w.begin)
	}
	w.watching.Wait()
	if err != nil {
		return result{}, err
	}
	got = result{
		rate: t.perSecond(), p50: t.quantile(50), p99: t.quantile(99), p999: t.quantile(99.9), most: t.max(),
		memory: peakMemory(r.relay.ID()), queued: t.queued,
	}
	if t.within > 0 {
		got.processor = w.used / time.Duration(t.within)
	}
	return got, t.check(ctx, r, stored)
}

// check compares what was answered with what is stored.
func (t *tally) check(ctx context.Context, r *running, before int) error {
	switch {
	case t.failed > 0:
		return fmt.Errorf("%d webhooks had no answer with 200, the first of them: %s", t.failed, t.first)
	case t.within == 0:
		return fmt.Errorf("no answer in %s", t.to.Sub(t.from))
	case r.stream == "":
		return nil
	}
	stored, err := storedIn(ctx, r)
	if err != nil {
		return err
	}
	if stored -= before; stored < t.answered-t.queued {
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
}

func (w *watch) begin(t *tally) {
	w.watching.Go(func() {
		time.Sleep(time.Until(t.from))
		before, _ := processorTime(w.r.relay.ID())
		if w.c.meanwhile != nil {
			w.watching.Go(func() { w.c.meanwhile(w.r) })
		}
		if w.r.admin != "" {
			w.watching.Go(func() { w.profile(w.r, t.to.Sub(t.from)) })
		}
		time.Sleep(time.Until(t.to))
		after, _ := processorTime(w.r.relay.ID())
		w.used = after - before
	})
}

// profile fetches a processor profile, if profiles are wanted.
func (b *bench) profile(r *running, during time.Duration) {
	if b.options.profiles == "" {
		return
	}
	name := filepath.Join(b.options.profiles, fmt.Sprintf("%s-%d.pprof", b.scenario, b.runs))
	if err := download(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", r.admin, max(1, int(during.Seconds()))), name); err != nil {
		fmt.Fprintln(os.Stderr, "no profile:", err)
	}
}

func download(url, name string) error {
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, answer.Status)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(f, answer.Body)
	return err
}
