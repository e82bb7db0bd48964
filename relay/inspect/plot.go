package inspect

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// plots are the drawings of the last minutes: in a field of intervals times plotHeight, of which each interval is one wide.
type plots struct {
	Width, Height int
	// Bars are webhooks by their outcome; Now and Peak say how many a second.
	Bars      []bar
	Now, Peak string
	// Fast and Slow are paths: the latencies that half, and 99 of 100, did not exceed. Median and P99 are the last of them, Top is the
	// upper edge of the field.
	Fast, Slow       string
	Median, P99, Top string
}

// bar is one rectangle.
type bar struct {
	Outcome    Outcome
	X          int
	Y, H       string
	Sum, Label string
}

const plotHeight = 40

func plotsOf(minutes []count) plots {
	p := plots{Width: len(minutes), Height: plotHeight}
	var peak uint32
	var top time.Duration
	for i := range minutes {
		peak = max(peak, minutes[i].all())
		top = max(top, minutes[i].quantile(0.99))
	}
	for i := range minutes {
		p.stack(i, &minutes[i], peak)
	}
	p.Now, p.Peak = perSecond(lastWhole(minutes).all()), perSecond(peak)
	ceiling := roundedUp(top)
	p.Fast, p.Median = curve(minutes, 0.5, ceiling)
	p.Slow, p.P99 = curve(minutes, 0.99, ceiling)
	if p.Fast != "" {
		p.Top = took(ceiling)
	}
	return p
}

// lastWhole is the last interval that has ended; the one that has not is a part of one only.
func lastWhole(minutes []count) *count { return &minutes[len(minutes)-2] }

// stack adds one interval's bars, the lowest first.
func (p *plots) stack(x int, c *count, peak uint32) {
	low := 0.0
	for at, n := range c.outcomes {
		if n == 0 {
			continue
		}
		high := plotHeight * float64(n) / float64(peak)
		p.Bars = append(p.Bars, bar{
			Outcome: outcomes[at], X: x, Y: fixed(plotHeight - low - high), H: fixed(high), Label: labelOf(outcomes[at]), Sum: fmt.Sprint(n),
		})
		low += high
	}
}

// curve is the path of a quantile, interrupted where nothing came, and the last value of it.
func curve(minutes []count, q float64, top time.Duration) (path, last string) {
	var b strings.Builder
	for x := range minutes {
		if minutes[x].all() == 0 {
			continue
		}
		value := minutes[x].quantile(q)
		y := fixed(plotHeight - plotHeight*float64(value)/float64(top))
		fmt.Fprintf(&b, "M%d %sh1", x, y)
		if x+1 < len(minutes) && minutes[x+1].all() > 0 {
			next := minutes[x+1].quantile(q)
			fmt.Fprintf(&b, "V%s", fixed(plotHeight-plotHeight*float64(next)/float64(top)))
		}
		last = took(value)
	}
	return b.String(), last
}

func fixed(v float64) string { return fmt.Sprintf("%.2f", v) }

func perSecond(n uint32) string {
	rate := float64(n) / interval.Seconds()
	if rate > 0 && rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

// roundedUp is the next of 1, 2, 5, 10, 20, 50 … of the smallest unit.
func roundedUp(d time.Duration) time.Duration {
	us := max(float64(d.Microseconds()), 1)
	power := math.Pow(10, math.Floor(math.Log10(us)))
	for _, step := range []float64{1, 2, 5, 10} {
		if step*power >= us {
			return time.Duration(step*power) * time.Microsecond
		}
	}
	return d
}
