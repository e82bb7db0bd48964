package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/meetbus/meetbus/relay/bus"
)

const (
	// batchMax is how many messages may be on their way to the bus at once.
	batchMax = bus.ForwardMax
	// ahead is how many entries are read while others are on their way.
	ahead = 256
	// answerTimeout is how long the bus has for a batch.
	answerTimeout = 5 * time.Second
	// again is how long to wait before a batch, or what is left of it, is sent again.
	again = 250 * time.Millisecond
	// lookback is how long before its acceptance a message may have been stored, by clocks that differ.
	lookback = time.Minute
	// lookTimeout bounds looking for a batch among what the bus has stored since.
	lookTimeout = time.Minute
)

// read hands over the entries, oldest first, and then what comes.
func (b *Outbox) read(ctx context.Context) {
	next := bus.Start{All: true}
	for ctx.Err() == nil {
		err := bus.Read(ctx, bus.ReadOptions{
			Server: b.server.Private(), Stream: waitingStream, Subjects: []string{waitingStream}, Start: next, Follow: true, Log: b.log,
		}, func(m bus.Stored) error {
			select {
			case b.entries <- open(m):
				next = bus.Start{Sequence: m.Sequence + 1}
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if ctx.Err() == nil {
			b.log.Error("outbox cannot be read", zap.Error(err))
			pause(ctx, again)
		}
	}
}

// forward brings the entries to the bus.
func (b *Outbox) forward(ctx context.Context) {
	// What was there from before may have been sent, as far as two batches go: the store is purged that often.
	suspects := 2 * batchMax
	p := &progress{log: b.log}
	for ctx.Err() == nil {
		batch := b.batch(ctx)
		for i := range batch {
			if suspects > 0 && batch[i].sequence <= b.resumed {
				batch[i].suspect = true
				suspects--
			}
		}
		if len(batch) > 0 && b.deliver(ctx, batch) {
			p.forwarded(len(batch), b.empty())
		}
	}
}

// batch waits for an entry, and returns it with those that are there by then, in their order; none when ctx ends.
func (b *Outbox) batch(ctx context.Context) (batch []entry) {
	select {
	case e := <-b.entries:
		batch = append(batch, e)
	case <-ctx.Done():
		return nil
	}
	for size := batch[0].message.Size(); len(batch) < batchMax && size < bus.ForwardBytes; {
		select {
		case e := <-b.entries:
			batch = append(batch, e)
			size += e.message.Size()
		default:
			return batch
		}
	}
	return batch
}

// deliver returns when the bus has the whole batch, or false when ctx ends.
func (b *Outbox) deliver(ctx context.Context, batch []entry) bool {
	last, n := batch[len(batch)-1].sequence, len(batch)
	for {
		rest, err := b.attempt(ctx, batch)
		b.block(err)
		if len(rest) == 0 {
			break
		}
		if batch = rest; err != nil && !pause(ctx, again) {
			return false
		}
	}
	b.finish(ctx, last, n)
	return true
}

// attempt sends a batch once, or the first of it, and returns what the bus does not have, with the reason of the first that it has not
// taken.
func (b *Outbox) attempt(ctx context.Context, batch []entry) (rest []entry, err error) {
	batch, err = b.unknown(ctx, batch)
	if err != nil || len(batch) == 0 {
		return batch, err
	}
	messages := make([]bus.Message, len(batch))
	for i, e := range batch {
		messages[i] = e.message
	}
	sending, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	outcomes := b.o.Bus.Forward(sending, messages)
	for i, o := range outcomes {
		e := batch[i]
		switch {
		case o.Err == nil:
			b.tracer.forwarded(ctx, e)
			continue
		case errors.Is(o.Err, bus.ErrTooLarge), errors.Is(o.Err, bus.ErrRefused):
			if o.Err = b.park(ctx, e, o.Err); o.Err == nil {
				continue
			}
		}
		e.sent = e.sent || !o.Answered
		rest = append(rest, e)
		if err == nil {
			err = o.Err
		}
	}
	return append(rest, batch[len(outcomes):]...), err
}

// unknown leaves out the entries that the bus has, where it does not remember by itself: those that may have been sent longer ago
// than its window.
func (b *Outbox) unknown(ctx context.Context, batch []entry) ([]entry, error) {
	streams := map[string][]entry{}
	for _, e := range batch {
		if (e.sent || e.suspect) && time.Since(e.accepted) > b.o.Bus.Window(e.message.Stream)-lookback {
			streams[e.message.Stream] = append(streams[e.message.Stream], e)
		}
	}
	known := map[string]bool{}
	for stream, old := range streams {
		held, err := b.look(ctx, stream, old)
		if err != nil {
			return batch, err
		}
		for id := range held {
			known[stream+"/"+id] = true
		}
	}
	var rest []entry
	for _, e := range batch {
		if !known[e.message.Stream+"/"+e.message.ID] {
			rest = append(rest, e)
		}
	}
	return rest, nil
}

// look asks a stream of the bus for the ids of entries.
func (b *Outbox) look(ctx context.Context, stream string, old []entry) (map[string]bool, error) {
	ids, since := map[string]bool{}, old[0].accepted
	var subjects []string
	for _, e := range old {
		ids[e.message.ID] = true
		subjects = append(subjects, e.message.Subject)
		if e.accepted.Before(since) {
			since = e.accepted
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	return b.o.Bus.Held(ctx, stream, subjects, since.Add(-lookback), ids)
}

// park sets aside what the bus will never take, so that the rest goes on.
func (b *Outbox) park(ctx context.Context, e entry, why error) error {
	if _, err := b.store.Publish(ctx, e.parked(why)); err != nil {
		err = fmt.Errorf("park in the outbox: %w", err)
		if b.blocks(err) {
			b.log.Error("an event that the bus refuses for good cannot be set aside: all that waits in the outbox stays behind it",
				zap.String("subject", e.message.Subject), zap.NamedError("refused", why), zap.Error(err))
		}
		return err
	}
	b.log.Error("the bus refuses an event for good: it stays in the outbox, and the rest goes on",
		zap.String("subject", e.message.Subject), zap.Error(why))
	return nil
}

// finish notes that the bus has the entries up to a sequence, n more of them, or that they are parked. They are removed when there
// are many, or nothing else waits: each removal is a sync of the disk.
func (b *Outbox) finish(ctx context.Context, through uint64, n int) {
	b.mu.Lock()
	now := time.Now()
	b.gaps.learn(n, now.Sub(b.moved))
	b.done, b.moved = max(b.done, through), now
	b.forwarded += n
	due := b.forwarded >= batchMax || b.isEmpty()
	b.noticeEmpty()
	b.mu.Unlock()
	if !due {
		return
	}
	if err := b.store.Purge(ctx, waitingStream, through); err != nil {
		b.log.Warn("outbox cannot be purged; what was forwarded is sent again after a restart", zap.Error(err))
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forwarded = 0
}

func (b *Outbox) block(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.blocked = err; err != nil {
		b.endGap(b.gaps.now, false)
	}
}

// blocks says whether err is another reason than the one that already holds up what waits.
func (b *Outbox) blocks(err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.blocked == nil || b.blocked.Error() != err.Error()
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
