package outbox

import (
	"context"
	"time"

	"github.com/meetbus/meetbus/relay/bus"
)

const (
	// gapMax is how many may wait for a newcomer to let them go first in memory: no more than leave together.
	gapMax = batchMax
	// gapWait is how long it lets them, and how long ago the bus must have taken some.
	gapWait = 100 * time.Millisecond
)

// isNext says whether nothing waits before m, so that it may go straight to the bus. If only a few wait, and the bus is taking them, they
// go first: behind them in the store, m would have others behind itself, and so on for as long as messages come, long after the bus is
// back.
func (b *Outbox) isNext(ctx context.Context, m bus.Message) bool {
	emptied := b.nearlyEmpty(time.Now())
	if emptied == nil {
		return b.empty()
	}
	most := gapWait
	if !m.By.IsZero() {
		most = min(most, time.Until(m.By)/4)
	}
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-emptied:
	case <-late.C:
	case <-ctx.Done():
	}
	return b.empty()
}

// nearlyEmpty returns what is closed when nothing waits any more; nil if nothing waits now, or that may take long.
func (b *Outbox) nearlyEmpty(now time.Time) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	many := b.stored > b.done+gapMax || b.putting > gapMax
	if b.isEmpty() || many || b.blocked != nil || now.Sub(b.moved) > gapWait {
		return nil
	}
	if b.emptied == nil {
		b.emptied = make(chan struct{})
	}
	return b.emptied
}

// noticeEmpty tells those who wait for it. The caller has locked mu.
func (b *Outbox) noticeEmpty() {
	if b.emptied != nil && b.isEmpty() {
		close(b.emptied)
		b.emptied = nil
	}
}
