package bus

import (
	"context"
	"slices"
)

// Outcome is what became of one message of Forward.
type Outcome struct {
	Ack Ack
	Err error
	// Answered says that the server has answered, so that an error means that the message is not stored, nor being stored.
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
	flights := make([]*flight, 0, len(ms))
	for i, m := range ms {
		flights = append(flights, newFlight(&m))
		if !publishable(m.Subject) {
			flights[i].over.Store(true)
			outcomes[i] = Outcome{Err: refusedSubject(m.Subject), Answered: true}
		}
	}
	sent := slices.DeleteFunc(slices.Clone(flights), func(f *flight) bool { return f.over.Load() })
	c.line.hand(sent...)
	silent := false
	for i, f := range flights {
		if outcomes[i].Err != nil {
			continue
		}
		a, err := c.line.await(ctx, f)
		if err == nil {
			err = a.err
		}
		outcomes[i].Ack, outcomes[i].Err = b.outcome(c, &f.m, a.ack, err)
		said := err == nil || answered(err)
		outcomes[i].Answered = said && !inProcess(err)
		silent = silent || !said
	}
	if silent {
		c.drop() // nobody waits for its answers any more, and what it holds shall not come late
	}
	return outcomes
}
