package bus

import (
	"context"
	"fmt"
	"time"
)

// Extent is how much there is to read.
type Extent struct {
	Messages uint64
	// First and Last are when the first and the last of them were stored.
	First, Last time.Time
}

// Measure says how much Read would give without following what comes. It fails like Read.
func Measure(ctx context.Context, o ReadOptions) (Extent, error) {
	o.Follow = false
	var e Extent
	if err := Read(ctx, o, func(m Stored) error { e.First = m.Time; return ErrStop }); err != nil || e.First.IsZero() {
		return Extent{}, err
	}
	r, err := open(ctx, o)
	if err == nil {
		defer r.nc.Close()
		e.Last, e.Messages, err = r.rest(ctx)
	}
	if err != nil {
		return Extent{}, fmt.Errorf("measure stream %s: %w", o.Stream, err)
	}
	return e, nil
}

// rest is how many messages there are from where the reader begins, and when the stream's last was stored.
func (r *reader) rest(ctx context.Context) (last time.Time, messages uint64, err error) {
	s, err := r.js.Stream(ctx, r.Stream)
	if err != nil {
		return time.Time{}, 0, err
	}
	c, err := s.OrderedConsumer(ctx, r.next)
	if err != nil {
		return time.Time{}, 0, err
	}
	return s.CachedInfo().State.LastTime, c.CachedInfo().NumPending, nil
}
