package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// ForwardMax is how many messages can be forwarded at once, and ForwardBytes about how large those may be that are gathered for it.
	ForwardMax   = groupMax
	ForwardBytes = groupBytes
	// turnsMax is how long turns begin, before what is left is for the next call, and how long the last may take. Where there is less
	// time, none begins.
	turnsMax = 500 * time.Millisecond
	// codeBatchDuplicate says that a batch holds a message that the stream has (nats-server, errors.json).
	codeBatchDuplicate jetstream.ErrorCode = 10201
)

// reach is how many messages are tried as one batch: a quarter after a batch that was refused, but for a message that is known already,
// or not answered, as over a line too slow for it; and twice as many after what was taken.
type reach struct{ halved int }

func (r *reach) now() int { return groupMax >> r.halved }

func (r *reach) taken() { r.halved = max(r.halved-1, 0) }

func (r *reach) missed(n int) {
	for r.now() > n/4 {
		r.halved++
	}
}

// Outcome is what became of one message of Forward.
type Outcome struct {
	Ack Ack
	Err error
	// Answered says that the server has answered, so that an error means that the message is not stored, nor being stored.
	Answered bool
}

// pending says that a message is to be sent again: it is not stored, as far as is known, nor refused for good. Nothing of its key may
// overtake it.
func (o Outcome) pending() bool {
	return o.Err != nil && !errors.Is(o.Err, ErrTooLarge) && !errors.Is(o.Err, ErrRefused)
}

// Forward stores messages that are in custody already, in their order, and waits for all acknowledgements until ctx ends. Unlike
// Publish it sends one before the answer to the one before it has come, and what it has sent may still be stored when it has
// returned without an answer. There is an outcome for each of the first messages, and for one at least if there are any; what is behind
// them is not stored. Of those with the same Key none overtakes another: they are stored as one batch, or wait for one another. It is
// called by one goroutine at a time.
func (b *Bus) Forward(ctx context.Context, ms []Message) []Outcome {
	c, err := b.use()
	if err == nil {
		err = b.room()
	}
	if err != nil || len(ms) == 0 {
		return slices.Repeat([]Outcome{{Err: err, Answered: true}}, len(ms))
	}
	ms = ms[:min(len(ms), ForwardMax)]
	if n := c.line.whole(ms[:min(len(ms), b.reach.now())]); n >= batchMin {
		outcomes, refusal := b.forwardTogether(ctx, c, ms[:n])
		switch {
		case refusal != nil:
			if !knownAlready(refusal) {
				b.reach.missed(b.reach.now())
			}
			return b.forwardInTurn(ctx, c, ms[:n])
		case outcomes[0].Err == nil:
			b.reach.taken()
		default: // not answered, or late
			b.reach.missed(n)
		}
		return outcomes
	}
	outcomes := b.forwardInTurn(ctx, c, ms[:b.alone(c, ms)])
	if !slices.ContainsFunc(outcomes, Outcome.pending) {
		b.reach.taken()
	}
	return outcomes
}

// knownAlready says whether a batch was refused since the stream has one of its messages, as after an outage in which some were sent and
// not answered.
func knownAlready(refusal error) bool {
	var api *jetstream.APIError
	return errors.As(refusal, &api) && api.ErrorCode == codeBatchDuplicate
}

// forwardTogether stores messages as one batch. There are no outcomes if the server has refused that, and there is time for another way.
func (b *Bus) forwardTogether(ctx context.Context, c *connection, ms []Message) (outcomes []Outcome, refusal error) {
	a, err := c.line.publishTogether(ctx, ms)
	if err == nil && a.err != nil {
		if hasTurn(ctx) {
			return nil, a.err
		}
		if _, err = b.outcome(c, &ms[0], a.ack, a.err); !errors.Is(err, ErrFull) { // whose fault it is is not known
			err = fmt.Errorf("%w: a batch was refused: %v", ErrUnavailable, a.err)
		}
		return []Outcome{{Err: err, Answered: true}}, nil
	}
	if err != nil {
		c.drop()
	}
	for i := range ms {
		one := a.ack
		one.Sequence -= uint64(len(ms) - 1 - i)
		ack, err := b.outcome(c, &ms[i], one, err)
		outcomes = append(outcomes, Outcome{Ack: ack, Err: err, Answered: err == nil})
	}
	return outcomes, nil
}

// whole is how many of the first messages can be stored as one batch; 0 if the stream takes none.
func (l *line) whole(ms []Message) int {
	if len(ms) == 0 || !l.takes(ms[0].Stream).atomic {
		return 0
	}
	ids, room := make(map[string]bool, len(ms)), l.room()
	for i := range ms {
		m := &ms[i]
		if room -= m.Size(); room < 0 || m.Stream != ms[0].Stream || m.ID == "" || ids[m.ID] || !publishable(m.Subject) {
			return i
		}
		ids[m.ID] = true
	}
	return len(ms)
}

// publishTogether stores messages as one batch. An error means that there is no answer, or none that says it: they may be stored, even
// some of them, as where an account is full. One in the reply means that none is.
func (l *line) publishTogether(ctx context.Context, ms []Message) (reply, error) {
	members := make([]*Message, len(ms))
	for i := range ms {
		members[i] = &ms[i]
	}
	b := &batch{answer: make(chan reply, 1)}
	token, err := l.sendMembers(ctx, b, members)
	if err != nil {
		return reply{err: err}, nil
	}
	defer l.heard(token)
	select {
	case a := <-b.answer:
		switch {
		case a.err != nil && !answered(a.err):
			return reply{}, a.err
		case a.err == nil && a.batch != len(ms):
			return reply{}, fmt.Errorf("a batch of %d messages is acknowledged as one of %d", len(ms), a.batch)
		}
		return a, nil
	case <-ctx.Done():
		return reply{}, ctx.Err()
	case <-l.c.ctx.Done():
		return reply{}, errors.Join(nats.ErrConnectionClosed, context.Cause(l.c.ctx))
	}
}

// sendMembers writes the messages of a batch as soon as nothing else is written.
func (l *line) sendMembers(ctx context.Context, b *batch, ms []*Message) (token uint64, err error) {
	defer l.guard(ctx, ms[0])()
	l.sending.Lock()
	defer l.sending.Unlock()
	return l.writeMembers(b, ms)
}

// forwardInTurn stores messages each for itself, those of the same key one after the other. It stops where one is neither stored nor
// refused for good, and where it has taken long.
func (b *Bus) forwardInTurn(ctx context.Context, c *connection, ms []Message) (outcomes []Outcome) {
	for began := time.Now(); len(outcomes) == 0 || len(outcomes) < len(ms) && time.Since(began) < turnsMax && hasTurn(ctx); {
		some := b.forwardApart(ctx, c, unlike(ms[len(outcomes):]))
		outcomes = append(outcomes, some...)
		if slices.ContainsFunc(some, Outcome.pending) {
			break
		}
	}
	return outcomes
}

// hasTurn says whether there is time for a turn.
func hasTurn(ctx context.Context) bool {
	ends, has := ctx.Deadline()
	return !has || time.Until(ends) >= turnsMax
}

// alone is how many messages there are before those that can be tried as a batch; as few as are tried at once, if that is no batch.
func (b *Bus) alone(c *connection, ms []Message) int {
	if b.reach.now() < batchMin {
		return min(len(ms), batchMin)
	}
	for i := 1; i < len(ms); i++ {
		if rest := ms[i:]; c.line.whole(rest[:min(len(rest), batchMin)]) == batchMin {
			return i
		}
	}
	return len(ms)
}

// unlike are the first of some messages, as far as no key comes twice.
func unlike(ms []Message) []Message {
	keys := make(map[string]bool, len(ms))
	for i, m := range ms {
		if m.Key != "" && keys[m.Key] {
			return ms[:i]
		}
		keys[m.Key] = true
	}
	return ms
}

// forwardApart sends messages at once, each of which is stored for itself.
func (b *Bus) forwardApart(ctx context.Context, c *connection, ms []Message) []Outcome {
	outcomes, flights := make([]Outcome, len(ms)), make([]*flight, len(ms))
	var sent []*flight
	for i := range ms {
		if !publishable(ms[i].Subject) {
			outcomes[i] = Outcome{Err: refusedSubject(ms[i].Subject), Answered: true}
			continue
		}
		flights[i] = newFlight(&ms[i])
		sent = append(sent, flights[i])
	}
	c.line.hand(sent...)
	silent := false
	for i, f := range flights {
		if f == nil {
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
