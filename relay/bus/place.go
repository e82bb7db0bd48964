package bus

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Place returns under which sequence a stream holds the message whose id ends in # and what is given, published to a subject and
// stored since a time; 0 if it holds none. It reads the headers of all messages on the subject since then.
func (b *Bus) Place(ctx context.Context, stream, subject, id string, since time.Time) (sequence uint64, err error) {
	c, err := b.use()
	if err != nil {
		return 0, err
	}
	err = c.headersSince(ctx, stream, []string{subject}, since, func(m jetstream.Msg) bool {
		if !strings.HasSuffix(m.Headers().Get(jetstream.MsgIDHeader), "#"+id) {
			return true
		}
		if meta, err := m.Metadata(); err == nil {
			sequence = meta.Sequence.Stream
		}
		return false
	})
	if err != nil {
		return 0, fmt.Errorf("%w: look for a message in %s: %w", ErrUnavailable, stream, err)
	}
	return sequence, nil
}
