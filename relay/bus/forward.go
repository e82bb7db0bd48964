package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Outcome is what became of one message of Forward.
type Outcome struct {
	Ack Ack
	Err error
	// Answered says that the server has answered, so that an error means that the message is not stored.
	Answered bool
}

// Forward stores messages that are in custody already, in their order, and waits for all acknowledgements until ctx ends. Unlike
// Publish it sends one before the answer to the one before it has come, and what it has sent may still be stored when it has
// returned without an answer.
func (b *Bus) Forward(ctx context.Context, ms []Message) []Outcome {
	outcomes := make([]Outcome, len(ms))
	c, err := b.use()
	if err == nil {
		err = b.room()
	}
	if err != nil {
		for i := range outcomes {
			outcomes[i] = Outcome{Err: err, Answered: true}
		}
		return outcomes
	}
	release := c.guard(ctx)
	defer release()
	sent := make([]jetstream.PubAckFuture, len(ms))
	for i, m := range ms {
		if !publishable(m.Subject) {
			outcomes[i] = Outcome{Err: fmt.Errorf("%w: %.80q is no subject for a message", ErrRefused, m.Subject), Answered: true}
			continue
		}
		sent[i], err = c.js.PublishMsgAsync(m.natsMsg(), jetstream.WithMsgID(m.ID), jetstream.WithExpectStream(m.Stream),
			jetstream.WithRetryAttempts(0))
		if err != nil {
			_, outcomes[i].Err = b.outcome(c, m, nil, err)
			outcomes[i].Answered = answered(err)
		}
	}
	silent := false
	for i, m := range ms {
		if sent[i] != nil {
			ack, err := c.acknowledged(ctx, sent[i])
			outcomes[i].Ack, outcomes[i].Err = b.outcome(c, m, ack, err)
			outcomes[i].Answered = err == nil || answered(err)
			silent = silent || !outcomes[i].Answered
		}
	}
	if silent {
		c.drop() // nats.go would wait for the answers for ever, and take no more than so many to wait for
	}
	return outcomes
}

// acknowledged waits for one answer.
func (c *connection) acknowledged(ctx context.Context, sent jetstream.PubAckFuture) (*jetstream.PubAck, error) {
	select {
	case ack := <-sent.Ok():
		return ack, nil
	case err := <-sent.Err():
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.ctx.Done():
		return nil, errors.Join(nats.ErrConnectionClosed, context.Cause(c.ctx))
	}
}
