package bus

import (
	"context"
	"fmt"
)

// wish is that the streams be others than before.
type wish struct {
	streams []Stream
	// done has room for one.
	done chan error
}

// Hold makes the streams hold what is wanted of them now, as after a change of the rules: streams of the same names as before, with
// other subjects. It returns nil when they do, and later connections see to it, too. While the bus is away it waits. Publishing goes on
// meanwhile, to the subjects that were there before.
//
// It fails with a fault if people must mend something first, with ErrUnavailable if the server or the bus has ended, and with the
// context's error; then the streams are wanted as they were before.
func (b *Bus) Hold(ctx context.Context, streams []Stream) error {
	w := wish{streams: streams, done: make(chan error, 1)}
	select {
	case b.wishes <- w:
	case <-ctx.Done():
		return ctx.Err()
	case <-b.done:
		return fmt.Errorf("%w: closed", ErrUnavailable)
	}
	return <-w.done
}

// fulfil is Hold on a connection.
func (b *Bus) fulfil(c *connection, w wish) error {
	if err := b.checks(c, w.streams); err != nil {
		if !IsFault(err) {
			err = fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.streams = w.streams
	return nil
}

func (b *Bus) wanted() []Stream {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.streams
}
