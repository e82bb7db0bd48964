package bus

import (
	"context"
	"time"
)

// readyPoll is how often WaitReady looks. Only the start of a program waits for it.
const readyPoll = 10 * time.Millisecond

// WaitReady returns nil as soon as a message could be published, or, when ctx ends, why not.
func (b *Bus) WaitReady(ctx context.Context) error {
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	for {
		err := b.Ready()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}
