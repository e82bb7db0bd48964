package outbox

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// Status says what an outbox holds.
type Status struct {
	// Waiting entries will be forwarded; Oldest is when the first of them was accepted, zero if there is none.
	Waiting uint64
	Oldest  time.Time
	// Bytes are what the entries take on disk, those included that were forwarded and are not removed yet, and MaxBytes what they may.
	Bytes, MaxBytes int64
	// Parked entries are those that the bus has refused for good.
	Parked uint64
	// Why is the last reason why what waits was not taken; empty if there is none.
	Why string
}

// Status returns what the outbox holds.
func (b *Outbox) Status(ctx context.Context) (Status, error) {
	waiting, err := b.store.State(ctx, waitingStream)
	if err != nil {
		return Status{}, err
	}
	parked, err := b.store.State(ctx, parkedStream)
	if err != nil {
		return Status{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Status{
		Waiting: waiting.Messages - min(waiting.Messages, uint64(b.forwarded)), Parked: parked.Messages,
		Bytes: waiting.Bytes, MaxBytes: waiting.MaxBytes,
	}
	if s.Waiting > 0 {
		s.Oldest = waiting.Oldest
		if b.blocked != nil {
			s.Why = b.blocked.Error()
		}
	}
	return s, nil
}

// Silent returns for how long the store has not answered; 0 if it does. See bus.Bus.
func (b *Outbox) Silent(ctx context.Context) time.Duration { return b.store.Silent(ctx) }

// progressEvery is how often the log says how far forwarding is.
const progressEvery = 5 * time.Second

// progress tells in the log how forwarding goes, from the first entry that had to wait to the last.
type progress struct {
	log   *zap.Logger
	began time.Time
	said  time.Time
	count int
}

// forwarded counts entries that the bus has taken.
func (p *progress) forwarded(n int, last bool) {
	now := time.Now()
	if p.count == 0 {
		p.began, p.said = now, now
	}
	p.count += n
	switch {
	case last:
		p.log.Info("outbox is empty: everything is on the bus", zap.Int("forwarded", p.count), zap.Duration("in", now.Sub(p.began)))
		p.count = 0
	case now.Sub(p.said) >= progressEvery:
		p.said = now
		p.log.Info("outbox is being forwarded", zap.Int("forwarded", p.count))
	}
}
