package deadletter

import (
	"context"
	"errors"
	"fmt"

	"github.com/meetbus/meetbus/relay/bus"
)

// Discard removes a letter for good, and its bytes from the disk. It fails with ErrNotFound where it is gone already.
func (b *Box) Discard(ctx context.Context, sequence uint64) error {
	err := b.Bus.Remove(ctx, b.Letters, sequence)
	if errors.Is(err, bus.ErrNoMessage) {
		return fmt.Errorf("%w: %d", ErrNotFound, sequence)
	}
	if err != nil {
		return fmt.Errorf("discard dead letter %d: %w", sequence, err)
	}
	return nil
}
