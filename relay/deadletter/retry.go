package deadletter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/meetbus/meetbus/relay/bus"
	"github.com/meetbus/meetbus/schemas"
)

// Outcome is what became of a letter that was tried again.
type Outcome struct {
	// Type of the event that it is now, and where that is stored. Duplicate says that it was there before; of one that was stored
	// long ago the sequence is not known, and 0.
	Type, Subject, Stream string
	Sequence              uint64
	Duplicate             bool
	// Still says why it is a dead letter still; empty if it is none any more. It may quote the body.
	Still string
}

// publishTimeout bounds the wait for an acknowledgement.
const publishTimeout = 10 * time.Second

// Retry has a letter become the event that it is today, and removes it once that is acknowledged. What still is no event, or has
// no place, stays and is no error: Outcome says why. It fails with ErrNotFound, or where the bus does; the letter is there then, and
// the next try finds out whether the event is stored already.
func (b *Box) Retry(ctx context.Context, sequence uint64) (Outcome, error) {
	return b.retry(ctx, sequence, search{})
}

// Today says what Retry would make of a letter now: the outcome has the type and the subject, or why it would be a dead letter still.
// Nothing is sent, and whether the bus would take it is not asked.
func (b *Box) Today(ctx context.Context, l Letter) (Outcome, error) {
	_, outcome, err := b.message(ctx, l)
	return outcome, err
}

// RetryAll is Retry for many, one after another, until ctx ends: what is old is looked for in the stream once, for all of them. It
// fails, before any is tried, where that does.
func (b *Box) RetryAll(ctx context.Context, sequences []uint64, each func(sequence uint64, o Outcome, err error)) error {
	s, err := b.search(ctx, sequences)
	if err != nil {
		return fmt.Errorf("retry dead letters: %w", err)
	}
	for _, sequence := range sequences {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		outcome, err := b.retry(ctx, sequence, s)
		each(sequence, outcome, err)
	}
	return nil
}

func (b *Box) retry(ctx context.Context, sequence uint64, before search) (Outcome, error) {
	l, err := b.Letter(ctx, sequence)
	if err != nil {
		return Outcome{}, err
	}
	m, outcome, err := b.message(ctx, l)
	if err == nil && outcome.Still == "" {
		outcome, err = b.store(ctx, l, m, outcome, before)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("retry dead letter %d: %w", sequence, err)
	}
	return outcome, nil
}

func (b *Box) store(ctx context.Context, l Letter, m bus.Message, o Outcome, before search) (Outcome, error) {
	known, err := b.known(ctx, l, before)
	if err != nil {
		return Outcome{}, err
	}
	if known {
		o.Stream, o.Duplicate = b.Stream, true
		return o, b.remove(ctx, l, o)
	}
	publishing, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	ack, err := b.Bus.Publish(publishing, m)
	switch {
	case errors.Is(err, bus.ErrTooLarge), errors.Is(err, bus.ErrRefused):
		return Outcome{Still: err.Error()}, nil
	case err != nil:
		return Outcome{}, err
	}
	o.Stream, o.Sequence, o.Duplicate = ack.Stream, ack.Sequence, ack.Duplicate
	return o, b.remove(ctx, l, o)
}

// message returns what a letter is today. The outcome has the type and the subject, or why it is no event.
func (b *Box) message(ctx context.Context, l Letter) (bus.Message, Outcome, error) {
	data := l.Data()
	if data.Reason == ReasonUnreadable {
		return bus.Message{}, Outcome{Still: "it is no dead letter that this version can read: " + data.Detail}, nil
	}
	e, belongs, err := b.Again(ctx, &l.Event, headerOf(data), data.Body)
	if err != nil {
		return bus.Message{}, Outcome{Still: err.Error()}, nil
	}
	if belongs.Drop {
		return bus.Message{}, Outcome{Still: fmt.Sprintf("subjects.rules[%d] drops it: change the rule, or discard it", belongs.Rule)}, nil
	}
	e.ID, e.Source = l.Event.ID, l.Event.Source
	header, written, err := b.Envelope.Seal(&e.Event)
	if err != nil {
		return bus.Message{}, Outcome{}, err
	}
	return bus.Message{
		Stream: b.Stream, Subject: belongs.Subject, ID: e.MessageID(), Key: e.PartitionKey, Header: header, Data: written,
	}, Outcome{Type: e.Type, Subject: belongs.Subject}, nil
}

func headerOf(data *schemas.DeadLetter) http.Header {
	h := make(http.Header, len(data.Headers))
	for name, values := range data.Headers {
		for _, value := range values {
			h.Add(name, value)
		}
	}
	return h
}

// remove takes away a letter whose event is stored. Somebody else may have done so.
func (b *Box) remove(ctx context.Context, l Letter, stored Outcome) error {
	err := b.Bus.Remove(ctx, b.Letters, l.Sequence)
	if err == nil || errors.Is(err, bus.ErrNoMessage) {
		return nil
	}
	return fmt.Errorf("the event is stored in %s, and the dead letter still there: %w", stored.Stream, err)
}
