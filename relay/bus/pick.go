package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrNoMessage comes for a sequence under which a stream holds nothing, or nothing any more.
var ErrNoMessage = errors.New("no message has this sequence")

// pickTimeout bounds a request about one message: where a permission is missing, there is no answer.
const pickTimeout = 5 * time.Second

// Get returns the message of a stream under a sequence.
func (b *Bus) Get(ctx context.Context, stream string, sequence uint64) (Stored, error) {
	var m Stored
	err := b.pick(ctx, stream, "read a message", func(ctx context.Context, s jetstream.Stream) (err error) {
		m, err = get(ctx, s, sequence)
		return err
	})
	return m, err
}

func get(ctx context.Context, s jetstream.Stream, sequence uint64, options ...jetstream.GetMsgOpt) (Stored, error) {
	m, err := s.GetMsg(ctx, sequence, options...)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Stored{}, ErrNoMessage
	}
	if err != nil {
		return Stored{}, err
	}
	return Stored{
		Stream: s.CachedInfo().Config.Name, Subject: m.Subject, Sequence: m.Sequence, Time: m.Time, Header: m.Header, Data: m.Data,
	}, nil
}

// Newest returns the last messages of a stream below a sequence, the newest first; 0 is above all. There are fewer than limit only
// where the stream holds no more.
func (b *Bus) Newest(ctx context.Context, stream string, below uint64, limit int) ([]Stored, error) {
	var newest []Stored
	err := b.pick(ctx, stream, "read the newest messages", func(ctx context.Context, s jetstream.Stream) (err error) {
		newest, err = lastBelow(ctx, s, below, limit)
		return err
	})
	return newest, err
}

func lastBelow(ctx context.Context, s jetstream.Stream, below uint64, limit int) ([]Stored, error) {
	state := s.CachedInfo().State
	end := state.LastSeq + 1
	if below > 0 {
		end = min(end, below)
	}
	if limit <= 0 || state.Msgs == 0 || end <= state.FirstSeq {
		return nil, nil
	}
	for {
		first, err := startOfLast(ctx, s, nil, state.FirstSeq, end, limit)
		if err != nil {
			return nil, err
		}
		last, err := between(ctx, s, first, end)
		if err != nil {
			return nil, err
		}
		if len(last) >= limit || first == state.FirstSeq { // else more have come while it was looked for
			slices.Reverse(last)
			return last[:min(limit, len(last))], nil
		}
	}
}

// between returns the messages from a sequence on, and below end.
func between(ctx context.Context, s jetstream.Stream, first, end uint64) ([]Stored, error) {
	var all []Stored
	for at := first; at < end; at++ {
		m, err := get(ctx, s, at, jetstream.WithGetMsgSubject(">")) // the first from there on
		if errors.Is(err, ErrNoMessage) || err == nil && m.Sequence >= end {
			break
		}
		if err != nil {
			return nil, err
		}
		all, at = append(all, m), m.Sequence
	}
	return all, nil
}

// Remove takes one message out of a stream, and overwrites its bytes on the disk. It fails with ErrNoMessage where it is gone already.
func (b *Bus) Remove(ctx context.Context, stream string, sequence uint64) error {
	return b.pick(ctx, stream, "remove a message", func(ctx context.Context, s jetstream.Stream) error {
		if err := b.room(); err != nil {
			return err
		}
		err := s.SecureDeleteMsg(ctx, sequence)
		if err == nil {
			return nil
		}
		if _, gone := get(ctx, s, sequence); errors.Is(gone, ErrNoMessage) {
			return ErrNoMessage
		}
		return err
	})
}

// pick has do asked of a stream. Its errors are ErrNoMessage, a fault that people must mend, or ErrUnavailable.
func (b *Bus) pick(ctx context.Context, stream, doing string, do func(context.Context, jetstream.Stream) error) error {
	c, err := b.use()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pickTimeout)
	defer cancel()
	s, err := c.js.Stream(ctx, stream)
	if err == nil {
		err = do(ctx, s)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNoMessage), errors.Is(err, ErrFull):
	case c.denied.Load() != nil && errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("%w: %w (%w)", ErrUnavailable, err, *c.denied.Load())
	default:
		err = fmt.Errorf("%w: %w", ErrUnavailable, answer(c.nc, err))
	}
	return fmt.Errorf("%s of stream %s: %w", doing, stream, err)
}
