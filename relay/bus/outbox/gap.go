package outbox

import (
	"context"
	"time"

	"github.com/meetbus/meetbus/relay/bus"
)

const (
	// gapWait is how long newcomers let others go first, and how long ago the bus must have taken some of those. None waits for more than
	// gapShare of the time that it has left.
	gapWait  = 500 * time.Millisecond
	gapShare = 2
	// After a gap in which they did not all leave, there is none for so long, twice as long each time.
	gapPauseMin, gapPauseMax = time.Second, time.Minute
	// rateFading is the weight of the latest rate among those before it. What has taken longer than rateMax was no rate, but a pause.
	rateFading, rateMax = 0.3, time.Second
)

// gap is a time in which newcomers wait for those in the store to leave: behind them there, each would have others behind itself, and
// so on for as long as messages come, long after the bus is back. All wait for the same moment, so that nobody is stored meanwhile who
// has the time.
type gap struct {
	// ended is closed at its end; emptied, which is set before, says that nothing was waiting then.
	ended   chan struct{}
	emptied bool
}

// gaps say when there may be the next gap.
type gaps struct {
	// now is the gap that there is, if there is one.
	now   *gap
	next  time.Time
	pause time.Duration
	// rate is how many a second leave; 0 while that is not known.
	rate float64
}

// learn notes that so many have left since others did.
func (g *gaps) learn(n int, took time.Duration) {
	if took > rateMax {
		return
	}
	rate := float64(n) / max(took, time.Millisecond).Seconds()
	if g.rate > 0 {
		rate = (1-rateFading)*g.rate + rateFading*rate
	}
	g.rate = rate
}

// isNext says whether nothing waits before m, so that it may go straight to the bus. It may wait for that. What is put into the store
// after the end of a gap, and before those who have waited are on their way, was not accepted before them.
func (b *Outbox) isNext(ctx context.Context, m bus.Message) bool {
	g, empty := b.join()
	if g == nil {
		return empty
	}
	if !m.By.IsZero() {
		short, cancel := context.WithTimeout(ctx, time.Until(m.By)/gapShare)
		defer cancel()
		ctx = short
	}
	select {
	case <-g.ended:
		return g.emptied
	case <-ctx.Done():
		return false
	}
}

// join returns the gap to wait for, if there is one, or none and whether nothing waits.
func (b *Outbox) join() (g *gap, empty bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isEmpty() {
		return nil, true
	}
	if b.gaps.now == nil && b.mayEmpty(time.Now()) {
		g := &gap{ended: make(chan struct{})}
		b.gaps.now = g
		time.AfterFunc(gapWait, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.endGap(g, false)
		})
	}
	return b.gaps.now, false
}

// mayEmpty says whether what waits may soon have left: it is no more than leaves in that time, the bus is taking it, and it was not
// tried in vain just now.
func (b *Outbox) mayEmpty(now time.Time) bool {
	waiting := float64(b.stored) - float64(b.done) + float64(b.putting)
	return waiting <= b.gaps.rate*gapWait.Seconds() && b.blocked == nil && now.Sub(b.moved) <= gapWait && !now.Before(b.gaps.next)
}

// endGap ends a gap, if it has not ended. The caller has locked mu.
func (b *Outbox) endGap(g *gap, emptied bool) {
	if g == nil || b.gaps.now != g {
		return
	}
	b.gaps.now, g.emptied = nil, emptied
	close(g.ended)
	if emptied {
		b.gaps.pause = 0
		return
	}
	b.gaps.pause = min(max(2*b.gaps.pause, gapPauseMin), gapPauseMax)
	b.gaps.next = time.Now().Add(b.gaps.pause)
}

// noticeEmpty ends the gap if nothing waits any more. The caller has locked mu.
func (b *Outbox) noticeEmpty() {
	if b.isEmpty() {
		b.endGap(b.gaps.now, true)
	}
}
