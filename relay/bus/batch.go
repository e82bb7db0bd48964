package bus

import (
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

// batch is an atomic batch on its way: all of it is stored, or nothing.
type batch struct {
	answer chan reply
	// from is the first sequence that it can have.
	from uint64
}

func (b *batch) hear(l *line, a reply) (last bool) {
	l.note(a.ack)
	b.answer <- a
	return true
}

// sendTogether sends what it can of a group as one batch, and the rest one by one. So is all of a batch that the server refuses: one of
// it may be known already, or be too large, and that must not be the fate of the others.
func (l *line) sendTogether(group []*flight) {
	b := &batch{answer: make(chan reply, 1), from: l.reached(group[0].m.Stream) + 1}
	s, token := l.writeBatch(b, group)
	l.sendEach(s.rest)
	if token != 0 {
		s.members = l.settleBatch(b, s.members)
		l.heard(token)
	}
	l.sendEach(s.members)
	l.sendEach(s.again)
}

// settleBatch waits for the answer to a batch, settles its members if it is stored, and returns them otherwise.
func (l *line) settleBatch(b *batch, members []*flight) []*flight {
	a, heard := l.watch(members, b.answer)
	switch {
	case heard && a.err == nil && a.batch == len(members):
		l.settleRun(members, a)
		return nil
	case !heard || !answered(a.err): // it may be stored
		resent(members, b.from)
	}
	return members
}

// resent tells flights that may have been stored with a group which sequences they can have then.
func resent(fs []*flight, from uint64) {
	for _, f := range fs {
		f.from = from
	}
}

// parts are the parts of a group: those that can be sent together, those that cannot, and those whose ids come again, which follow the
// first of their kind. The order of those that are equal in key is kept by their senders, who wait for one before they send the next.
type parts struct{ members, rest, again []*flight }

// split finds those flights of a group that can be sent together: of one stream, each id once, not too large. What has no id could be
// stored twice, as one of a group and alone. The caller has locked sending, and sends all members now.
func (l *line) split(group []*flight) (s parts) {
	ids, room := make(map[string]bool, len(group)), l.room()
	for _, f := range group {
		size := f.m.Size()
		switch {
		case f.m.Stream != group[0].m.Stream, f.m.ID == "", size > room:
			s.rest = append(s.rest, f)
		case ids[f.m.ID]:
			s.again = append(s.again, f)
		case f.leaves():
			ids[f.m.ID] = true
			room -= size
			s.members = append(s.members, f)
		}
	}
	return s
}

// writeBatch writes what it can of a group as a batch, whose last message is acknowledged for all on the token; 0 if it is none.
func (l *line) writeBatch(b *batch, group []*flight) (s parts, token uint64) {
	l.sending.Lock()
	defer l.sending.Unlock()
	if s = l.split(group); len(s.members) < batchMin {
		return s, 0
	}
	ms := make([]*Message, len(s.members))
	for i, f := range s.members {
		ms[i] = &f.m
	}
	token, err := l.writeMembers(b, ms)
	if err != nil {
		return s, 0
	}
	for _, f := range s.members {
		f.written.Store(true)
	}
	return s, token
}

// writeMembers writes the messages of a batch. The caller has locked sending.
func (l *line) writeMembers(b *batch, ms []*Message) (token uint64, err error) {
	id := nuid.Next()
	for i, one := range ms {
		m := one.natsMsg()
		m.Header[headerBatch], m.Header[headerPlace] = []string{id}, []string{strconv.Itoa(i + 1)}
		if i == len(ms)-1 {
			token = l.expect(b)
			m.Header[headerComplete], m.Reply = []string{"1"}, l.replyTo(token)
		}
		if err := l.c.nc.PublishMsg(m); err != nil {
			l.heard(token)
			return 0, err
		}
	}
	return token, nil
}

// room is how large messages that are sent together may be, in bytes.
func (l *line) room() int64 { return min(groupBytes, l.c.nc.MaxPayload()) }

// settleRun settles messages that are stored one behind the other. The answer has the sequence of the last.
func (l *line) settleRun(members []*flight, a reply) {
	l.answered.Add(int64(len(members)))
	for i, f := range members {
		one := a
		one.ack.Sequence -= uint64(len(members) - 1 - i)
		l.settle(f, one)
	}
}
