package outbox

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/bus"
)

// anewTimeout bounds how long a start waits for parked entries to be put back.
const anewTimeout = 10 * time.Second

// anew lets parked entries wait again, behind what waits already: a limit may have been raised since. What finds no room or no time
// stays parked until the next start.
func (b *Outbox) anew(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, anewTimeout)
	defer cancel()
	state, err := b.store.State(ctx, parkedStream)
	if err == nil && state.Messages == 0 {
		return
	}
	n := 0
	if err == nil {
		n, err = b.putBack(ctx)
	}
	if err != nil {
		b.log.Warn("not everything that was set aside is tried again: the rest stays until the next start", zap.Int("tried", n), zap.Error(err))
		return
	}
	b.log.Info("what was set aside is tried again", zap.Int("events", n))
}

// putBack returns how many entries wait again. An entry gets a new id in the store, which knows the one that it had; one that is put
// back twice, since a crash came before it was removed, is there once.
func (b *Outbox) putBack(ctx context.Context) (n int, err error) {
	err = bus.Read(ctx, bus.ReadOptions{
		Server: b.server.Private(), Stream: parkedStream, Subjects: []string{parkedStream}, Start: bus.Start{All: true}, Log: b.log,
	}, func(m bus.Stored) error {
		if _, err := b.store.Publish(ctx, open(m).anew()); err != nil {
			return err
		}
		n++
		return b.store.Purge(ctx, parkedStream, m.Sequence)
	})
	return n, err
}
