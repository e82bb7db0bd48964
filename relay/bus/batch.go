package bus

import (
	"errors"
	"strconv"

	"github.com/nats-io/nuid"
)

const (
	// groupMax is how many messages are sent together at most: half of what a server takes in an atomic batch. groupBytes is about
	// how large they may be.
	groupMax   = 500
	groupBytes = 4 << 20
	// batchMin is the smallest batch: a server takes about as long for one of any size as for so many messages.
	batchMin = 4
)

// Headers of an atomic batch (NATS ADR-50).
const (
	headerBatch    = "Nats-Batch-Id"
	headerPlace    = "Nats-Batch-Sequence"
	headerComplete = "Nats-Batch-Commit"
)

// errIncomplete comes for a batch of which the server has not acknowledged all.
var errIncomplete = errors.New("batch was not acknowledged whole")

// batch is an atomic batch on its way: all of it is stored, or nothing.
type batch struct{ answer chan reply }

func (b *batch) hear(_ *line, a reply) (last bool) {
	b.answer <- a
	return true
}

// sendTogether sends what it can of a group as one batch, and the rest one by one. So is all of a batch that the server refuses: one of
// it may be known already, or be too large, and that must not be the fate of the others.
func (l *line) sendTogether(group []*flight) {
	members, rest := l.split(group)
	if len(members) < batchMin {
		l.sendEach(group)
		return
	}
	b := &batch{answer: make(chan reply, 1)}
	token, err := l.sendBatch(b, members)
	l.sendEach(rest)
	if err == nil {
		l.watch(members, func(ends <-chan struct{}) bool {
			select {
			case a := <-b.answer:
				err = l.settleAll(members, a)
				return true
			case <-ends:
				return false
			}
		})
	}
	l.heard(token)
	if err != nil {
		l.sendEach(members)
	}
}

// split finds those flights of a group that can be one batch: of one stream, each id once, not too large. The order of those that
// are equal in key is kept by their senders, who wait for one before they send the next.
func (l *line) split(group []*flight) (members, rest []*flight) {
	ids, room := make(map[string]bool, len(group)), min(groupBytes, l.c.nc.MaxPayload())
	for _, f := range group {
		size := f.m.Size()
		switch {
		case f.over.Load():
		case f.m.Stream != group[0].m.Stream, ids[f.m.ID], size > room:
			rest = append(rest, f)
		default:
			ids[f.m.ID] = true
			room -= size
			members = append(members, f)
		}
	}
	return members, rest
}

// sendBatch sends a batch, whose last message is acknowledged for all.
func (l *line) sendBatch(b *batch, members []*flight) (token uint64, err error) {
	l.sending.Lock()
	defer l.sending.Unlock()
	id := nuid.Next()
	for i, f := range members {
		f.sent = true
		m := f.m.natsMsg()
		m.Header[headerBatch], m.Header[headerPlace] = []string{id}, []string{strconv.Itoa(i + 1)}
		if i == len(members)-1 {
			token = l.expect(b)
			m.Header[headerComplete], m.Reply = []string{"1"}, l.replyTo(token)
		}
		if err := l.c.nc.PublishMsg(m); err != nil {
			return token, err
		}
	}
	return token, nil
}

// settleAll settles a batch: the sequences of one are without a gap.
func (l *line) settleAll(members []*flight, a reply) error {
	if a.err == nil && a.batch != len(members) {
		a.err = errIncomplete
	}
	if a.err != nil {
		return a.err
	}
	l.settleRun(members, a)
	return nil
}

// settleRun settles messages that are stored one behind the other. The answer has the sequence of the last.
func (l *line) settleRun(members []*flight, a reply) {
	l.answered.Add(int64(len(members)))
	for i, f := range members {
		one := a
		one.ack.Sequence -= uint64(len(members) - 1 - i)
		l.settle(f, one)
	}
}
