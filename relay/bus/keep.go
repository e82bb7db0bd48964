package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// State is what a stream holds.
type State struct {
	Messages uint64
	// Last is the sequence of the newest message that there ever was, Oldest when the oldest that is there was stored.
	Last   uint64
	Oldest time.Time
	// Bytes are what the messages take, and MaxBytes what they may; 0 is no limit.
	Bytes, MaxBytes int64
}

// State returns what a stream holds.
func (b *Bus) State(ctx context.Context, stream string) (State, error) {
	c, err := b.use()
	if err != nil {
		return State{}, err
	}
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return State{}, fmt.Errorf("%w: state of %s: %w", ErrUnavailable, stream, err)
	}
	now := s.CachedInfo().State
	return State{
		Messages: now.Msgs, Last: now.LastSeq, Oldest: now.FirstTime,
		Bytes: int64(now.Bytes), MaxBytes: max(0, s.CachedInfo().Config.MaxBytes), // the server writes -1 for no limit
	}, nil
}

// Purge removes the messages of a stream up to a sequence, and it too. Removing takes room on the disk for a moment, and a server that
// finds none locks up: it fails while the disk is low.
func (b *Bus) Purge(ctx context.Context, stream string, through uint64) error {
	c, err := b.use()
	if err == nil {
		err = b.room()
	}
	if err != nil {
		return err
	}
	s, err := c.js.Stream(ctx, stream)
	if err == nil {
		err = s.Purge(ctx, jetstream.WithPurgeSequence(through+1))
	}
	if err != nil {
		return fmt.Errorf("%w: purge %s: %w", ErrUnavailable, stream, err)
	}
	return nil
}

// Held returns those of the message ids that a stream holds, under one of the subjects and stored since a time. The stream itself
// remembers ids for its window only, so this reads the headers of all messages since then.
func (b *Bus) Held(ctx context.Context, stream string, subjects []string, since time.Time, ids map[string]bool) (map[string]bool, error) {
	c, err := b.use()
	if err != nil {
		return nil, err
	}
	held := map[string]bool{}
	err = c.headersSince(ctx, stream, widest(subjects), since, func(m jetstream.Msg) bool {
		if id := m.Headers().Get(jetstream.MsgIDHeader); ids[id] {
			held[id] = true
		}
		return len(held) < len(ids)
	})
	if err != nil {
		return nil, fmt.Errorf("%w: look for messages in %s: %w", ErrUnavailable, stream, err)
	}
	return held, nil
}

// headersSince calls each for the messages that there are now, until it returns false.
func (c *connection) headersSince(ctx context.Context, stream string, subjects []string, since time.Time, each func(jetstream.Msg) bool) error {
	consumer, err := c.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: subjects, DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since, HeadersOnly: true,
	})
	if err != nil {
		return err
	}
	if consumer.CachedInfo().NumPending == 0 {
		return nil
	}
	messages, err := consumer.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return errors.Join(errors.New("message without a place"), err)
		}
		if !each(m) || meta.NumPending == 0 {
			return nil
		}
	}
}
