package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meetbus/meetbus/relay/bus"
)

const (
	// together is how many messages are sent before their acknowledgements are waited for.
	together = bus.ForwardMax
	// flushTimeout is the time for them, and for the bus to come back.
	flushTimeout = 8 * time.Second
	resendWait   = 250 * time.Millisecond
)

// flush sends what is waiting. What the bus has not answered is sent again with the same id, which the stream recognises. It fails
// where the bus does not come back; the rest has failed then.
func (r *run) flush(ctx context.Context) error {
	if r.Progress != nil {
		defer func() { r.Progress(r.report) }()
	}
	// A batch is not left half sent when the run is interrupted.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	for {
		err := r.send(ctx)
		if len(r.waiting) == 0 {
			return nil
		}
		if ctx.Err() != nil || errors.Is(err, bus.ErrFull) {
			for range r.waiting {
				add(r.report.Failed, kind(err))
			}
			r.waiting = nil
			return fmt.Errorf("publish replays: %w", cmp.Or(err, ctx.Err()))
		}
		if err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(resendWait):
		}
	}
}

// send sends what is waiting once, and leaves what is to be sent again.
func (r *run) send(ctx context.Context) (err error) {
	var again []bus.Message
	outcomes := r.Bus.Forward(ctx, r.waiting)
	for i, o := range outcomes {
		switch {
		case o.Err == nil:
			r.report.Published++
		case errors.Is(o.Err, bus.ErrTooLarge), errors.Is(o.Err, bus.ErrRefused):
			add(r.report.Failed, kind(o.Err))
		default:
			again, err = append(again, r.waiting[i]), o.Err
		}
	}
	r.waiting = append(again, r.waiting[len(outcomes):]...)
	return err
}

// kind is why a message was not taken, without what differs from one to the next.
func kind(err error) string {
	for _, kind := range []error{bus.ErrTooLarge, bus.ErrRefused, bus.ErrFull} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return bus.ErrUnavailable.Error()
}
