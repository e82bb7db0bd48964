package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meetbus/meetbus/normalize"
	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/schemas"
)

// errUnintelligible comes for a webhook that cannot become an event, where nothing says that it is authentic.
var errUnintelligible = errors.New("body is not a webhook of this provider")

// publish stores the event where a rule, ruled, wants it, and returns its receipt. What the stream refuses for good becomes a dead
// letter.
func (r *Relay) publish(ctx context.Context, w *normalize.Webhook, e *normalize.Event, subject, ruled string) (*receipt, error) {
	stored, err := r.store(ctx, w, r.stream, subject, &e.Event)
	switch {
	case errors.Is(err, bus.ErrTooLarge), errors.Is(err, bus.ErrRefused):
		if !w.Verified {
			return named(e), fmt.Errorf("%w: %w", errUnintelligible, err)
		}
		return r.setAside(ctx, w, e, err)
	case err != nil:
		return named(e), err
	}
	stored.mapped = e.Mapped
	stored.identified = e.Identified
	stored.ruled = ruled
	return stored, nil
}

// setAside keeps what is authentic and cannot become an event, or could not be stored as e, with its bytes.
func (r *Relay) setAside(ctx context.Context, w *normalize.Webhook, e *normalize.Event, why error) (*receipt, error) {
	id, known := "", &receipt{provider: w.Provider.Name, meeting: w.Provider.MeetingIn(w.Body)}
	if e != nil {
		id, known = e.ID, named(e)
	}
	reason := reason(why)
	letter := normalize.DeadLetter(w, id, reason, why.Error())
	stored, err := r.store(ctx, w, r.deadLetters, r.rules.Load().DeadLetter(letter.Provider), &letter.Event)
	if err != nil {
		return known, fmt.Errorf("store dead letter (%s): %w", reason, err)
	}
	stored.reason, stored.meeting = reason, known.meeting
	return stored, nil
}

// store returns when what w has become is stored, or in time for the answer to be out by the deadline.
func (r *Relay) store(ctx context.Context, w *normalize.Webhook, stream, subject string, e *schemas.Event) (_ *receipt, err error) {
	ctx, done := r.step(ctx, "publish")
	defer func() { done(err) }()
	r.carry(ctx, e, subject)
	header, data, err := r.envelope.Seal(e)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	ack, err := r.bus.Publish(ctx, bus.Message{
		Stream: stream, Subject: subject, ID: e.MessageID(), Key: e.PartitionKey, Header: header, Data: data,
		By: w.Received.Add(inTime(r.deadline)),
	})
	r.metrics.publish.Observe(time.Since(began).Seconds())
	if err != nil {
		return nil, err
	}
	r.taken.Store(true)
	return &receipt{
		id: e.ID, kind: e.Type, provider: e.Provider, event: e.ProviderType, meeting: e.MeetingID, subject: subject,
		stream: ack.Stream, sequence: ack.Sequence, duplicate: ack.Duplicate, queued: ack.Queued,
	}, nil
}
