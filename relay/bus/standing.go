package bus

import (
	"fmt"
	"time"
)

// Ready returns nil if a message could be published to the first of the streams now, or ErrUnavailable or ErrFull with why not.
func (b *Bus) Ready() error {
	if _, err := b.use(); err != nil {
		return err
	}
	if err := b.room(); err != nil {
		return err
	}
	if b.o.Server.InProcess != nil { // another one may be slow, and answer the next
		if err := b.silence.recent(time.Now()); err != nil {
			return err
		}
	}
	return b.full.recent(time.Now())
}

// room returns ErrFull while the server's disk, if it is ours to watch, is too full to write to: a server that meets the end of
// its disk stays frozen even when space is there again.
func (b *Bus) room() error {
	if b.o.Server.Room == nil {
		return nil
	}
	if err := b.o.Server.Room(); err != nil {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return nil
}

// Unfit returns the fault that has kept the bus from being ready ever since Connect, or nil: people must mend it before anything
// that is kept for the bus can reach it.
func (b *Bus) Unfit() error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.wasUsable || !IsFault(b.why) {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, b.why)
}

// Window is how long a stream remembers message ids, as the stream itself says; 0 while that is not known.
func (b *Bus) Window(stream string) time.Duration {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.windows[stream]
}

// batches is what a stream takes besides single messages, as the stream itself says.
type batches struct{ atomic, fast bool }

func (b *Bus) takes(stream string) batches {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.batched[stream]
}

// MaxPayload is the size of the largest message that the server takes, headers included, in bytes; 0 while that is not known.
func (b *Bus) MaxPayload() int64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.maxPayload
}
