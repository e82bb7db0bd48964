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
	// flushTimeout is the time for the bus to take some of what is waiting, and to come back.
	flushTimeout = 15 * time.Second
	// sendTimeout is the time for one try: where it is too short, the next one is for fewer.
	sendTimeout = 2 * time.Second
	resendWait  = 250 * time.Millisecond
)

// flush sends what is waiting. What the bus has not answered is sent again with the same id, which the stream recognises. It fails
// where the bus does not come back; the rest has failed then. What is waiting is not left half sent when the run is interrupted, if that
// does not take long.
func (r *run) flush(ctx context.Context) error {
	if r.Progress != nil {
		defer func() { r.Progress(r.report) }()
	}
	for ends := time.Now().Add(flushTimeout); len(r.waiting) > 0; {
		left := len(r.waiting)
		sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
		err := r.send(sending)
		cancel()
		if len(r.waiting) < left && ctx.Err() == nil {
			ends = time.Now().Add(flushTimeout)
		}
		switch {
		case len(r.waiting) == 0:
		case errors.Is(err, bus.ErrFull), !time.Now().Before(ends):
			for range r.waiting {
				add(r.report.Failed, kind(err))
			}
			r.waiting = nil
			return fmt.Errorf("publish replays: %w", cmp.Or(err, ctx.Err()))
		case err != nil:
			time.Sleep(resendWait)
		}
	}
	r.bytes = 0
	return nil
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
