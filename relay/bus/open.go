package bus

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errNotYet is why a bus is not usable before its first attempt to connect has ended.
var errNotYet = errors.New("not connected yet")

// Open is Connect for a command, which does not wait for a server that is away: it returns a bus that can be published to, or fails
// with what the first attempt has failed with.
func Open(ctx context.Context, o Options) (*Bus, error) {
	b, err := Connect(o)
	if err != nil {
		return nil, err
	}
	for {
		err := b.Ready()
		if err == nil {
			return b, nil
		}
		if !errors.Is(err, errNotYet) {
			b.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			b.Close()
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		case <-time.After(readyPoll):
		}
	}
}
