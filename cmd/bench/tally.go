package main

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// longestLatency is the longest that is told apart from longer ones.
const longestLatency = 10 * time.Minute

// tally counts the answers of one run. Its window is what is measured: what comes before warms up.
type tally struct {
	from, to time.Time

	mu sync.Mutex
	// latencies are in microseconds, to three digits, of the webhooks in the window.
	latencies *hdrhistogram.Histogram
	// within counts the answers with 200 in the window; answered and queued those of the whole run.
	within, answered, queued int
	// failed counts, in the whole run, what had another answer or none; first is one of them.
	failed int
	first  string
}

func newTally(from, to time.Time) *tally {
	return &tally{from: from, to: to, latencies: hdrhistogram.New(1, longestLatency.Microseconds(), 3)}
}

// add counts an answer to a webhook. The latency is from began, and the webhook is in the window if at is.
func (t *tally) add(a answer, err error, began, ended, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err != nil:
		t.fail(err.Error())
	case a.status != http.StatusOK:
		t.fail(fmt.Sprintf("%d: %s", a.status, a.text))
	case a.repeated:
		t.fail("a webhook is taken for another one")
	default:
		t.answered++
		if a.queued {
			t.queued++
		}
		if !at.Before(t.from) && at.Before(t.to) {
			t.within++
			latency := min(max(ended.Sub(began), time.Microsecond), longestLatency)
			_ = t.latencies.RecordValue(latency.Microseconds())
		}
	}
}

func (t *tally) fail(why string) {
	if t.failed++; t.failed == 1 {
		t.first = why
	}
}

// perSecond is how many webhooks of the window were answered, in a second.
func (t *tally) perSecond() float64 { return float64(t.within) / t.to.Sub(t.from).Seconds() }

// quantile returns the latency that a share of the webhooks, in percent, did not exceed.
func (t *tally) quantile(percent float64) time.Duration {
	return time.Duration(t.latencies.ValueAtQuantile(percent)) * time.Microsecond
}

func (t *tally) max() time.Duration { return time.Duration(t.latencies.Max()) * time.Microsecond }
