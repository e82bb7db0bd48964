package inspect

import (
	"math/bits"
	"time"
)

const (
	// interval is what one count is for, and intervals how many there are: ten minutes.
	interval  = 5 * time.Second
	intervals = 120
	// octave is how many counts there are between a latency and its double.
	octave    = 4
	latencies = 24 * octave
)

// rates count the webhooks of the last minutes.
type rates struct{ counts [intervals]count }

// count is of one interval. The latencies are in microseconds, by powers of two and quarters between them: each is within 19 % of
// what is said of it.
type count struct {
	// interval since 1970; another than expected says that the count is of long ago.
	interval  int64
	outcomes  [len(outcomes)]uint32
	latencies [latencies]uint32
}

func intervalOf(t time.Time) int64 { return t.UnixNano() / int64(interval) }

func (r *rates) count(e *Entry) {
	at := intervalOf(e.Time)
	c := r.at(at)
	if c.interval != at {
		*c = count{interval: at}
	}
	c.outcomes[e.Outcome.place()]++
	c.latencies[latencyClass(e.Took)]++
}

// at is where an interval is counted.
func (r *rates) at(interval int64) *count { return &r.counts[uint64(interval)%intervals] }

// latencyClass is in which count a latency is.
func latencyClass(took time.Duration) int {
	us := uint64(max(took.Microseconds(), octave))
	power := bits.Len64(us) - 3 // the two bits below the highest are the quarter
	return min(power*octave+int(us>>power)-octave, latencies-1)
}

// latencyOf is the latency in the middle of a class.
func latencyOf(class int) time.Duration {
	power, quarter := class/octave, class%octave
	low := uint64(octave+quarter) << power
	return time.Duration(low+uint64(1)<<power/2) * time.Microsecond
}

// minutes returns the counts up to now, the oldest first.
func (r *Recent) minutes(now time.Time) [intervals]count {
	r.mu.Lock()
	all := r.rates
	r.mu.Unlock()
	var in [intervals]count
	last := intervalOf(now)
	for i := range in {
		at := last - int64(intervals-1-i)
		if c := all.at(at); c.interval == at {
			in[i] = *c
		}
	}
	return in
}

func (c *count) all() (n uint32) {
	for _, of := range c.outcomes {
		n += of
	}
	return n
}

// quantile is the latency that the share q of the webhooks did not exceed; 0 if there were none.
func (c *count) quantile(q float64) time.Duration {
	want := uint32(q * float64(c.all()))
	for class, n := range c.latencies {
		if n > want {
			return latencyOf(class)
		}
		want -= n
	}
	return 0
}
