package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/meetbus/meetbus/schemas"
)

// attempt does one event, and says every so often that it is still at it. An event that fails comes again, later each time.
func attempt(ctx context.Context, m jetstream.Msg, every time.Duration, do func(context.Context, schemas.Event) error) error {
	e, err := schemas.Decode(m.Headers(), m.Data())
	if err != nil {
		return errors.Join(fmt.Errorf("read a message on %s: %w", m.Subject(), err), m.TermWithReason("cannot be read"))
	}
	working, done := context.WithCancel(context.Background())
	var sign sync.WaitGroup
	sign.Go(func() {
		for tick := time.Tick(every); ; {
			select {
			case <-working.Done():
				return
			case <-tick:
				_ = m.InProgress()
			}
		}
	})
	err = do(ctx, e)
	done()
	sign.Wait()
	if err != nil {
		return errors.Join(fmt.Errorf("event %s of %s: %w", e.ID, e.Source, err), m.NakWithDelay(pause(m)))
	}
	return m.Ack()
}

// pause is a second after the first failure and twice as long after each, a minute at most.
func pause(m jetstream.Msg) time.Duration {
	about, err := m.Metadata()
	if err != nil || about.NumDelivered > 6 {
		return time.Minute
	}
	return time.Second << (about.NumDelivered - 1)
}
